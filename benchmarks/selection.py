"""Selection on source dev, old rule against new, on real text: each penalty, what ties decide, what the last bits move.

It reads MELD and EmotionTalk from the folder that EMOTRANSFER_CORPORA names, in four classes, trains the text recipes
both ways, and repeats all with features whose values are moved by 1e-6 (twice) and 1e-3 (three times) of their own
size. About ten minutes, most of
them for the embeddings of e5, which are kept in the folder that EMOTRANSFER_SELECTION_STUDY names, if it names one.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._study import project_params
from harness.core.plugins import find
from harness.study import splits
from harness.study.labels import EMOTION4
from harness.study.recipes import view_of
from harness.study.selected_settings import BEST, ONE_STANDARD_ERROR
from harness.training import corpus_features as features
from harness.training import matrix_row, replicates, selection
from harness.training.feature_rows import FeatureRows

CORPORA = {"emotiontalk": "EmotionTalk", "meld": "MELD"}
DENSE, SPARSE = (0.00001, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.1), (0.03, 0.1, 0.3, 1.0, 3.0)
RECIPES = {"text_e5": DENSE, "text_e5_own": DENSE, "text_e5_tstd": DENSE, "text_ngrams_zh": SPARSE}
MOVED = (None, 1e-6, 1e-6, 1e-3, 1e-3, 1e-3)  # of its own size, by which a value is moved in each run


Move = tuple[float | None, int]


def run() -> Iterator[str]:
    given = os.environ.get("EMOTRANSFER_CORPORA")
    if not given:
        yield "skipped: EMOTRANSFER_CORPORA names no folder of real annotations"
        return
    kept = os.environ.get("EMOTRANSFER_SELECTION_STUDY")
    with tempfile.TemporaryDirectory() as new:
        folder, here = Path(kept or new), Path.cwd()
        folder.mkdir(parents=True, exist_ok=True)
        os.chdir(folder)
        try:
            params = _prepared(Path(given))
            yield from _compared(params)
        finally:
            os.chdir(here)


def _prepared(corpora: Path) -> dict[str, Any]:
    """Make utterances, labels and features of both corpora."""
    params = {**project_params(), "corpora": {name: {} for name in CORPORA}}
    params["recipes"]["text_e5_tstd_own"] = {**params["recipes"]["text_e5_tstd"], "view": "text"}
    params["recipes"] = {
        name: {**row, "settings": params["settings"][row["settings"]]}
        for name, row in params["recipes"].items()
        if isinstance(row["settings"], str)
    }
    for name, of in CORPORA.items():
        find("verb", "link").run(params, name, str(corpora / of))
        find("stage", "prepare").run(params, name)
    for name in ("e5", "ngrams"):
        find("stage", "features").run(params, name)
    return params


def _compared(params: dict[str, Any]) -> Iterator[str]:
    lines: dict[tuple[str, str], list[Any]] = {}
    for recipe, penalties in RECIPES.items():
        for source in CORPORA:
            if view_of(params["recipes"][recipe]) != "multimodal" and source == "meld":
                continue
            (target,) = (name for name in CORPORA if name != source)
            yield f"{recipe}, {source} -> {target}, UAR of four classes:"
            runs = [_values(params, recipe, source, target, penalties, (by, at)) for at, by in enumerate(MOVED)]
            errors = [error for _, error in runs]
            for at, c in enumerate(penalties):
                dev, home, away = runs[0][0][at]
                yield f"  C = {c:g}: dev {dev:.4f}, {source} {home:.3f}, {target} {away:.3f}"
            for rule in (BEST, ONE_STANDARD_ERROR):
                yield from _of_rule(rule, runs, errors, penalties, target)
            lines[recipe, source] = runs
    yield "the gain of learning EmotionTalk's text label, e5, on MELD: at each penalty, then as selected"
    main, own = (lines[name, "emotiontalk"][0] for name in ("text_e5", "text_e5_own"))
    for at, c in enumerate(DENSE):
        yield f"  C = {c:g}: {own[0][at][2] - main[0][at][2]:+.3f}"
    for rule in (BEST, ONE_STANDARD_ERROR):
        picked = [selection.chosen([dev for dev, *_ in of], error, rule)[0] for of, error in (own, main)]
        yield (
            f"  rule {rule}: C = {DENSE[picked[0]]:g} against {DENSE[picked[1]]:g}: "
            f"{own[0][picked[0]][2] - main[0][picked[1]][2]:+.3f}"
        )


def _of_rule(
    rule: str, runs: list[Any], errors: list[float], penalties: tuple[float, ...], target: str
) -> Iterator[str]:
    """Yield what a rule selects, with features as they are and moved."""
    chosen = [
        selection.chosen([dev for dev, *_ in of], error, rule) for (of, _), error in zip(runs, errors, strict=True)
    ]
    picked = [f"{penalties[at]:g}" for at, _ in chosen]
    values = [f"{of[at][2]:.3f}" for (of, _), (at, _) in zip(runs, chosen, strict=True)]
    tied = [runs[0][0][at][2] for at in (chosen[0][0], *chosen[0][1])]
    yield (
        f"  rule {rule}: C = {picked[0]}, {target} {values[0]}; moved: C = {', '.join(picked[1:])}, {target} "
        f"{', '.join(values[1:])}"
    )
    if rule == ONE_STANDARD_ERROR:
        yield f"  {len(tied)} tied within one standard error ({errors[0]:.4f}): {min(tied):.3f} to {max(tied):.3f}"


def _values(
    params: dict[str, Any], name: str, source: str, target: str, penalties: tuple[float, ...], moved: Move
) -> tuple[list[tuple[float, float, float]], float]:
    """Return dev, in-domain and cross-corpus UAR of each penalty, and the standard error of the best on dev.

    Args:
        params: of the study.
        name: of the recipe.
        source, target: corpora.
        penalties: C, rising.
        moved: by what share of itself a value is moved, None leaves it, and the seed of that.
    """
    recipe = features.with_modalities(params["recipes"][name], params["encoders"])
    module = find("fusion", "linear")
    own, other = (features.corpus_features(corpus, recipe) for corpus in (source, target))
    (fold,) = own.prepared.folds
    truth = own.labels(EMOTION4.name, view_of(recipe))
    train, dev = (_moved(matrix_row.examples(own, ids, truth, EMOTION4), moved) for ids in (fold.train, fold.dev))
    data = replicates.TrainingData(train, dev, recipe)
    rows = splits.target_rows(other.prepared.utterances)
    tested = [
        _moved(matrix_row.examples(corpus, ids, corpus.labels(EMOTION4.name), EMOTION4), moved)
        for corpus, ids in ((own, fold.test), (other, [row for row, split in rows.items() if split == "test"]))
    ]
    statistics = (None, matrix_row.own_statistics(target, recipe))
    weight = replicates.row_weights(train.y, EMOTION4, balanced=True)
    x, on = (replicates.side_by_side(recipe["normalise"], data.state, part.x) for part in (train, dev))
    seen = [
        replicates.side_by_side(recipe["normalise"], {**data.state, **(of or {})}, part.x)
        for part, of in zip(tested, statistics, strict=True)
    ]
    on_dev = selection.DevRows(dev.y, dev.dialogues, EMOTION4)
    arrays, found, errors = None, [], []
    for c in penalties:
        arrays = module.fit(x, train.y, weight, EMOTION4, {"c": c}, arrays)
        said = module.predict(arrays, on, EMOTION4)
        values = [
            replicates.dev_score(module.predict(arrays, matrix, EMOTION4), part.y, EMOTION4)
            for matrix, part in zip(seen, tested, strict=True)
        ]
        found.append((on_dev.score(said), values[0], values[1]))
        errors.append(on_dev.error(said))
    return found, errors[int(np.argmax([dev for dev, *_ in found]))]


def _moved(examples: Any, moved: Move) -> Any:
    """Return examples whose features are moved by a share of their own size."""
    by, seed = moved
    if by is None:
        return examples
    chance, parts = np.random.default_rng(seed), {}
    for slot in examples.x.parts:
        matrix = examples.x.features_of(slot)
        if hasattr(matrix, "indptr"):
            parts[slot] = matrix.copy()
            parts[slot].data = matrix.data * (1 + by * chance.standard_normal(len(matrix.data)))
        else:
            values = np.asarray(matrix, dtype=np.float64)
            parts[slot] = (values * (1 + by * chance.standard_normal(values.shape))).astype(np.float32)
    return type(examples)(FeatureRows.of(**parts), examples.y, examples.dialogues)
