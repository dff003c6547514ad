"""Compare a cell that was made again with the stored one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from harness.core.paths import CELLS
from harness.evaluation.matrix.cells import CellScorer, CellToScore
from harness.evaluation.matrix.target_corpus import TargetCorpus, least_support
from harness.evaluation.replay.replay import NamedCell
from harness.study.cells import read_cells
from harness.study.labels import MAIN_VIEW, ClassSpace, space
from harness.study.predictions import Predictions
from harness.study.splits import SINGLE_SOURCE

CLOSE = 5e-7  # cells.csv has six decimals
PLACE = attrgetter("base_protocol", "recipe", "space", "source", "target", "variant", "view")


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """Whether all is equal, and what to say, one line each."""

    equal: bool
    lines: Sequence[str]


def predicted(before: Sequence[Predictions], now: Sequence[Predictions]) -> ReplayResult:
    """Compare the rows and the scores of two lists of predictions."""
    made, made_now = ([(replicate.fold, replicate.seed) for replicate in side] for side in (before, now))
    if made != made_now:
        return ReplayResult(False, [f"different: {len(before)} replicates were stored and {len(now)} are made now"])
    for replicate, other in zip(before, now, strict=True):
        if replicate.ids != other.ids or replicate.splits != other.splits:
            which = f"fold {replicate.fold}, seed {replicate.seed}"
            return ReplayResult(False, [f"different: the predicted utterances of {which}"])
    then, again = (np.concatenate([replicate.scores for replicate in side]) for side in (before, now))
    where = f"{len(then):,} rows of {len(before)} replicate{'s' if len(before) > 1 else ''}"
    if np.array_equal(then, again):
        return ReplayResult(True, [f"equal: every score, {where}"])
    apart = np.abs(then - again)
    lines = [f"different: {int((apart.max(axis=1) > 0).sum()):,} of {where}, a score by {apart.max():.3g} at most"]
    if then.shape[1] > 1:
        lines.append(f"different: the predicted class of {int((then.argmax(1) != again.argmax(1)).sum()):,} rows")
    return ReplayResult(False, lines)


def stored_values(cell: NamedCell) -> dict[str, float]:
    """Return metric -> value of a cell in cells.csv, none where the study was not scored."""
    if not CELLS.exists():
        return {}
    place = (cell.protocol or SINGLE_SOURCE, cell.recipe, cell.space, cell.source, cell.target, cell.variant, MAIN_VIEW)
    return {
        stored.metric: stored.value
        for stored in read_cells(CELLS)
        if PLACE(stored) == place and stored.value is not None
    }


def scored(
    params: Mapping[str, Any], cell: NamedCell, stored: Mapping[str, float], now: Sequence[Predictions]
) -> ReplayResult:
    """Compare the values of cells.csv with those of the predictions that were made now.

    Args:
        params: params.yaml.
        cell: the cell.
        stored: as `stored_values` read them.
        now: what was made now.
    """
    label_space = space(cell.space)
    if not stored:
        return ReplayResult(True, ["no value of the cell is in results/cells.csv: nothing to compare"])
    metrics = params["metrics"]["classes" if isinstance(label_space, ClassSpace) else "scale"]
    row = CellToScore(
        cell.recipe, dict(cell.settings), cell.source, cell.target, MAIN_VIEW, file=cell.file, by_fold=cell.by_fold
    )
    scorer = CellScorer(params["statistics"], label_space, metrics, TargetCorpus(cell.target, least_support(params)))
    values = {name: float(value.replicates.mean()) for name, value in scorer.score(row, now).values.items()}
    lines = [
        f"different: {name} {value:.6f}, now {values[name]:.6f}"
        for name, value in stored.items()
        if name in values and not abs(value - values[name]) <= CLOSE
    ]
    known = sum(name in values for name in stored)
    return ReplayResult(not lines, lines or [f"equal: {known} of {len(stored)} values in results/cells.csv"])
