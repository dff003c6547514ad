"""What a source is worth in labels of a target, with an interval over test dialogues and draws of the labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any

import numpy as np

from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.cells import CellScorer, CellToScore
from harness.statistics import sums
from harness.statistics.few_clusters import small_sample_level
from harness.statistics.shots_worth import Worth, crossing, crossing_interval
from harness.study import splits

FEW_SHOT = "few_shot"  # the file of harness/protocols


@dataclass(frozen=True, slots=True)
class SourceWorth:
    """How many labels per class of a target a source is worth; bounds are < or > where it lies beyond the tried."""

    recipe: str
    protocol: str
    source: str
    target: str
    shots: float | None
    bound: str
    low: float | None
    low_bound: str
    high: float | None
    high_bound: str


COLUMNS = ("space", "metric", *(field.name for field in fields(SourceWorth)))


def worths(
    rows: Sequence[CellToScore], protocols: Mapping[str, Any], metric: ModuleType, scorer: CellScorer
) -> Iterator[SourceWorth]:
    """Yield what each source is worth, of the scored rows of one target and space.

    Each resample of the test dialogues also draws the draws of the labels anew, the same ones for every number of
    labels: these are nested. The source's own line, without any label of the target, is on the same dialogues.
    """
    for name, row in protocols.items():
        if str(row.get("protocol") or name) != FEW_SHOT:
            continue
        for recipe in row["recipes"]:
            ours = [of for of in rows if of.recipe == recipe and of.scored is not None]
            alone = {
                int(of.variant.partition("=")[2]): of
                for of in ours
                if of.protocol == name and of.source == splits.NO_SOURCE
            }
            sources = [of for of in ours if of.protocol == splits.SINGLE_SOURCE and of.source != of.target]
            if alone:
                yield from _of_recipe(name, alone, sources, metric, scorer)


def _of_recipe(
    protocol: str,
    alone: Mapping[int, CellToScore],
    sources: Sequence[CellToScore],
    metric: ModuleType,
    scorer: CellScorer,
) -> Iterator[SourceWorth]:
    name = metric.__name__.rpartition(".")[2]
    sign = 1 if metric.HIGHER_IS_BETTER else -1
    shots = sorted(alone)
    lines = {k: sign * _each(alone[k], metric, scorer) for k in shots}  # (seeds, resamples)
    values = {k: sign * float(alone[k].values[name].replicates.mean()) for k in shots}
    counts = {len(line) for line in lines.values()}
    chance = np.random.default_rng(int(scorer.settings["seed"]))
    resamples = next(iter(lines.values())).shape[1]
    seeds = min(counts)
    picked = chance.integers(seeds, size=(seeds, resamples))
    drawn = np.stack([np.take_along_axis(lines[k][:seeds], picked, axis=0).mean(axis=0) for k in shots], axis=1)
    for of in sources:
        assert of.scored is not None
        zero = sign * float(of.values[name].replicates.mean())
        found = crossing(values, zero)
        level = small_sample_level(max(of.scored.dialogues, 2), float(scorer.settings["level"]))
        low, high = (Worth(None), Worth(None))
        on_same_rows = all(of.scored.stands_on(row.scored) for row in alone.values() if row.scored)
        if of.scored.dialogues > 1 and on_same_rows:
            low, high = crossing_interval(shots, drawn, sign * of.values[name].resamples, level)
        ends = found.shots, found.bound, low.shots, low.bound, high.shots, high.bound
        yield SourceWorth(of.recipe, protocol, of.source, of.target, *ends)


def _each(row: CellToScore, metric: ModuleType, scorer: CellScorer) -> Any:
    """Return the metric of each seed's models in each resample, (seeds, resamples): a seed is a draw of the labels."""
    assert row.scored is not None
    statistic = scoring.statistic(row.scored, scorer.space, metric)
    each = sums.each(statistic, row.scored.draws(scorer.settings), metric)
    seeds = np.array(row.scored.seeds)
    return np.stack([each[seeds == seed].mean(axis=0) for seed in sorted(set(row.scored.seeds))])
