"""From predictions and truth to the cells of the transfer matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.plugins import find
from harness.statistics import sums
from harness.statistics.few_clusters import small_sample_level
from harness.statistics.rare_classes import DEFINED, averages_classes, defined_share, rare, where_complete, without_rare
from harness.study.labels import ClassSpace, Space
from harness.study.predictions import Predictions

CONSTANT_SHARE = 0.95  # a model that gives one class this often is degenerate
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ScoredRows:
    """The test rows of one cell: truth (n,), scores (replicates, n, columns), dialogue number (n,)."""

    truth: NDArray[Any]
    scores: NDArray[np.float32]
    clusters: NDArray[np.int64]
    asked: int  # test rows of the target, scored or not
    seeds: tuple[int, ...]  # of each replicate
    ids: Sequence[str] = ()  # of the rows
    least: int = 0  # rows that a class needs to enter a mean over classes

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """Return the class of the highest score, (replicates, n)."""
        classes: NDArray[np.int64] = self.scores.argmax(axis=-1)
        return classes

    @property
    def dialogues(self) -> int:
        """Return the number of dialogues."""
        return int(self.clusters.max()) + 1

    def draws(self, settings: Mapping[str, Any]) -> NDArray[np.uint32]:
        """Return how often each resample draws each dialogue (`sums.draws`), by `statistics` of params.yaml."""
        return sums.draws(self.dialogues, int(settings["resamples"]), int(settings["seed"]))

    def stands_on(self, other: ScoredRows) -> bool:
        """Tell whether two cells hold the same utterances, so that they can be compared in pairs."""
        return self.ids is other.ids or self.ids == other.ids

    def only(self, kept: Set[str]) -> ScoredRows:
        """Return the rows of these ids; dialogues are numbered anew, in the order in which they appear.

        So two cells that hold other rows beside the same `kept` ones number their dialogues alike, and are paired.
        """
        at = np.array([place for place, name in enumerate(self.ids) if name in kept], dtype=np.int64)
        if len(at) == len(self.ids):
            return self
        _, first, number = np.unique(self.clusters[at], return_index=True, return_inverse=True)
        clusters = first.argsort().argsort()[number].astype(np.int64)
        ids = [self.ids[place] for place in at]
        return ScoredRows(self.truth[at], self.scores[:, at], clusters, self.asked, self.seeds, ids, self.least)

    def rare(self, space: Space) -> dict[str, int]:
        """Return class -> rows of the classes that have too few to enter a mean over classes."""
        if not isinstance(space, ClassSpace):
            return {}
        support = np.bincount(self.truth, minlength=len(space.classes))
        few = rare(support, self.least)
        return {name: int(support[at]) for at, name in enumerate(space.classes) if few[at]}

    def enough(self, space: Space) -> NDArray[np.bool_]:
        """Return which rows (n,) are of a class that enters a mean over classes."""
        if not isinstance(space, ClassSpace):
            return np.ones(len(self.truth), dtype=bool)
        of_few: NDArray[np.bool_] = rare(np.bincount(self.truth, minlength=len(space.classes)), self.least)[self.truth]
        return ~of_few


@dataclass(frozen=True, slots=True)
class Value:
    """One metric of one cell: its value per replicate and per resample."""

    metric: str
    replicates: Floats
    resamples: Floats


class Tested:
    """The labelled test rows of a target, beside which predictions are put; those with the same rows share arrays."""

    def __init__(
        self, truth: Mapping[str, Any], dialogues: Mapping[str, str], tested: Sequence[str], least: int = 0
    ) -> None:
        """Keep what is true of a target.

        Args:
            truth: id -> class index or number.
            dialogues: id -> dialogue.
            tested: ids of the target's test rows.
            least: rows that a class needs to enter a mean over classes.
        """
        self.truth, self.dialogues, self.asked, self.least = truth, dialogues, len(tested), least
        self.labelled = [name for name in tested if name in truth]
        self._before: tuple[list[str], NDArray[Any], NDArray[np.int64]] | None = None
        self._orders: tuple[list[Any], list[str], list[NDArray[np.int64]]] | None = None

    def align(self, replicates: Sequence[Predictions], in_domain: bool) -> ScoredRows:
        """Put predictions, truth and dialogues side by side.

        Args:
            replicates: predictions of every replicate of the source.
            in_domain: the folds of the source each predicted their own part; together they are one replicate per seed.
        """
        seeds = sorted({replicate.seed for replicate in replicates})
        groups = (
            [[o for o in replicates if o.seed == seed] for seed in seeds]
            if in_domain
            else [[replicate] for replicate in replicates]
        )
        rows, orders = self._ordered(groups)
        scores = [
            (group[0].scores if len(group) == 1 else np.concatenate([replicate.scores for replicate in group]))[order]
            for group, order in zip(groups, orders, strict=True)
        ]
        truth, clusters = self._facts(rows)
        return ScoredRows(
            truth=truth,
            scores=np.array(scores, dtype=np.float32),
            clusters=clusters,
            asked=self.asked,
            seeds=tuple(seeds) if in_domain else tuple(replicate.seed for replicate in replicates),
            ids=rows,
            least=self.least,
        )

    def _ordered(self, groups: Sequence[Sequence[Predictions]]) -> tuple[list[str], list[NDArray[np.int64]]]:
        """Return the labelled rows that all have, and the places of these in each group; most groups are alike."""
        given = [[(replicate.ids, replicate.splits) for replicate in group] for group in groups]
        unlike = [group for at, group in enumerate(given) if group not in given[:at]]
        if self._orders is None or self._orders[0] != unlike:
            places = [_places(group) for group in unlike]
            rows = [name for name in self.labelled if all(name in place for place in places)]
            orders = [np.array([place[name] for name in rows], dtype=np.int64) for place in places]
            self._orders = unlike, rows, orders
        _, rows, orders = self._orders
        return rows, [orders[unlike.index(group)] for group in given]

    def _facts(self, rows: list[str]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return truth and dialogue number of rows."""
        if self._before is None or self._before[0] != rows:
            numbers = {name: at for at, name in enumerate(dict.fromkeys(self.dialogues[row] for row in rows))}
            truth = np.array([self.truth[name] for name in rows])
            clusters = np.array([numbers[self.dialogues[name]] for name in rows], dtype=np.int64)
            self._before = rows, truth, clusters
        return self._before[1], self._before[2]


