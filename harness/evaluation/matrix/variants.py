"""The variants of a cell's models: what source dev could not tell apart, and what resampled train dialogues give.

A cell is the mean over its replicates, folds and seeds. A variant need not be there for all: where dev of a fold
decided, that fold keeps its selected model, and what was trained with the first seed only is compared with the selected
model of that seed. So what a variant changes is a difference, which is added to the value of the cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

import numpy as np

from harness.core.plugins import find
from harness.evaluation.matrix import scoring
from harness.study.labels import ClassSpace, Space
from harness.study.predictions import RESAMPLE, Predictions

Values = Mapping[str, float]  # by metric


@dataclass(frozen=True, slots=True)
class Variants:
    """What the variants of a cell are worth.

    Args:
        tied: name of a setting that dev cannot tell apart -> what it adds to each metric.
        resampled: what each resample of the train dialogues adds to each metric, in the order of their numbers.
        settings: name of a setting -> the cell with it, where all models of the cell are there with it.
        retrained: the cell of each resample, of the first seed.
    """

    tied: Mapping[str, Values] = field(default_factory=dict)
    resampled: Sequence[Values] = ()
    settings: Mapping[str, scoring.ScoredRows] = field(default_factory=dict)
    retrained: Sequence[scoring.ScoredRows] = ()

    def range(self, metric: str, value: float) -> tuple[float, float]:
        """Return the least and the largest value of a cell over the settings that dev cannot tell apart."""
        added = [0.0, *(of[metric] for of in self.tied.values() if np.isfinite(of[metric]))]
        return value + min(added), value + max(added)

    def train_spread(self, metric: str) -> float | None:
        """Return the standard deviation of a cell over resampled train dialogues, None where there are none."""
        return spread([of[metric] for of in self.resampled])


class EqualSettings(NamedTuple):
    """The range of a difference over settings that two recipes share, and of how many cells it is the mean."""

    cells: int
    low: float | None
    high: float | None


NOT_EQUAL = EqualSettings(0, None, None)  # no settings in common


def spread(values: Sequence[float]) -> float | None:
    """Return the standard deviation of values that are defined; None of fewer than two."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.std(known, ddof=1)) if len(known) > 1 else None


def variants_of(
    tested: scoring.Tested,
    selected: Sequence[Predictions],
    others: Sequence[Predictions],
    chosen: Mapping[tuple[str, int], str],
    by_fold: bool,
    space: Space,
    metrics: Sequence[str],
) -> Variants:
    """Score the variants of a cell.

    Args:
        tested: the target's test rows.
        selected: predictions of the replicates.
        others: those of their variants.
        chosen: fold and seed of a replicate -> name of the setting that was selected, as variants are named.
        by_fold: the parts of the target were predicted by models of their own.
        space: the label space.
        metrics: names.
    """
    tied: dict[str, Values] = {}
    resampled: dict[int, tuple[Values, scoring.ScoredRows]] = {}
    settings: dict[str, scoring.ScoredRows] = {}
    base: dict[tuple[int, ...], Values] = {}

    def without(seeds: tuple[int, ...]) -> Values:
        if seeds not in base:
            base[seeds] = points(tested.align([of for of in selected if of.seed in seeds], by_fold), space, metrics)
        return base[seeds]

    ordered = sorted(others, key=lambda of: of.variant)
    for name, group in groupby(ordered, key=lambda of: of.variant):
        given = {(of.fold, of.seed): of for of in group}
        seeds = tuple(sorted({seed for _, seed in given}))
        mixed = [given.get((of.fold, of.seed), of) for of in selected if of.seed in seeds]
        scored = tested.align(mixed, by_fold)
        of_variant = points(scored, space, metrics)
        added = {metric: value - without(seeds)[metric] for metric, value in of_variant.items()}
        if name.startswith(RESAMPLE):
            resampled[int(name.removeprefix(RESAMPLE))] = added, scored
            continue
        tied[name] = added
        has_it = all((of.fold, of.seed) in given or chosen.get((of.fold, of.seed)) == name for of in selected)
        if has_it:
            settings[name] = scored
    same = {chosen.get((of.fold, of.seed), "") for of in selected}
    if len(same) == 1 and "" not in same:
        settings[same.pop()] = tested.align(selected, by_fold)
    in_order = [resampled[number] for number in sorted(resampled)]
    return Variants(tied, [added for added, _ in in_order], settings, [scored for _, scored in in_order])


def at_equal_settings(
    pairs: Sequence[tuple[Variants, Variants]], kept: Set[str], space: Space, metric: str
) -> EqualSettings:
    """Compare two recipes at the same settings, where dev of both leaves these open, as well as at the selected ones.

    Args:
        pairs: the variants of the two recipes, of each source.
        kept: the ids of the target that both have.
        space: the label space.
        metric: with one value per cell.

    Returns:
        the mean over sources of the least and of the largest difference over their settings, and the number of
        sources that have such settings.
    """
    ends = []
    for first, second in pairs:
        differences = []
        for name in first.settings.keys() & second.settings.keys():
            ours, theirs = (points(of.settings[name].only(kept), space, [metric])[metric] for of in (first, second))
            differences.append(ours - theirs)
        if differences:
            ends.append((min(differences), max(differences)))
    if not ends:
        return NOT_EQUAL
    low, high = (float(np.mean(of)) for of in zip(*ends, strict=True))
    return EqualSettings(len(ends), low, high)


def retrained_differences(
    pairs: Sequence[tuple[Variants, Variants]], kept: Set[str], space: Space, metric: str
) -> list[float] | None:
    """Return the difference of two recipes with each resample of the train dialogues, mean over sources.

    Both were trained on the same resamples. None where one of them was not retrained.
    """
    counts = {len(of.retrained) for pair in pairs for of in pair}
    if len(counts) != 1 or counts == {0}:
        return None

    def value(of: Variants, number: int) -> float:
        return points(of.retrained[number].only(kept), space, [metric])[metric]

    return [
        float(np.mean([value(first, number) - value(second, number) for first, second in pairs]))
        for number in range(counts.pop())
    ]


def points(scored: scoring.ScoredRows, space: Space, metrics: Sequence[str]) -> Values:
    """Return each metric of a cell, mean over replicates, from its sums; `recall` is one value per class."""
    values: dict[str, float] = {}
    for name in metrics:
        metric = find("metric", name)
        value = np.asarray(metric.from_statistic(scoring.statistic(scored, space, metric).sum(axis=1))).mean(axis=0)
        if value.ndim and isinstance(space, ClassSpace):
            values |= {f"{name}/{of}": float(one) for of, one in zip(space.classes, value, strict=True)}
        else:
            values[name] = float(value)
    return values
