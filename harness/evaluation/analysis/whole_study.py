"""Tables of all cells together: ranks of recipes, within and across languages, and both directions of a pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from operator import attrgetter
from typing import Any

from harness.statistics import language_contrast
from harness.statistics.ranks import Ranking, by_target, rank
from harness.study.cells import Cell, in_matrix
from harness.study.labels import MAIN_VIEW
from harness.study.metric_facts import higher_is_better
from harness.study.splits import NO_SOURCE

RANKS = ("space", "metric", "recipe", "rank", "targets")
TESTS = ("space", "metric", "test", "first", "second", "value", "p", "p_holm", "smallest_p", "targets", "reason")
CONTRAST = (  # of a `LanguageContrast`
    *("within", "across", "difference", "within_cells", "across_cells", "p", "p_two_sided", "smallest_p"),
    *("assignments", "reason"),
)
LANGUAGES = ("space", "metric", "recipe", "of", *CONTRAST)
ASYMMETRY = ("space", "recipe", "first", "second", "value", "low", "high", "reason")
OF = ("ratio", "value")  # what is contrasted; the ratio takes floor and difficulty of the target out


def tables(
    cells: Sequence[Cell], primary: Mapping[str, str], spoken: Mapping[str, str]
) -> dict[str, tuple[Sequence[str], list[list[Any]]]]:
    """Return table -> columns and lines.

    Args:
        cells: all of cells.csv.
        primary: space -> metric.
        spoken: corpus -> language.
    """
    main = [c for c in in_matrix(cells) if c.metric == primary.get(c.space) and c.view == c.train_view == MAIN_VIEW]
    ranks, tests, contrasts, directions = [], [], [], []
    for space in dict.fromkeys(cell.space for cell in main):
        of_space = [cell for cell in main if cell.space == space]
        metric = primary[space]
        ranking = _ranking(of_space, metric)
        ranks += [[space, metric, *line] for line in _ranks(ranking)]
        tests += [[space, metric, *line] for line in _tests(ranking)]
        for recipe in dict.fromkeys(cell.recipe for cell in of_space):
            ours = [cell for cell in of_space if cell.recipe == recipe and cell.source in spoken]
            contrasts += [[space, metric, recipe, *line] for line in _contrasts(ours, spoken, higher_is_better(metric))]
            ratios = {(cell.source, cell.target): cell.ratio for cell in ours if not cell.is_in_domain}
            ends = {(cell.source, cell.target): (cell.ratio_low, cell.ratio_high) for cell in ours}
            there_and_back = language_contrast.asymmetry(ratios, ends)
            directions += [[space, recipe, *astuple(direction)] for direction in there_and_back]
    return {
        "ranks": (RANKS, ranks),
        "tests": (TESTS, tests),
        "languages": (LANGUAGES, contrasts),
        "asymmetry": (ASYMMETRY, directions),
    }


def _ranking(cells: Sequence[Cell], metric: str) -> Ranking:
    """Rank the recipes over targets; one that was trained on no source stands with its one cell for every source."""
    away = {(c.recipe, c.source, c.target): c.value for c in cells if not c.is_in_domain and c.source != NO_SOURCE}
    pairs = dict.fromkeys((source, target) for _, source, target in away)
    alone = {(c.recipe, c.target): c.value for c in cells if c.source == NO_SOURCE}
    away |= {(recipe, s, t): value for (recipe, target), value in alone.items() for s, t in pairs if t == target}
    valued = {recipe for (recipe, _, _), value in away.items() if value is not None}
    known = {key: value for key, value in away.items() if key[0] in valued}
    return rank(by_target(known), higher_is_better=higher_is_better(metric))


def _ranks(ranking: Ranking) -> Iterator[list[Any]]:
    for name, mean in zip(ranking.recipes, ranking.ranks, strict=False):
        yield [name, mean, ranking.blocks]


def _tests(ranking: Ranking) -> list[list[Any]]:
    friedman = ["friedman", "", "", ranking.friedman, ranking.friedman_p, None, ranking.friedman_smallest_p]
    pairs = [
        ["wilcoxon", test.first, test.second, test.difference, test.p, test.holm_p, ranking.wilcoxon_smallest_p]
        for test in ranking.pairs
    ]
    reasons = [ranking.reason, *(test.reason for test in ranking.pairs)]
    return [[*test, ranking.blocks, reason] for test, reason in zip([friedman, *pairs], reasons, strict=True)]


def _contrasts(cells: Sequence[Cell], spoken: Mapping[str, str], higher_is_better: bool) -> Iterator[list[Any]]:
    for of in OF:
        values = {(cell.source, cell.target): getattr(cell, of) for cell in cells}
        contrast = language_contrast.contrast(values, spoken, higher_is_better or of == "ratio")
        yield [of, *attrgetter(*CONTRAST)(contrast)]