def _places(group: Sequence[tuple[list[str], list[str]]]) -> dict[str, int]:
    """Return id -> row of the test predictions of a group, whose replicates stand below each other."""
    rows = [row for ids, splits in group for row in zip(ids, splits, strict=True)]
    return {name: at for at, (name, split) in enumerate(rows) if split == "test"}


def values(scored: ScoredRows, space: Space, metrics: Sequence[str], weights: NDArray[Any]) -> list[Value]:
    """Compute every metric of a cell: points by torchmetrics, resamples from sums per dialogue.

    `recall` becomes one value per class, named recall/<class>.
    """
    import torch

    truth = torch.from_numpy(scored.truth)
    scores = torch.from_numpy(scored.scores)
    drawn = spreads(scored, space, metrics, weights)
    values = []
    kept = torch.from_numpy(scored.enough(space))
    of_kept = (truth, scores) if bool(kept.all()) else (truth[kept], scores[:, kept])
    for name in metrics:
        metric = find("metric", name)
        y, p = of_kept if averages_classes(metric) else (truth, scores)
        if hasattr(metric, "SQUARES"):  # which rows are of one dialogue decides its value
            points = np.asarray(metric.from_statistic(statistic(scored, space, metric).sum(axis=1)))
        else:
            points = metric.point(y, p if isinstance(space, ClassSpace) else p[..., 0])
        spread = drawn[name]
        if points.ndim == 1:
            values.append(Value(name, points, spread))
        elif isinstance(space, ClassSpace):
            values += [Value(f"{name}/{c}", points[:, at], spread[:, at]) for at, c in enumerate(space.classes)]
    return values


