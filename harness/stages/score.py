"""Score every prediction against the labels: cells.csv, the summary for `dvc metrics`, and the plots' data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from harness.core import csv_tables, engine, memory, paths, processes
from harness.core.engine_settings import worker_count
from harness.core.files import write_json, write_text
from harness.core.log import log
from harness.core.plugins import find
from harness.evaluation.matrix import label_views, recipes_compared, score_target, worth
from harness.evaluation.matrix.cells import SOURCE_DEV, CellToScore, planned_cell, selection
from harness.evaluation.matrix.score_target import ScoredTarget, TargetToScore, named
from harness.evaluation.matrix.study_facts import study_facts
from harness.study import cell_plans
from harness.study.cells import Cell, cells_to_csv, in_matrix
from harness.study.labels import MAIN_VIEW, space
from harness.study.prepared import prepared
from harness.study.recipes import test_views_of
from harness.study.split_overlap import overlaps


def run(params: dict[str, Any]) -> None:
    """Write results/cells.csv, comparison.csv, views.csv, worth.csv, study.json, transfer.json and plots/."""
    memory.forget()
    processes.prepare(["harness.evaluation.matrix.score_target", "torchmetrics.functional.classification"])
    rows = [*params["recipes"], *(params.get("external") or {})]
    planned = [cell_plans.of_recipe(params, name) for name in rows]
    rows_of: dict[tuple[str, str], list[CellToScore]] = defaultdict(list)
    for of, row in (*_of_matrix(planned), *_of_protocols(params, planned)):
        rows_of[of, row.target].append(row)
    jobs = [
        TargetToScore(params, space(name).name, target, rows_of[space(name).name, target])
        for target in params["corpora"]
        for name in params["spaces"]
    ]
    # while workers still load their libraries
    shared = overlaps({name: prepared(name).utterances for name in params["corpora"]})
    done = _side_by_side(jobs, worker_count(params["engine"]["workers"]))
    cells = _sorted([cell for scored_target in done for cell in scored_target.cells], params, rows)
    write_text(paths.CELLS, cells_to_csv(cells))
    write_text(paths.COMPARISON, csv_tables.text(recipes_compared.COLUMNS, _compared(params, jobs, done)))
    write_text(paths.VIEWS, csv_tables.text(label_views.COLUMNS, _views(params, jobs, done)))
    write_text(paths.WORTH, csv_tables.text(worth.COLUMNS, _worths(params, jobs, done)))
    write_json(paths.STUDY, study_facts(params, planned, cells, shared))
    matrix = in_matrix(cells)
    write_json(paths.SUMMARY, _summary(matrix, params["primary"]))
    _plots(matrix, params["primary"], [line for scored_target in done for line in scored_target.confusions])
    known = sum(not cell.reason for cell in cells if cell.metric == params["primary"][cell.space])
    log.info(f"{known} cells scored, {len(cells)} rows in {paths.CELLS}")


def _side_by_side(jobs: Sequence[TargetToScore], workers: int) -> list[ScoredTarget]:
    """Score targets side by side, the largest first so that no core waits at the end, and return them in order."""
    files = [{row.file for row in job.rows if row.file} for job in jobs]
    sizes = [sum(path.stat().st_size for path in of_job if path.exists()) for of_job in files]
    of = Counter[str]()
    for job, size in zip(jobs, sizes, strict=True):
        of[job.target] += size
    order = sorted(range(len(jobs)), key=lambda at: (-of[jobs[at].target], jobs[at].target, -sizes[at]))
    done = engine.run(score_target.work, [jobs[at] for at in order], workers, "score")
    done_by_job = dict(zip(order, done, strict=True))
    return [done_by_job[at] for at in range(len(jobs))]


def _compared(params: dict[str, Any], jobs: list[TargetToScore], done: list[ScoredTarget]) -> list[list[Any]]:
    """Return the lines of comparison.csv: recipes against each other in every space, by the primary metric."""
    settings = params["statistics"]
    lines = []
    for name in params["spaces"]:
        pairs = [
            pair
            for job, scored_target in zip(jobs, done, strict=True)
            if job.space == name
            for pair in scored_target.pairs
        ]
        for pair in recipes_compared.compared(pairs, float(settings["level"])):
            lines.append([name, params["primary"][name], *astuple(pair)])
    return lines


def _views(params: dict[str, Any], jobs: list[TargetToScore], done: list[ScoredTarget]) -> list[list[Any]]:
    """Return the lines of views.csv: what label views change, in every space, by the primary metric."""
    of = [(job.space, scored_target.views) for job, scored_target in zip(jobs, done, strict=True)]
    return [
        [name, params["primary"][name], *astuple(difference)]
        for name in params["spaces"]
        for space, differences in of
        if space == name
        for difference in differences
    ]


def _worths(params: dict[str, Any], jobs: list[TargetToScore], done: list[ScoredTarget]) -> list[list[Any]]:
    """Return the lines of worth.csv: what sources are worth in labels of a target, by the primary metric."""
    return [
        [job.space, params["primary"][job.space], *astuple(line)]
        for job, scored_target in zip(jobs, done, strict=True)
        for line in scored_target.worths
    ]


def _of_matrix(planned: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, CellToScore]]:
    """Yield (space, planned cell) of the matrix, once for every label view that its recipe is tested against."""
    for plan in planned:
        for cell in plan["cells"]:
            for view in test_views_of(plan["settings"]):
                yield cell["space"], planned_cell(plan, cell, view)


def _of_protocols(params: Mapping[str, Any], planned: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, CellToScore]]:
    """Yield (space, planned cell) of all protocols beside `single_source`."""
    recipes = {plan["recipe"]: plan["settings"] for plan in planned}
    for name in params.get("protocols") or {}:
        plan = cell_plans.of_protocol(name)
        module = find("protocol", plan["file"])
        for cell in plan["cells"]:
            yield (
                cell["space"],
                CellToScore(
                    cell["recipe"],
                    recipes[cell["recipe"]],
                    cell["source"],
                    cell["target"],
                    MAIN_VIEW,
                    protocol=name,
                    variant=cell["variant"],
                    selection=selection(getattr(module, "SELECTION", SOURCE_DEV), plan["selection"]),
                    file=Path(cell["file"]) if "file" in cell else None,
                    adapted=getattr(module, "SEES_TARGET_FEATURES", False),
                    by_fold=cell["by_fold"],
                    reason=cell.get("reason", ""),
                ),
            )


def _sorted(cells: list[Cell], params: dict[str, Any], rows: Sequence[str]) -> list[Cell]:
    """Order cells as params.yaml orders spaces, recipes and corpora."""
    spaces, recipes, corpora = (
        {name: at for at, name in enumerate(names)} for names in (params["spaces"], rows, params["corpora"])
    )
    protocols = {name: at for at, name in enumerate(params.get("protocols") or {}, start=1)}
    last = len(corpora)

    def key(cell: Cell) -> tuple[int, ...]:
        protocol = protocols.get(cell.base_protocol, 0)
        place = corpora.get(cell.source, last)
        return protocol, spaces[cell.space], recipes[cell.recipe], place, corpora[cell.target]

    return sorted(cells, key=key)


def _summary(cells: list[Cell], primary: dict[str, str]) -> dict[str, Any]:
    """Return space -> recipe -> source -> target -> primary value, for `dvc metrics show` and `diff`."""
    summary: dict[str, Any] = {}
    for cell in cells:
        if cell.metric == primary[cell.space] and cell.value is not None:
            by_source = summary.setdefault(cell.space, {}).setdefault(named(cell.recipe, cell.view), {})
            by_source.setdefault(cell.source, {})[cell.target] = round(cell.value, 4)
    return summary


def _plots(cells: list[Cell], primary: dict[str, str], confusions: list[list[Any]]) -> None:
    matrix = [
        [cell.space, named(cell.recipe, cell.view), cell.source, cell.target, cell.metric, round(cell.value, 4)]
        for cell in cells
        if cell.metric == primary[cell.space] and cell.value is not None
    ]
    header = ["space", "recipe", "source", "target"]
    write_text(paths.PLOTS / "matrix.csv", csv_tables.text([*header, "metric", "value"], matrix))
    cells_of = [*header, "truth", "predicted", "count", "share"]
    write_text(paths.PLOTS / "confusion.csv", csv_tables.text(cells_of, confusions))
