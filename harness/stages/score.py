"""Score every prediction against the labels: cells.csv, the summary for `dvc metrics`, and the plots' data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness import layout, statistics
from harness.cells import SOURCE_DEV, Row, Target, cells, planned, score
from harness.corpus import MAIN_VIEW
from harness.files import read_json, write_json, write_text
from harness.inputs import test_views_of
from harness.labels import ClassSpace, Space, space
from harness.plugins import find
from harness.study import study_facts
from harness.transfer import TRANSDUCTIVE, Cell, cells_to_csv, in_matrix


def run(params: dict[str, Any]) -> None:
    """Write results/cells.csv, study.json, transfer.json and plots/."""
    targets = {name: Target(name) for name in params["corpora"]}
    plans = [read_json(layout.plan(name), f"dvc repro transfer@{name}") for name in params["recipes"]]
    beside = list(_of_protocols(params, plans))
    found: list[Cell] = []
    confusions: list[list[Any]] = []
    for name in params["spaces"]:
        label_space = space(name)
        metrics = params["metrics"]["classes" if isinstance(label_space, ClassSpace) else "scale"]
        for target in targets.values():
            rows = [
                score(planned(plan, cell, view), params, label_space, metrics, target)
                for plan in plans
                for view in test_views_of(plan["settings"])
                for cell in plan["cells"]
                if (cell["space"], cell["target"]) == (name, target.corpus)
            ]
            confusions += _confusions(label_space, rows)
            rows += [
                score(row, params, label_space, metrics, target)
                for of_space, row in beside
                if (of_space, row.target) == (name, target.corpus)
            ]
            found += cells(params, label_space, metrics, target, rows)
    write_text(layout.CELLS, cells_to_csv(_sorted(found, params)))
    write_json(layout.STUDY, study_facts(params, plans, found))
    matrix = in_matrix(found)
    write_json(layout.SUMMARY, _summary(matrix, params["primary"]))
    _plots(matrix, params["primary"], confusions)
    known = sum(not cell.reason for cell in found if cell.metric == params["primary"][cell.space])
    print(f"{known} cells scored, {len(found)} rows in {layout.CELLS}")


def _of_protocols(params: Mapping[str, Any], plans: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Row]]:
    """Yield (space, planned cell) of all protocols beside `single_source`."""
    recipes = {plan["recipe"]: plan["settings"] for plan in plans}
    for name in params.get("protocols") or {}:
        plan = read_json(layout.case_plan(name), f"dvc repro protocols@{name}")
        module = find("protocol", plan["file"])
        for cell in plan["cells"]:
            yield (
                cell["space"],
                Row(
                    cell["recipe"],
                    recipes[cell["recipe"]],
                    cell["source"],
                    cell["target"],
                    MAIN_VIEW,
                    protocol=name,
                    variant=cell["variant"],
                    selection=getattr(module, "SELECTION", SOURCE_DEV),
                    file=Path(cell["file"]) if "file" in cell else None,
                    adapted=getattr(module, "TRANSDUCTIVE", False),
                    by_fold=cell["by_fold"],
                    reason=cell.get("reason", ""),
                ),
            )


def _sorted(cells: list[Cell], params: dict[str, Any]) -> list[Cell]:
    """Order cells as params.yaml orders spaces, recipes and corpora."""
    spaces, recipes, corpora = (
        {name: at for at, name in enumerate(params[key])} for key in ("spaces", "recipes", "corpora")
    )
    protocols = {name: at for at, name in enumerate(params.get("protocols") or {}, start=1)}
    last = len(corpora)

    def key(cell: Cell) -> tuple[int, ...]:
        protocol = protocols.get(cell.protocol.removesuffix(TRANSDUCTIVE), 0)
        place = corpora.get(cell.source, last)
        return protocol, spaces[cell.space], recipes[cell.recipe], place, corpora[cell.target]

    return sorted(cells, key=key)


def _summary(cells: list[Cell], primary: dict[str, str]) -> dict[str, Any]:
    """Return space -> recipe -> target -> source -> primary value, for `dvc metrics show` and `diff`."""
    summary: dict[str, Any] = {}
    for cell in cells:
        if cell.metric == primary[cell.space] and cell.value is not None:
            by_target = summary.setdefault(cell.space, {}).setdefault(_named(cell.recipe, cell.view), {})
            by_target.setdefault(cell.source, {})[cell.target] = round(cell.value, 4)
    return summary


def _named(recipe: str, view: str) -> str:
    """Return a recipe's name with the view that it was tested against, where that is not the main one."""
    return recipe if view == MAIN_VIEW else f"{recipe}@{view}"


def _confusions(label_space: Space, rows: list[Row]) -> Iterator[list[Any]]:
    """Yield one line per (truth, predicted) of each cell, counts averaged over replicates."""
    if not isinstance(label_space, ClassSpace):
        return
    for row in rows:
        if row.scored is not None:
            scored = row.scored
            one = np.zeros(len(scored.truth), dtype=np.int64)
            counts = statistics.confusion(
                scored.truth, scored.scores.argmax(axis=-1), one, len(label_space.classes)
            ).mean(axis=0)[0]
            for t, truth in enumerate(label_space.classes):
                for p, predicted in enumerate(label_space.classes):
                    share = counts[t, p] / counts[t].sum() if counts[t].sum() else 0.0
                    cell = [label_space.name, _named(row.recipe, row.view), row.source, row.target, truth, predicted]
                    yield [*cell, round(counts[t, p], 2), round(share, 4)]


def _plots(cells: list[Cell], primary: dict[str, str], confusions: list[list[Any]]) -> None:
    matrix = [
        [cell.space, _named(cell.recipe, cell.view), cell.source, cell.target, cell.metric, round(cell.value, 4)]
        for cell in cells
        if cell.metric == primary[cell.space] and cell.value is not None
    ]
    header = ["space", "recipe", "source", "target"]
    write_text(layout.PLOTS / "matrix.csv", _csv([*header, "metric", "value"], matrix))
    write_text(layout.PLOTS / "confusion.csv", _csv([*header, "truth", "predicted", "count", "share"], confusions))


def _csv(header: list[str], rows: list[list[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()
