"""All cells of one label space and target: the unit of work of `score`.

Recipes, sources and protocols of one target share its truth, its dialogues and the draws of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any
from zlib import crc32

import numpy as np

from harness.core.plugins import find
from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.cells import CellScorer, CellToScore
from harness.evaluation.matrix.label_views import ViewDifference, differences
from harness.evaluation.matrix.recipes_compared import RecipeScore
from harness.evaluation.matrix.target_corpus import target_corpus
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
    """Cells, lines of confusion.csv, the entries of the comparison of recipes, and what label views change."""

    cells: list[Cell]
    confusions: list[list[Any]]
    entries: list[RecipeScore]
    views: list[ViewDifference]


def work(job: TargetToScore) -> ScoredTarget:
    """Score every planned cell of one space and target."""
    label_space = space(job.space)
    metrics = job.params["metrics"]["classes" if isinstance(label_space, ClassSpace) else "scale"]
    scorer = CellScorer(job.params["statistics"], label_space, metrics, target_corpus(job.target))
    rows = [scorer.score(replace(row)) for row in job.rows]  # copies: what was scored is not kept with the job
    matrix = [row for row in rows if row.protocol == splits.SINGLE_SOURCE]
    primary = find("metric", str(job.params["primary"].get(label_space.name)))
    return ScoredTarget(
        cells=list(scorer.cells(rows)),
        confusions=list(_confusions(label_space, matrix)),
        entries=list(_entries(job, label_space, matrix)),
        views=list(differences(matrix, primary, scorer)),
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


def _entries(job: TargetToScore, label_space: Space, rows: Sequence[CellToScore]) -> Iterator[RecipeScore]:
    """Yield each recipe's mean over the sources that all have, with what the comparison of recipes draws.

    All recipes are compared on the utterances that all of them predicted. A recipe that was trained on no source
    (external, zero-shot) stands against the others with its one cell.
    """
    by_recipe = _by_recipe(rows)
    trained = [set(of) for of in by_recipe.values() if set(of) != {splits.NO_SOURCE}]
    common = [name for name in job.params["corpora"] if trained and all(name in of for of in trained)]
    if not by_recipe or (trained and not common):
        return
    sources, none = common or [splits.NO_SOURCE], splits.NO_SOURCE
    chosen = {recipe: [of.get(name) or of[none] for name in sources] for recipe, of in by_recipe.items()}
    kept = set.intersection(*(set(scored.ids) for of in chosen.values() for scored in of))
    metric = find("metric", str(job.params["primary"].get(label_space.name)))
    sums = {
        recipe: [scoring.statistic(scored.only(kept), label_space, metric) for scored in of]
        for recipe, of in chosen.items()
    }
    baseline = str(job.params["statistics"]["baseline"])
    for recipe, of in sums.items():
        yield _entry(job, metric, recipe, of, sums.get(baseline, []) if recipe != baseline else [])


def _by_recipe(rows: Sequence[CellToScore]) -> dict[str, dict[str, scoring.ScoredRows]]:
    """Return recipe -> source -> rows of the cross-corpus cells on the main labels that have a value."""
    by_recipe: dict[str, dict[str, scoring.ScoredRows]] = {}
    for row in rows:
        if row.view == MAIN_VIEW == view_of(row.settings) and row.source != row.target and row.scored:
            by_recipe.setdefault(row.recipe, {})[row.source] = row.scored
    return by_recipe


def _entry(job: TargetToScore, metric: Any, recipe: str, sums: Sequence[Any], against: Sequence[Any]) -> RecipeScore:
    """Return a recipe's entry from the sums per dialogue of its cells; `against` are those of the baseline.

    Draws and exchanges are of this target alone: with the same ones, targets of as many dialogues would move together.
    """
    settings, clusters = job.params["statistics"], sums[0].shape[1]
    resamples, seed = int(settings["resamples"]), (int(settings["seed"]) << 32) + crc32(job.target.encode())
    drawn = statistics.draws(clusters, resamples, seed)
    value = float(np.mean([metric.from_statistic(sums_of_recipe.sum(axis=1)).mean() for sums_of_recipe in sums]))
    spread = np.mean([statistics.resampled(sums_of_recipe, drawn, metric) for sums_of_recipe in sums], axis=0)
    entry = RecipeScore(recipe, job.target, len(sums), clusters, value, spread)
    if against and clusters > 1:
        masks = random_exchanges(clusters, resamples, seed)
        moved = [exchanged(ours, other, metric, masks) for ours, other in zip(sums, against, strict=True)]
        entry.apart = float(np.mean([apart for apart, _ in moved]))
        entry.exchanged = np.mean([apart for _, apart in moved], axis=0)
    return entry
