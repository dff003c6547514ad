"""What `track` says of how models were trained: the mean curve of their replicates, and the devices.

`transfer` leaves both in plan.json (harness/stages/transfer.py). Models without epochs have no curve, and predictions
made elsewhere have neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from harness.study import cell_plans
from harness.study.cells import Cell
from harness.study.splits import SINGLE_SOURCE

REPLICATES = "train/replicates"
Key = tuple[str, str, str]  # recipe, source, space
Curve = Sequence[tuple[int, float]]  # epoch and value


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """How the models of one recipe, source and space were trained.

    `curves` is metric -> its curve: the means over the replicates that trained an epoch, and how many these were.
    `device` names the devices.
    """

    curves: Mapping[str, Curve]
    device: str


def of_recipes(params: Mapping[str, Any], recipes: Iterable[str]) -> dict[Key, TrainingFacts]:
    """Return the training of every source and space of some recipes; those of `external` are passed over.

    Raises:
        ResultError: a plan is missing or damaged.
    """
    trained = [name for name in dict.fromkeys(recipes) if name in params["recipes"]]
    plans = [(name, cell_plans.of_recipe(params, name)) for name in trained]
    return {
        (name, row["source"], row["space"]): _training(row["replicates"])
        for name, plan in plans
        for row in plan["rows"]
    }


def of_cell(cell: Cell, facts: Mapping[str, Any]) -> TrainingFacts | None:
    """Return the training behind a cell of the matrix, where it is known; a protocol trains models of its own.

    Args:
        cell: any cell.
        facts: `training` is what `of_recipes` returned.
    """
    known: Mapping[Key, TrainingFacts] = facts.get("training", {})
    return known.get((cell.recipe, cell.source, cell.space)) if cell.base_protocol == SINGLE_SOURCE else None


def with_curves(cells: Iterable[Cell]) -> list[Cell]:
    """Return one in-domain cell of each recipe, source and space: its run carries the curves.

    It is the cell of the view that was trained on, or the first one where that is not tested.
    """
    chosen: dict[Key, Cell] = {}
    for cell in cells:
        if cell.is_in_domain and cell.base_protocol == SINGLE_SOURCE:
            key = (cell.recipe, cell.source, cell.space)
            before = chosen.setdefault(key, cell)
            if cell.view == cell.train_view != before.view:
                chosen[key] = cell
    return list(chosen.values())


def _training(replicates: Sequence[Mapping[str, Any]]) -> TrainingFacts:
    values: dict[str, dict[int, list[float]]] = {"train/dev": {}, "train/loss": {}}
    counts: dict[int, int] = {}
    for curve in (of["curve"] for of in replicates if of.get("curve")):
        for epoch, dev, loss in zip(curve["epoch"], curve["dev"], curve["loss"], strict=True):
            counts[epoch] = counts.get(epoch, 0) + 1
            for name, value in (("train/dev", dev), ("train/loss", loss)):
                if value is not None:  # it was infinite
                    values[name].setdefault(epoch, []).append(value)
    means = {name: [(at, fmean(of[at])) for at in sorted(of)] for name, of in values.items()}
    curves = {**means, REPLICATES: [(at, float(counts[at])) for at in sorted(counts)]}
    devices = sorted({str(of["made_on"]["device"]) for of in replicates if of.get("made_on", {}).get("device")})
    return TrainingFacts({name: curve for name, curve in curves.items() if curve}, ", ".join(devices))
