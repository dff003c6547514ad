"""Recipes against each other over targets: differences, intervals, p against the baseline, Holm."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from harness.comparison_study import ALL, Entry, compared, decided

CHANCE = np.random.default_rng(5)
TARGETS = ("one", "two")


def entry(recipe: str, target: str, value: float, baseline: float | None = 0.5, spread: float = 0.02) -> Entry:
    """A recipe whose difference from the baseline would be noise of `spread` if recipes changed places."""
    drawn = value + CHANCE.normal(0, spread, 500)
    if baseline is None:
        return Entry(recipe, target, 2, 40, value, drawn)
    return Entry(recipe, target, 2, 40, value, drawn, value - baseline, CHANCE.normal(0, spread, 999))


def study(**values: float) -> list[Entry]:
    return [entry("base", t, 0.5, None) for t in TARGETS] + [entry(n, t, v) for n, v in values.items() for t in TARGETS]


def test_a_large_difference_is_decided_and_none_is_not() -> None:
    found = {
        (one.first, one.second): one
        for one in compared(study(better=0.6, same=0.501), "base", 0.95)
        if one.scope == ALL
    }
    assert decided(found["better", "base"])
    assert not decided(found["same", "base"])
    assert found["better", "base"].difference == pytest.approx(0.1)
    assert found["better", "base"].low > 0  # type: ignore[operator]
    assert found["better", "base"].cells == 4
    assert found["better", "base"].smallest_p == 1 / 1000


def test_pairs_without_the_baseline_have_an_interval_and_no_p() -> None:
    found = compared(study(a=0.6, b=0.4), "base", 0.95)
    (pair,) = [one for one in found if {one.first, one.second} == {"a", "b"}]
    assert pair.p is None
    assert abs(pair.difference) == pytest.approx(0.2)
    assert not any(decided(one) for one in found if one.p is None)


def test_holm_is_that_of_statsmodels_over_one_scope() -> None:
    found = [one for one in compared(study(a=0.53, b=0.52, c=0.51), "base", 0.95) if one.p is not None]
    for scopes in ({ALL}, set(TARGETS)):
        ours = [one for one in found if one.scope in scopes]
        assert len(ours) == 3 * len(scopes)
        theirs = multipletests([one.p for one in ours], method="holm")[1]
        np.testing.assert_allclose([one.p_holm for one in ours], theirs)


def test_a_target_that_one_recipe_lacks_is_left_out_for_all() -> None:
    entries = [one for one in study(a=0.6) if (one.recipe, one.target) != ("a", "two")]
    assert {one.scope for one in compared(entries, "base", 0.95)} == {ALL, "one"}
    assert all(one.cells == 2 for one in compared(entries, "base", 0.95))


def test_one_recipe_alone_is_compared_with_nothing() -> None:
    assert compared([entry("base", "one", 0.5, None)], "base", 0.95) == []


def test_the_overall_p_holds_its_level_under_the_null() -> None:
    """Recipes that differ by noise alone are called different in about one of twenty studies."""
    wrong = 0
    for _ in range(400):
        entries = []
        for target in TARGETS:
            apart = CHANCE.normal(0, 0.02)
            entries.append(Entry("base", target, 1, 40, 0.5, np.full(10, 0.5)))
            entries.append(Entry("x", target, 1, 40, 0.5 + apart, np.full(10, 0.5), apart, CHANCE.normal(0, 0.02, 199)))
        (one,) = [c for c in compared(entries, "base", 0.95) if c.scope == ALL]
        wrong += bool(one.p is not None and one.p <= 0.05)
    assert 5 <= wrong <= 35  # 20 expected; outside with a chance of one in a thousand
