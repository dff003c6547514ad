"""Analyse the cells: strata, fairness, calibration, prior shift, the parts of a gap, ranks, languages."""

from __future__ import annotations

from typing import Any

from harness.core import csv_tables, engine, memory, paths, processes
from harness.core.engine_settings import worker_count
from harness.core.files import write_text
from harness.core.log import log
from harness.evaluation.analysis import languages, tables, whole_study
from harness.evaluation.analysis.tables import RecipeToAnalyse
from harness.study import cell_plans
from harness.study.cells import read_cells
from harness.study.labels import ClassSpace, space
from harness.study.prepared import prepared


def run(params: dict[str, Any]) -> None:
    """Write results/analysis/*.csv: those of `analysis.recipes` in `analysis.spaces`, and those of all cells."""
    memory.forget()
    processes.prepare(
        ["harness.evaluation.analysis.tables", "scipy.optimize", "torchmetrics.functional.classification"]
    )
    section = params["analysis"]
    planned = [cell_plans.of_recipe(params, name) for name in section["recipes"]]
    spaces = [name for name in section["spaces"] if _has_classes(name)]
    jobs = [
        RecipeToAnalyse(params, {**plan, "rows": []}, name, target)
        for target in params["corpora"]
        for plan in planned
        for name in spaces
    ]
    done = engine.run(tables.work, jobs, worker_count(params["engine"]["workers"]), "analyse")
    for name, (columns, _) in tables.OF_TARGET.items():
        lines = [line for lines_by_table in done for line in lines_by_table[name]]
        write_text(paths.ANALYSIS / f"{name}.csv", csv_tables.text([*tables.KEYS, *columns], lines))
    spoken = {name: prepared(name).card["language"] for name in params["corpora"]}
    whole = whole_study.tables(read_cells(paths.CELLS), params["primary"], spoken)
    for name, (titles, rows) in whole.items():
        write_text(paths.ANALYSIS / f"{name}.csv", csv_tables.text(titles, rows))
    confusions = csv_tables.read(paths.PLOTS / "confusion.csv", "score")
    ours = [
        confusion
        for confusion in confusions
        if confusion["recipe"] in section["recipes"] and confusion["space"] in spaces
    ]
    shares = languages.shares(ours, spoken)
    write_text(paths.ANALYSIS / "language_shares.csv", csv_tables.text(languages.COLUMNS, shares))
    log.info(f"analysed {len(planned)} recipes in {len(spaces)} spaces: {paths.ANALYSIS}")


def _has_classes(name: str) -> bool:
    return isinstance(space(name), ClassSpace)
