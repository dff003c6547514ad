"""Estimate transferability before any test, and compare the estimates with the cells."""

from __future__ import annotations

from typing import Any

from harness.core import csv_tables, engine, memory, paths, processes
from harness.core.engine_settings import worker_count
from harness.core.files import write_text
from harness.core.log import log
from harness.evaluation.transferability import against_cells, pairs
from harness.evaluation.transferability.pairs import CorpusPair
from harness.study import cell_plans
from harness.study.cells import read_cells
from harness.study.labels import space


def run(params: dict[str, Any]) -> None:
    """Write results/foresee/estimates.csv and ranks.csv for the recipes and spaces of `foresee`."""
    memory.forget()
    processes.prepare(["harness.training.network", "harness.evaluation.transferability.pairs", "sklearn.linear_model"])
    section = params["foresee"]
    jobs = [
        CorpusPair(params, name, plan["settings"], cell["space"], cell["source"], cell["target"])
        for name in section["recipes"]
        for plan in [cell_plans.of_recipe(params, name)]
        for cell in plan["cells"]
        if cell["space"] in {space(name).name for name in section["spaces"]}
        and "file" in cell
        and cell["source"] != cell["target"]
    ]
    happened = read_cells(paths.CELLS)
    done = engine.run(pairs.work, jobs, worker_count(params["engine"]["workers"]), "foresee")
    lines = [line for done_lines in done for line in done_lines]
    ranks = list(against_cells.ranks(lines, happened, params["primary"]))
    write_text(paths.FORESEEN / "estimates.csv", csv_tables.text(pairs.COLUMNS, lines))
    write_text(paths.FORESEEN / "ranks.csv", csv_tables.text(against_cells.COLUMNS, ranks))
    log.info(f"estimates of {len(jobs)} pairs: {paths.FORESEEN}")
