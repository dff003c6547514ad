"""Compare estimates of transferability with the cells: whether they rank pairs of corpora in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from harness.evaluation.transferability.estimators import ESTIMATORS
from harness.evaluation.transferability.rank_tests import rank_correlation
from harness.study.cells import Cell, in_matrix
from harness.study.labels import MAIN_VIEW

COLUMNS = (
    *("space", "recipe", "estimator", "needs", "outcome", "coefficient", "scope", "value", "p_blocks", "p_joint"),
    *("smallest_p", "pairs", "targets", "reason"),
)
OUTCOMES = ("value", "ratio")
LEAST = 3  # pairs under which nothing is ranked
OF_ONE_TARGET = "not_comparable_between_targets"


def ranks(lines: Sequence[Sequence[Any]], cells: Sequence[Cell], primary: Mapping[str, str]) -> Iterator[list[Any]]:
    """Yield the rank correlations of each estimator with the values and the ratios of the cells.

    Args:
        lines: of estimates.csv.
        cells: of cells.csv.
        primary: space -> metric.
    """
    happened = {
        (c.space, c.recipe, c.source, c.target): c
        for c in in_matrix(cells)
        if c.metric == primary.get(c.space) and c.view == MAIN_VIEW and not c.is_in_domain
    }
    for space, recipe, estimator in dict.fromkeys((line[0], line[1], line[4]) for line in lines):
        ours = [line for line in lines if (line[0], line[1], line[4]) == (space, recipe, estimator)]
        for outcome in OUTCOMES:
            pairs = [
                (line[5], getattr(cell, outcome), line[2], line[3])
                for line in ours
                for cell in [happened.get((space, recipe, line[2], line[3]))]
                if line[5] is not None and cell is not None and getattr(cell, outcome) is not None
            ]
            keys = [space, recipe, estimator, ESTIMATORS[estimator].target_labels, outcome]
            yield from ([*keys, *line] for line in _judged(estimator, pairs))


def _judged(estimator: str, pairs: Sequence[tuple[float, float, str, str]]) -> Iterator[list[Any]]:
    if len(pairs) < LEAST:
        for scope in ("overall", "within_target"):
            yield ["spearman", scope, None, None, None, None, len(pairs), len({p[3] for p in pairs}), "too_few_pairs"]
        return
    estimate, outcome, sources, targets = zip(*pairs, strict=True)
    x, y, facts = np.array(estimate), np.array(outcome), ESTIMATORS[estimator]
    judgements = rank_correlation(x, y, sources, targets, higher_is_better=facts.higher_is_better)
    for judgement in judgements:
        tests = {"p_blocks": judgement.blocks, "p_joint": judgement.joint}
        numbers = [judgement.value, *(test.p for test in tests.values()), judgement.joint.smallest]
        untested = [f"{name}:{test.reason}" for name, test in tests.items() if test.reason]
        reason = judgement.reason or ";".join(untested)
        if judgement.scope == "overall" and not facts.between_targets:
            numbers, reason = [None] * len(numbers), OF_ONE_TARGET
        yield [judgement.coefficient, judgement.scope, *numbers, judgement.pairs, judgement.targets, reason]
