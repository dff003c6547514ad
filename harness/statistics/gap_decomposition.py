"""Decompose the gap to the in-domain model: label prior, label-space coverage, features (docs/decomposition.md).

Eight worlds lie between the in-domain and the cross-corpus model: each of three things is the target's own or the
source's. A term is the mean, over the six orders of changing them one by one, of what its step changes (Shapley), so
that the three terms sum to the gap exactly.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics import sums
from harness.statistics.calibration import Floats, checked
from harness.statistics.rare_classes import COMPLETE, without_rare
from harness.statistics.sums import LEAST

CAUSES = ("prior", "coverage", "feature")
World = tuple[bool, bool, bool]  # of each cause: whether it is as in the source
HOME: World = (False, False, False)


@dataclass(frozen=True, slots=True)
class Term:
    """One cause: its part of the gap, the interval of it, and the least and most that an order of causes gives it."""

    value: float
    low: float | None
    high: float | None
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The gap of a cell (cross value - in-domain value) as the sum of three terms, or None and the reason."""

    metric: str
    gap: Term | None
    prior: Term | None
    coverage: Term | None
    feature: Term | None
    reason: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GapCell:
    """What a gap is taken apart from; priors are those that the scores stand for (uniform where training balances).

    truth (n,) class indices; clusters (n,) dialogue numbers from 0; inside, cross (replicates, n, classes)
    probabilities of the in-domain and the cross-corpus models, whose numbers of replicates may differ; target, source
    (classes,) priors of the train rows of the two; least the rows that a class needs to enter a mean over classes.
    """

    truth: NDArray[Any]
    clusters: NDArray[np.int64]
    inside: NDArray[Any]
    cross: NDArray[Any]
    target: NDArray[Any]
    source: NDArray[Any]
    least: int = 0


def decomposed(cell: GapCell, metric: ModuleType, weights: NDArray[Any], level: float = 0.95) -> Decomposition:
    """Take the gap of a cell apart.

    Args:
        cell: truth, scores and priors.
        metric: a module of harness/metrics whose statistic is the confusion matrix, with one value per cell.
        weights: (resamples, dialogues) from `statistics.draws`.
        level: of the intervals.

    Raises:
        ValueError: arrays that do not belong together, or a metric of another statistic.
    """
    name = metric.__name__.rpartition(".")[2]
    if metric.STATISTIC != "confusion":
        raise ValueError(f"{name} is not a function of the confusion matrix")
    worlds = _worlds(cell)
    by_subset: dict[int, Floats] = {}
    for scores in worlds.values():
        if id(scores) not in by_subset:
            by_subset[id(scores)] = _values(cell, scores, metric, weights)
    values = {world: by_subset[id(scores)] for world, scores in worlds.items()}
    if values[HOME].ndim != 1:
        raise ValueError(f"{name} has a value per class; take one of all classes")
    if any(np.isnan(value[0]) for value in values.values()):
        return Decomposition(name, None, None, None, None, reason="undefined")
    steps = _steps(values)
    gap = _term(values[True, True, True] - values[HOME], level)
    prior, coverage, feature = (_term(steps[cause], level) for cause in CAUSES)
    return Decomposition(name, gap, prior, coverage, feature, warnings=_warnings(cell))


def _worlds(cell: GapCell) -> dict[World, Floats]:
    """Return world -> scores; worlds that cannot differ share one array.

    A world's scores have two factors: whether the class is one that the source lacks (as the in-domain model says, or
    never), and which of the others it is (of either model, at either prior).
    """
    inside, cross = checked(cell.truth, cell.inside)[1], checked(cell.truth, cell.cross)[1]
    s, t = _priors(cell, inside, cross)
    here = s > 0
    same_prior = bool(np.allclose(s, t * here / (t * here).sum()))
    known: dict[World, Floats] = {HOME: inside, (True, not here.all(), True): cross}
    worlds: dict[World, Floats] = {}
    for other, lacking, far in itertools.product((False, True), repeat=3):
        world: World = (other, lacking, far)
        key: World = (far if same_prior else other, lacking and not here.all(), far)
        if key not in known:
            known[key] = _mixed(inside, cross, (s, t), key)
        worlds[world] = known[key]
    return worlds


