"""Rank correlations of estimates and outcomes: those of scipy, within target, and what their tests may claim."""

from __future__ import annotations

import math
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from harness.evaluation.transferability.rank_coefficients import kendall, spearman, weighted
from harness.evaluation.transferability.rank_tests import Judgement, rank_correlation

Array = np.ndarray[Any, Any]


@pytest.mark.parametrize("ties", [False, True])
def test_coefficients_are_those_of_scipy(ties: bool) -> None:
    chance = np.random.default_rng(8)
    x, y = chance.normal(size=12), chance.normal(size=(20, 12))
    if ties:
        x, y = np.round(x), np.round(y)
    for ours, theirs in ((spearman, stats.spearmanr), (kendall, stats.kendalltau), (weighted, stats.weightedtau)):
        assert_allclose(ours(x, y), [theirs(x, one).statistic for one in y], atol=1e-12)


CORPORA = "abcde"
PAIRS = [(s, t) for s, t in product(CORPORA, CORPORA) if s != t]
SOURCES, TARGETS = ([one[at] for one in PAIRS] for at in (0, 1))


def judged(estimate: Any, happened: Any, **more: Any) -> dict[tuple[str, str], Judgement]:
    found = rank_correlation(np.asarray(estimate), np.asarray(happened), SOURCES, TARGETS, **more)
    return {(one.coefficient, one.scope): one for one in found}


def test_within_target_is_the_mean_over_targets() -> None:
    chance = np.random.default_rng(9)
    x, y = chance.normal(size=(2, 20))
    found = judged(x, y, draws=200)
    for name, theirs in (("spearman", stats.spearmanr), ("kendall", stats.kendalltau), ("weighted", stats.weightedtau)):
        assert found[name, "overall"].value == pytest.approx(theirs(x, y).statistic)
        each = [theirs(x[rows], y[rows]).statistic for rows in ([t == name for t in TARGETS] for name in CORPORA)]
        assert found[name, "within_target"].value == pytest.approx(np.mean(each))
        turned = judged(-x, y, draws=200, higher_is_better=False)
        assert turned[name, "overall"] == found[name, "overall"]


def test_what_a_target_adds_is_taken_out_within_target() -> None:
    """An estimate that knows only how hard a target is: .9 over all pairs, nothing within target (anchors, 4.1b)."""
    chance = np.random.default_rng(10)
    hard = dict(zip(CORPORA, (1.0, 2.0, 3.0, 4.0, 5.0), strict=True))
    x, y = (np.array([hard[t] for t in TARGETS]) + chance.normal(0, 0.1, 20) for _ in range(2))
    found = judged(x, y, draws=2000)
    assert (found["spearman", "overall"].value or 0) > 0.9
    assert abs(found["spearman", "within_target"].value or 0) < 0.5
    for scope in ("overall", "within_target"):
        assert (found["spearman", scope].blocks.p or 0) > 0.05, "the test took the target's part for the source's"


def test_an_estimate_that_is_the_outcome_has_the_smallest_p_there_is() -> None:
    y = np.random.default_rng(11).normal(size=20)
    for one in judged(y, y, draws=3000).values():
        assert one.value == pytest.approx(1)
        assert one.blocks.p == one.blocks.smallest == pytest.approx(1 / 3001)
        assert one.joint.p == one.joint.smallest == pytest.approx(1 / 120)
        assert (one.pairs, one.targets) == (20, 5)


def test_few_arrangements_are_all_tried() -> None:
    """Three corpora: each target has two sources, 2^3 arrangements and a p of 2 / 8 at best."""
    sources, targets = ["b", "c", "a", "c", "a", "b"], ["a", "a", "b", "b", "c", "c"]
    x = np.array([1.0, 2, 3, 4, 5, 6])
    found = {(one.coefficient, one.scope): one for one in rank_correlation(x, x, sources, targets)}
    one = found["kendall", "within_target"]
    assert (one.value, one.blocks.p, one.blocks.smallest) == (1, 0.25, 0.25)
    brute = []
    for swaps in product((False, True), repeat=3):
        moved = x.copy()
        for at, swap in enumerate(swaps):
            if swap:
                moved[[2 * at, 2 * at + 1]] = moved[[2 * at + 1, 2 * at]]
        brute.append(abs(stats.spearmanr(x, moved).statistic))
    p = np.mean(np.array(brute) >= 1 - 1e-9)
    assert found["spearman", "overall"].blocks.p == pytest.approx(p)


