"""Scoring and the report of a study of 20 recipes: 5 corpora as large as the real ones, 5 seeds, 4 label spaces.

Predictions are drawn at random into the files that `transfer` would have written; `score` and `report` then run as
DVC runs them, each in a process of its own. `EMOTRANSFER_BENCH_SCORE` names a folder that keeps the study.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import _watch
from benchmarks._study import encoders, recipe, write_params
from harness.core import paths
from harness.core.files import write_json
from harness.study import manifest, predictions
from harness.study.labels import SPACES, ClassSpace, Shared, Space
from harness.study.predictions import Predictions
from harness.study.release import Annotation
from harness.study.splits import target_rows
from harness.study.utterance import Split, Utterance

TARGETS = {  # rows of train, dev and test, dialogues of test, folds
    "emotiontalk": (15_413, 1908, 1929, 84, 0),
    "ch_sims": (2722, 647, 1034, 145, 0),
    "m3ed": (17_427, 2821, 4201, 179, 0),
    "iemocap": (0, 0, 10_039, 151, 5),
    "meld": (9988, 1108, 2610, 280, 0),
}
RECIPES, SEEDS = 20, (1, 2, 3, 4, 5)


def run() -> list[str]:
    kept = os.environ.get("EMOTRANSFER_BENCH_SCORE")
    if kept:
        return _timed(Path(kept))
    with tempfile.TemporaryDirectory() as folder:
        return _timed(Path(folder))


def _timed(folder: Path) -> list[str]:
    if not (folder / "params.yaml").exists():
        write(folder)
    lines = [f"{RECIPES} recipes x 5 x 5 corpora x {len(SPACES)} spaces x {len(SEEDS)} seeds (IEMOCAP: x 5 folds):"]
    for stage in ("score", "report"):
        cost = _watch.watch([*_watch.python("harness"), stage], folder)
        lines.append(f"{stage}: {cost.wall:.1f} s, {cost.cpu:.1f} s of processor, {cost.peak:.0f} MB")
    size = (folder / paths.REPORT).stat().st_size / 2**20
    return [*lines, f"report.html: {size:.1f} MB"]


def write(folder: Path, recipes: int = RECIPES) -> None:
    """Write the corpora, the predictions and a params.yaml of such a study into a folder."""
    names = [f"recipe_{at + 1:02d}" for at in range(recipes)]
    chance = np.random.default_rng(1)
    truths = {corpus: _corpus(folder, corpus, chance) for corpus in TARGETS}
    settings = recipe(["text"], "mlp", {"hidden": 8})
    statistics = {"resamples": 2000, "level": 0.95, "seed": 1, "few_clusters": 20, "baseline": names[0]}
    rows = dict.fromkeys(names, settings)
    of = {"encoders": encoders(["text"]), "recipes": rows, "statistics": statistics}
    write_params(folder, list(TARGETS), list(SPACES), **of)
    for name in names:
        skill = {corpus: chance.uniform(0.2, 1.2) for corpus in TARGETS}
        cells = []
        for space in SPACES.values():
            for source in TARGETS:
                for target in TARGETS:
                    path = paths.prediction(name, source, space.name, target)
                    cells.append({"space": space.name, "source": source, "target": target, "file": path.as_posix()})
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    found = _predicted(source, target, space, truths[target], skill[source], chance)
                    predictions.write(folder / path, "drawn", space, found)
        plan = {"recipe": name, "settings": settings, "selection": "best", "cells": cells, "rows": []}
        write_json(folder / paths.plan(name), plan)


Known = tuple[list[Utterance], dict[str, dict[str, Shared]]]


def _corpus(folder: Path, corpus: str, chance: np.random.Generator) -> Known:
    """Write a corpus and return its utterances and labels."""
    train, dev, test, dialogues, folds = TARGETS[corpus]
    utterances, told = [], []
    sizes: dict[Split, int] = {"train": train, "dev": dev, "test": test}
    for split, rows in sizes.items():
        count = max(1, round(rows * dialogues / test))
        for at, number in enumerate(np.sort(chance.integers(count, size=rows)).tolist()):
            dialogue = f"{corpus}_{split}_{number:04d}"
            name, fold = f"{dialogue}_{at:05d}", f"Ses{1 + number % folds:02d}" if folds else None
            who, gender = f"{corpus}_{number % 10}", "female" if number % 2 else "male"
            shown: Split = "train" if folds else split
            utterances.append(Utterance(name, shown, dialogue, at, who, "en", None, fold, gender))
            told.append(Annotation(name, {}, {one.name: Shared(_label(one, chance)) for one in SPACES.values()}))
    manifest.write_utterances(folder / paths.utterances(corpus), utterances)
    manifest.write_labels(folder / paths.labels(corpus), told)
    language = "en" if corpus in ("iemocap", "meld") else "zh"
    card = {"present": True, "family": corpus, "synthetic": True, "language": language, "digest": corpus}
    write_json(folder / paths.card(corpus), card)
    return utterances, {one.id: one.shared for one in told}


def _label(space: Space, chance: np.random.Generator) -> str | float:
    if isinstance(space, ClassSpace):
        return str(chance.choice(space.classes))
    return float(chance.uniform(space.low, space.high))


def _predicted(
    source: str, target: str, space: Space, known: Known, skill: float, chance: np.random.Generator
) -> list[Predictions]:
    utterances, shared = known
    folds = [f"Ses{at + 1:02d}" for at in range(TARGETS[source][4])] or ["all"]
    found = []
    for at, fold in enumerate(folds):
        if source == target and len(folds) > 1:
            splits = {folds[(at + 1) % len(folds)]: "dev", fold: "test"}
            rows = {one.id: splits[str(one.fold)] for one in utterances if one.fold in splits}
        elif source == target:
            rows = {one.id: one.split for one in utterances if one.split != "train"}
        else:
            rows = target_rows(utterances)
        labels = [shared[name][space.name].value for name in rows]
        for seed in SEEDS:
            found.append(
                Predictions(fold, seed, list(rows), list(rows.values()), _scores(space, labels, skill, chance))
            )
    return found


def _scores(space: Space, labels: list[Any], skill: float, chance: np.random.Generator) -> NDArray[np.float32]:
    if not isinstance(space, ClassSpace):
        values = np.array(labels) * skill / 2 + chance.normal(0, 0.4, len(labels))
        return np.clip(values, space.low, space.high).astype(np.float32)[:, None]
    logits = chance.normal(0, 1, (len(labels), len(space.classes)))
    logits[np.arange(len(labels)), [space.classes.index(one) for one in labels]] += skill
    raised = np.exp(logits)
    return (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
