"""Train one recipe on every corpus in every label space, and predict all the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.core import engine, memory, paths
from harness.core.default_study import take_over
from harness.core.files import prune, write_json
from harness.core.plugins import find
from harness.study.labels import space
from harness.study.params import only
from harness.study.params.rows import row
from harness.study.reasons import counted
from harness.training import matrix_row, matrix_rows, model_files
from harness.training.corpus_features import (
    CorpusFeatures,
    corpus_features,
    why_no_source,
    why_no_target,
    with_modalities,
)
from harness.training.matrix_row import CellRow

EXAMPLES = (
    "emotransfer transfer text_e5",
    "emotransfer transfer text_e5 --set training.seeds=[1]",
)


def run(params: dict[str, Any], recipe: str) -> None:
    """Write models/<recipe>/ and predictions/<recipe>/, with plan.json naming every cell's file or reason.

    Args:
        params: params.yaml.
        recipe: a row of `recipes`.
    """
    memory.forget()
    take_over(paths.MODELS / recipe)
    take_over(paths.PREDICTIONS / recipe)
    engine.prepare(["harness.training.network", "harness.training.matrix_row_finish", "scipy.optimize"])
    cells, jobs = planned(params, recipe)
    matrix_rows.work(jobs, params["engine"], f"transfer {recipe}")
    rows = [_trained(job) for job in jobs]
    settings = row(params, "recipes", recipe)
    write_json(paths.plan(recipe), {"recipe": recipe, "settings": settings, "cells": cells, "rows": rows})
    _prune(recipe, jobs, keep=only.is_part(params))
    predicted = sum("file" in cell for cell in cells)
    without = counted(cell["reason"] for cell in cells if "reason" in cell)
    print(f"{recipe}: {len(jobs)} cell rows, {predicted} of {len(cells)} cells predicted{without}")


def planned(params: Mapping[str, Any], recipe: str) -> tuple[list[dict[str, str]], list[CellRow]]:
    """Return every cell of a recipe with its file or reason, and the cell rows to train and predict them.

    Args:
        params: params.yaml.
        recipe: a row of `recipes`, whose features are there.
    """
    settings = with_modalities(row(params, "recipes", recipe), params["encoders"])
    loaded = {name: corpus_features(name, settings) for name in params["corpora"]}
    cells = [cell for name in params["spaces"] for cell in _cells(recipe, settings, space(name).name, loaded)]
    return cells, _jobs(recipe, settings, cells, loaded, tuple(params["training"]["seeds"]))


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
    seeds: tuple[int, ...],
) -> list[CellRow]:
    targets: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        if "file" in cell:
            targets.setdefault((cell["source"], cell["space"]), []).append(cell["target"])
    used = matrix_row.seeds_of(find("fusion", str(row["fusion"])), seeds)
    return [
        CellRow(
            recipe, row, source, name, tuple(target_names), used, matrix_row.key_of(row, loaded[source], name, seeds)
        )
        for (source, name), target_names in targets.items()
    ]


def _trained(job: CellRow) -> dict[str, Any]:
    return {
        "source": job.source,
        "space": job.space,
        **(model_files.facts(paths.model(job.recipe, job.source, job.space)) or {}),
    }


def _prune(recipe: str, jobs: list[CellRow], keep: bool) -> None:
    """Delete what an earlier plan left behind, so that the folders hold this study and nothing else, or keep it."""
    wanted = {paths.plan(recipe)}
    for job in jobs:
        wanted.add(paths.model(recipe, job.source, job.space))
        wanted.update(paths.prediction(recipe, job.source, job.space, target) for target in job.targets)
    for folder in (paths.MODELS / recipe, paths.PREDICTIONS / recipe):
        folder.mkdir(parents=True, exist_ok=True)
        if not keep:
            prune(folder, wanted)
