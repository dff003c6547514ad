"""All cells of one label space and target: the unit of work of `score`.

Recipes, sources and protocols of one target share its truth, its dialogues and the draws of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import combinations, product
from typing import Any
from zlib import crc32

import numpy as np

from harness.core.plugins import find
from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.cells import CellScorer, CellToScore
from harness.evaluation.matrix.label_views import ViewDifference, differences
from harness.evaluation.matrix.recipes_compared import PairOnTarget
from harness.evaluation.matrix.target_corpus import least_support, target_corpus
from harness.evaluation.matrix.variants import Variants, at_equal_settings, retrained_differences
from harness.evaluation.matrix.worth import SourceWorth, worths
from harness.statistics import sums as statistics
from harness.statistics.paired_tests import exchanged, random_exchanges
from harness.study import splits
from harness.study.cells import Cell
from harness.study.labels import MAIN_VIEW, ClassSpace, Space, space
from harness.study.recipes import view_of


@dataclass(frozen=True, slots=True)
class TargetToScore:
    """What to score: the planned cells of one space and target, those of the matrix and of other protocols."""

    params: Mapping[str, Any]
    space: str
    target: str
    rows: Sequence[CellToScore]


@dataclass(frozen=True, slots=True)
class ScoredTarget:
    """Cells, lines of confusion.csv, every two recipes, what label views change, and what sources are worth."""

    cells: list[Cell]
    confusions: list[list[Any]]
    pairs: list[PairOnTarget]
    views: list[ViewDifference]
    worths: list[SourceWorth]


def work(job: TargetToScore) -> ScoredTarget:
    """Score every planned cell of one space and target."""
    label_space = space(job.space)
    metrics = job.params["metrics"]["classes" if isinstance(label_space, ClassSpace) else "scale"]
    primary = str(job.params["primary"].get(label_space.name))
    scorer = CellScorer(
        job.params["statistics"],
        label_space,
        metrics,
        target_corpus(job.target, least_support(job.params)),
        primary,
    )
    rows = [scorer.score(replace(row)) for row in job.rows]  # copies: what was scored is not kept with the job
    matrix = [row for row in rows if row.protocol == splits.SINGLE_SOURCE]
    metric = find("metric", primary)
    return ScoredTarget(
        cells=list(scorer.cells(rows)),
        confusions=list(_confusions(label_space, matrix)),
        pairs=list(_pairs(job, label_space, primary, matrix)),
        views=list(differences(matrix, metric, scorer)),
        worths=list(worths(rows, job.params.get("protocols") or {}, metric, scorer)),
    )


def named(recipe: str, view: str) -> str:
    """Return a recipe's name with the view that it was tested against, where that is not the main one."""
    return recipe if view == MAIN_VIEW else f"{recipe}@{view}"


def _confusions(label_space: Space, rows: Sequence[CellToScore]) -> Iterator[list[Any]]:
    """Yield one line per (truth, predicted) of each cell, counts averaged over replicates."""
    classes = label_space.classes if isinstance(label_space, ClassSpace) else ()
    for row in rows if classes else ():
        if row.scored is not None:
            truth, predicted, clusters = row.scored.truth, row.scored.predicted, row.scored.clusters
            counts = statistics.confusion(truth, predicted, clusters, len(classes)).sum(axis=1).mean(axis=0)
            cell = [label_space.name, named(row.recipe, row.view), row.source, row.target]
            for (t, name), (p, other) in product(enumerate(classes), repeat=2):
                share = counts[t, p] / counts[t].sum() if counts[t].sum() else 0.0
                yield [*cell, name, other, round(counts[t, p], 2), round(share, 4)]


