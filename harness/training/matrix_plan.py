"""Plan the matrix of a recipe: its cells, each with a file or a reason, and the rows that train and predict them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.core import paths
from harness.core.plugins import find
from harness.study.labels import space
from harness.study.params.rows import row
from harness.training import matrix_row
from harness.training.corpus_features import (
    CorpusFeatures,
    corpus_features,
    why_no_source,
    why_no_target,
    with_modalities,
)
from harness.training.matrix_row import CellRow, TrainingChoices


def planned(params: Mapping[str, Any], recipe: str) -> tuple[list[dict[str, str]], list[CellRow]]:
    """Return every cell of a recipe with its file or reason, and the cell rows to train and predict them.

    Args:
        params: params.yaml.
        recipe: a row of `recipes`, whose features are there.
    """
    settings = with_modalities(row(params, "recipes", recipe), params["encoders"])
    loaded = {name: corpus_features(name, settings) for name in params["corpora"]}
    cells = [cell for name in params["spaces"] for cell in _cells(recipe, settings, space(name).name, loaded)]
    return cells, _jobs(recipe, settings, cells, loaded, TrainingChoices.of(params))


def _cells(
    recipe: str, settings: dict[str, Any], name: str, loaded: dict[str, CorpusFeatures]
) -> Iterator[dict[str, str]]:
    """Yield every (source, target) of one space with its file, or the reason why there is none."""
    sources = {corpus: why_no_source(loaded[corpus], name, settings) for corpus in loaded}
    families = {corpus: own.prepared.card["family"] for corpus, own in loaded.items()}
    targets = {corpus: why_no_target(loaded[corpus], name, settings) for corpus in loaded}
    for source, no_source in sources.items():
        for target, no_target in targets.items():
            cell = {"space": name, "source": source, "target": target}
            related = source != target and families[source] == families[target]
            reason = no_source or no_target or ("same_family" if related else None)
            file = paths.prediction(recipe, source, name, target).as_posix()
            yield {**cell, "reason": reason} if reason else {**cell, "file": file}


def _jobs(
    recipe: str,
    row: dict[str, Any],
    cells: list[dict[str, str]],
    loaded: dict[str, CorpusFeatures],
    training: TrainingChoices,
) -> list[CellRow]:
    targets: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        if "file" in cell:
            targets.setdefault((cell["source"], cell["space"]), []).append(cell["target"])
    of_model = training.of_model(find("fusion", str(row["fusion"])))
    return [
        CellRow(recipe, row, source, name, tuple(target_names), of_model, key)
        for (source, name), target_names in targets.items()
        for key in [matrix_row.key_of(row, loaded[source], name, training)]
    ]