def _mixed(inside: Floats, cross: Floats, priors: tuple[Floats, Floats], world: World) -> Floats:
    """Return the scores of a world that is neither of the two models as it is."""
    other, lacking, far = world
    (s, t), here = priors, priors[0] > 0
    among: Floats = np.maximum(cross if far else inside, LEAST) * here
    if other != far:  # the model's own prior is not the world's
        now, own = (s, t) if other else (t, s)
        among = among * np.divide(now, own, out=np.zeros_like(now), where=own > 0)
    among = among / among.sum(axis=-1, keepdims=True)
    if lacking or here.all():
        return among
    pairs = max(len(inside), len(cross)) if far else len(inside)
    missed = (inside * ~here)[np.arange(pairs) % len(inside)]
    completed: Floats = missed + (1 - missed.sum(axis=-1, keepdims=True)) * among[np.arange(pairs) % len(among)]
    return completed


def _priors(cell: GapCell, inside: Floats, cross: Floats) -> tuple[Floats, Floats]:
    s, t = (np.asarray(side, dtype=np.float64) for side in (cell.source, cell.target))
    if not s.shape == t.shape == inside.shape[2:] == cross.shape[2:]:
        raise ValueError("scores and priors must have the same classes")
    if not (np.isfinite(s) & np.isfinite(t)).all() or min(s.min(), t.min()) < 0 or not (s * t).any():
        raise ValueError("priors must be finite, not negative, and have a class in common")
    if len(cell.clusters) != len(cell.truth):
        raise ValueError(f"{len(cell.clusters)} dialogue numbers for {len(cell.truth)} rows")
    return s / s.sum(), t / t.sum()


def _values(cell: GapCell, scores: Floats, metric: ModuleType, weights: NDArray[Any]) -> Floats:
    """Return the metric averaged over replicates, of all rows first and then of each resample."""
    counts = sums.confusion(np.asarray(cell.truth), scores.argmax(axis=-1), cell.clusters, scores.shape[-1])
    reduce = getattr(metric, "reduced", None)
    value = metric.from_reduced if reduce else metric.from_statistic
    counts = without_rare(counts, metric, cell.least)
    left = reduce(counts) if reduce else counts
    every = [value(left.sum(axis=1)).mean(axis=0, keepdims=True)]
    if len(weights):
        every.append(sums.resampled(counts, weights, metric))
    return np.concatenate(every)


def _steps(values: dict[World, Floats]) -> dict[str, Floats]:
    """Return cause -> (orders, 1 + resamples): what its step changes in each order of the three causes."""
    resamples: dict[str, list[Floats]] = {cause: [] for cause in CAUSES}
    for order in itertools.permutations(range(3)):
        before = HOME
        for at in order:
            after = tuple(was or place == at for place, was in enumerate(before))
            resamples[CAUSES[at]].append(values[after] - values[before])  # type: ignore[index]
            before = after  # type: ignore[assignment]
    return {cause: np.stack(steps) for cause, steps in resamples.items()}


def _term(steps: Floats, level: float) -> Term:
    by_order = np.atleast_2d(steps)
    mean = by_order.mean(axis=0)
    low, high = sums.interval(mean[1:], level, COMPLETE) or (None, None) if len(mean) > 1 else (None, None)
    first = by_order[:, 0]
    return Term(float(mean[0]), low, high, float(first.min()), float(first.max()))


def _warnings(cell: GapCell) -> tuple[str, ...]:
    s, t = np.asarray(cell.source), np.asarray(cell.target)
    lacking = np.flatnonzero((s == 0) & (np.bincount(cell.truth, minlength=len(s)) > 0))
    unknown = np.flatnonzero((t == 0) & (s > 0))
    terms = []
    if len(lacking):
        terms.append(f"the source's train part has no row of classes {', '.join(map(str, lacking))}")
    if len(unknown):
        terms.append(f"the target's train part has no row of classes {', '.join(map(str, unknown))}")
    return tuple(terms)