def spreads(scored: ScoredRows, space: Space, metrics: Sequence[str], weights: NDArray[Any]) -> dict[str, Floats]:
    """Return metric -> its values in every resample, averaged over replicates: (resamples,) or (resamples, classes).

    Metrics of one statistic share its sums, and where they have a `reduced` form of it, that.
    """
    summed: dict[Any, Floats] = {}
    drawn: dict[Any, Floats] = {}
    resamples = {}
    for name in metrics:
        metric = find("metric", name)
        reduced = getattr(metric, "reduced", None)
        key = (metric.STATISTIC, getattr(metric, "CUTS", None), averages_classes(metric))
        if key not in summed:
            summed[key] = statistic(scored, space, metric)
        squares = getattr(metric, "SQUARES", None)
        if not getattr(metric, "INTERVAL", True):
            resamples[name] = np.full(len(weights), np.nan)
            continue
        if (key, reduced) not in drawn:
            left = reduced(summed[key]) if reduced else summed[key]
            drawn[key, reduced] = sums.sums(left, weights, squares)
        value = metric.from_reduced if reduced else metric.from_statistic
        values = [where_complete(value(of_replicate), of_replicate, metric) for of_replicate in drawn[key, reduced]]
        resamples[name] = np.mean(values, axis=0)
    return resamples


def statistic(scored: ScoredRows, space: Space, metric: ModuleType) -> Floats:
    """Return the sums per dialogue that a metric is a function of; a mean over classes is without the rare ones."""
    if isinstance(space, ClassSpace):
        if metric.STATISTIC == "calibration":
            return sums.calibration(scored.truth, scored.scores.astype(np.float64), scored.clusters)
        if metric.STATISTIC == "probability":
            return sums.probability(scored.truth, scored.scores.astype(np.float64), scored.clusters)
        counts = sums.confusion(scored.truth, scored.predicted, scored.clusters, len(space.classes))
        return without_rare(counts, metric, scored.least)
    predicted = scored.scores[..., 0].astype(np.float64)
    if metric.STATISTIC == "cut":
        return sums.cut(scored.truth, predicted, scored.clusters, metric.CUTS)
    return sums.moments(scored.truth, predicted, scored.clusters)


def interval(
    resamples: Floats, dialogues: int, level: float, metric: ModuleType | None = None
) -> tuple[float | None, float | None]:
    """Return the percentile interval of a metric over resampled dialogues; of few it is widened (`small_sample_level`).

    Both ends are None of one dialogue, and where the metric is undefined in too many resamples (`defined_share`).
    """
    if dialogues < 2:
        return None, None
    defined = defined_share(metric) if metric else DEFINED
    return sums.interval(resamples, small_sample_level(dialogues, level), defined) or (None, None)


def degeneracy(scored: ScoredRows, space: Space) -> list[str]:
    """Return warnings about a predictor that is nearly constant or never gives a class that the truth holds."""
    if not isinstance(space, ClassSpace):
        constant = scored.scores[..., 0].std(axis=1) < 1e-4
        return ["constant prediction"] if constant.any() else []
    k = len(space.classes)
    shares = np.array([np.bincount(predicted, minlength=k) / predicted.size for predicted in scored.predicted])
    warnings = []
    constant = shares.max(axis=1) >= CONSTANT_SHARE
    if constant.any():
        name = space.classes[int(shares[constant][0].argmax())]
        warnings.append(f"nearly constant prediction ({name}) in {int(constant.sum())} of {len(shares)} replicates")
    never = [name for at, name in enumerate(space.classes) if at in scored.truth and not shares[:, at].any()]
    return [*warnings, *([f"never predicted: {', '.join(never)}"] if never else [])]


def seed_spread(value: Value, seeds: Sequence[int]) -> float | None:
    """Return the standard deviation over seeds of the mean over folds, or None with one seed."""
    means = [value.replicates[np.array(seeds) == seed].mean() for seed in sorted(set(seeds))]
    return float(np.std(means, ddof=1)) if len(means) > 1 else None