def _pairs(job: TargetToScore, label_space: Space, primary: str, rows: Sequence[CellToScore]) -> Iterator[PairOnTarget]:
    """Yield every two recipes on the sources and utterances that both have, with what their comparison draws.

    Draws and exchanges are of this target alone: with the same ones, targets of as many dialogues would move together.
    The baseline stands second.
    """
    settings = job.params["statistics"]
    baseline, resamples = str(settings["baseline"]), int(settings["resamples"])
    seed = (int(settings["seed"]) << 32) + crc32(job.target.encode())
    metric = find("metric", primary)
    cells = _by_recipe(rows)
    by_recipe = {name: {of: row.scored for of, row in rows.items() if row.scored} for name, rows in cells.items()}
    ids = {id(scored): frozenset(scored.ids) for of in by_recipe.values() for scored in of.values()}

    @lru_cache(maxsize=4)  # the baseline's are asked for again and again
    def sums_of(recipe: str, sources: tuple[str, ...], kept: frozenset[str]) -> list[scoring.Floats]:
        cells = _cells(by_recipe[recipe], sources)
        return [scoring.statistic(scored.only(kept), label_space, metric) for scored in cells]

    @cache  # most pairs share all rows and sources
    def mean_of(recipe: str, sources: tuple[str, ...], kept: frozenset[str]) -> tuple[int, float, scoring.Floats]:
        sums = sums_of(recipe, sources, kept)
        drawn = statistics.draws(sums[0].shape[1], resamples, seed)
        value = float(np.mean([metric.from_statistic(of_cell.sum(axis=1)).mean() for of_cell in sums]))
        return len(drawn[0]), value, np.mean([statistics.resampled(of_cell, drawn, metric) for of_cell in sums], axis=0)

    for second, first in combinations(by_recipe, 2):
        if first == baseline:
            first, second = second, first
        pair = by_recipe[first], by_recipe[second]
        sources = _sources(job.params["corpora"], *pair)
        if not sources:
            continue
        kept = frozenset.intersection(*(ids[id(scored)] for of in pair for scored in _cells(of, sources)))
        if not kept:
            continue
        (clusters, value, drawn), (_, other, drawn_other) = (mean_of(name, sources, kept) for name in (first, second))
        if not np.isfinite(value - other):
            continue
        moved = None
        if second == baseline and clusters > 1:
            masks = random_exchanges(clusters, resamples, seed)
            both = zip(*(sums_of(name, sources, kept) for name in (first, second)), strict=True)
            moved = np.mean([exchanged(ours, theirs, metric, masks)[1] for ours, theirs in both], axis=0)
        variants = list(zip(*(_variants(cells[name], sources) for name in (first, second)), strict=True))
        equal = variants if _same_settings(cells[first], cells[second]) else []
        yield PairOnTarget(
            first=first,
            second=second,
            target=job.target,
            cells=len(sources),
            clusters=clusters,
            difference=value - other,
            resamples=drawn - drawn_other,
            exchanged=moved,
            equal=at_equal_settings(equal, kept, label_space, primary),
            retrained=retrained_differences(variants, kept, label_space, primary),
        )


def _sources(corpora: Sequence[str], *recipes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sources that recipes have in common; one trained on none (external, zero-shot) has all of another."""
    trained = [of for of in recipes if set(of) != {splits.NO_SOURCE}]
    if not trained:
        return (splits.NO_SOURCE,)
    return tuple(name for name in corpora if all(name in of for of in trained))


def _cells(of_recipe: Mapping[str, scoring.ScoredRows], sources: Sequence[str]) -> list[scoring.ScoredRows]:
    """Return a recipe's cells of sources; one trained on none has the same cell for each."""
    return [of_recipe.get(name) or of_recipe[splits.NO_SOURCE] for name in sources]


def _variants(of_recipe: Mapping[str, CellToScore], sources: Sequence[str]) -> list[Variants]:
    """Return the variants of a recipe's cells, source by source."""
    return [(of_recipe.get(name) or of_recipe[splits.NO_SOURCE]).variants for name in sources]


def _same_settings(*recipes: Mapping[str, CellToScore]) -> bool:
    """Tell whether recipes are the same model with the same settings to select from."""
    first, second = (next(iter(of.values())).settings for of in recipes)
    return all(first.get(key) == second.get(key) for key in ("fusion", "settings"))


def _by_recipe(rows: Sequence[CellToScore]) -> dict[str, dict[str, CellToScore]]:
    """Return recipe -> source -> the cross-corpus cell on the main labels that has a value."""
    by_recipe: dict[str, dict[str, CellToScore]] = {}
    for row in rows:
        if row.view == MAIN_VIEW == view_of(row.settings) and row.source != row.target and row.scored:
            by_recipe.setdefault(row.recipe, {})[row.source] = row
    return by_recipe