def test_renaming_corpora_is_tried_as_rows_and_columns_of_the_matrix() -> None:
    chance = np.random.default_rng(12)
    a, b = chance.normal(size=(2, 5, 5))
    off = ~np.eye(5, dtype=bool)
    names = [list(one) for one in permutations(range(5))]
    brute = [abs(stats.spearmanr(a[off], b[np.ix_(name, name)][off]).statistic) for name in names]
    p = np.mean(np.array(brute) >= brute[0] - 1e-9)
    found = {(o.coefficient, o.scope): o for o in rank_correlation(a[off], b[off], SOURCES, TARGETS)}
    assert found["spearman", "overall"].joint.p == pytest.approx(p)


def rejected(world: Any, kind: str, studies: int) -> dict[str, float]:
    hits = {"overall": 0.0, "within_target": 0.0}
    for seed in range(studies):
        x, y = world(np.random.default_rng([13, seed]))
        found = judged(x, y, draws=400, coefficients=["spearman"], seed=seed)
        for scope in hits:
            hits[scope] += (getattr(found["spearman", scope], kind).p or 0) <= 0.05
    return {scope: number / studies for scope, number in hits.items()}


def by_target(chance: np.random.Generator) -> tuple[Array, Array]:
    """Estimate and outcome share how hard targets are; sources are drawn anew for each."""
    hard = chance.normal(0, 3, 5)[[CORPORA.index(t) for t in TARGETS]]
    return hard + chance.normal(size=20), hard + chance.normal(size=20)


def by_source(chance: np.random.Generator) -> tuple[Array, Array]:
    """Sources are good or bad everywhere, in the estimate and, independently of it, in the outcome."""
    at = [CORPORA.index(s) for s in SOURCES]
    x, y = (chance.normal(0, 3, 5)[at] + chance.normal(size=20) for _ in range(2))
    return x, y


def test_the_permutation_tests_err_as_often_as_they_say() -> None:
    blocks = rejected(by_target, "blocks", 120)
    assert max(blocks.values()) <= 0.11
    joint = rejected(by_source, "joint", 120)
    assert max(joint.values()) <= 0.11


def test_permuting_inside_targets_promises_too_much_where_sources_come_back() -> None:
    assert rejected(by_source, "blocks", 60)["within_target"] > 0.2


def test_what_does_not_vary_has_a_reason_and_no_value() -> None:
    flat = judged(np.ones(20), np.arange(20.0), draws=100)
    assert all(one.value is None and one.reason == "estimates_or_outcomes_do_not_vary" for one in flat.values())
    assert all(one.blocks.p is None and one.joint.p is None for one in flat.values())
    by_target = judged([CORPORA.index(t) for t in TARGETS], np.arange(20.0), draws=100)
    assert by_target["spearman", "overall"].value is not None
    assert by_target["spearman", "within_target"].value is None
    only = rank_correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0]), ["a", "b"], ["b", "a"])
    assert only[0].value == pytest.approx(1)
    assert only[0].blocks.reason == "one_source_a_target"
    assert (only[-1].value, only[-1].reason) == (None, "one_source_a_target")
    assert only[0].joint.reason == "some_pairs_are_missing"


def test_a_target_whose_estimates_do_not_vary_is_left_out_and_counted() -> None:
    x, y = np.arange(20.0), np.arange(20.0)
    x[[t == "a" for t in TARGETS]] = 3
    one = judged(x, y, draws=500)["kendall", "within_target"]
    assert (one.value, one.targets, one.pairs) == (1, 4, 16)


@pytest.mark.parametrize(
    ("x", "sources", "message"),
    [
        ([1.0, 2.0], ["a"], "do not belong together"),
        ([1.0, math.nan], ["a", "b"], "without an estimate"),
        ([1.0, 2.0], ["a", "a"], "a->t occurs twice"),
    ],
)
def test_pairs_that_cannot_be(x: list[float], sources: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rank_correlation(np.array(x), np.array([1.0, 2.0]), sources, ["t", "t"])
