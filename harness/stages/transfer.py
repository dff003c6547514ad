"""Train one recipe on every corpus in every label space, and predict all the others."""

from __future__ import annotations

from typing import Any

from harness.core import memory, paths, processes
from harness.core.default_study import take_over
from harness.core.errors import ResultError
from harness.core.files import prune, write_json
from harness.core.log import log
from harness.study.params import only
from harness.study.params.rows import row
from harness.study.reasons import counted
from harness.tracking.at_work import at_work
from harness.training import matrix_plan, matrix_rows, model_files
from harness.training.matrix_row import CellRow, TrainingChoices

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
    processes.prepare(["harness.training.network", "harness.training.matrix_row_finish", "scipy.optimize"])
    cells, jobs = matrix_plan.planned(params, recipe)
    if jobs:
        with at_work(params, f"transfer {recipe}") as workers:
            matrix_rows.work(jobs, workers, f"transfer {recipe}")
    rows = [_trained(job) for job in jobs]
    settings = row(params, "recipes", recipe)
    facts = {"recipe": recipe, "settings": settings, "selection": TrainingChoices.of(params).rule}
    write_json(paths.plan(recipe), {**facts, "cells": cells, "rows": rows})
    _prune(recipe, jobs, keep=only.is_part(params))
    predicted = sum("file" in cell for cell in cells)
    without = counted(cell["reason"] for cell in cells if "reason" in cell)
    log.info(f"{recipe}: {len(jobs)} cell rows, {predicted} of {len(cells)} cells predicted{without}")


def _trained(job: CellRow) -> dict[str, Any]:
    model = model_files.read(job.path)
    if model.key != job.key:  # a network file system may show an older file for a while
        raise ResultError(f"{job.path}: is not the model that was just made; run `dvc repro transfer` again")
    return {"source": job.source, "space": job.space, **model.facts()}


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
