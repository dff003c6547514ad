"""Ranks within targets, Friedman and Wilcoxon."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from scipy.stats import friedmanchisquare, wilcoxon

from harness.statistics import ranks


def blocks(values: np.ndarray) -> ranks.Blocks:
    count, k = values.shape
    names = tuple(f"r{at}" for at in range(k)), tuple(f"t{at}" for at in range(count))
    return ranks.Blocks(*names, values, (1,) * count, ())


def random_blocks(count: int, k: int, seed: int = 0) -> ranks.Blocks:
    return blocks(np.random.default_rng(seed).normal(size=(count, k)))


def test_a_targets_mean_is_over_the_sources_that_all_recipes_have() -> None:
    made = {
        ("a", "x", "t"): 0.4, ("a", "y", "t"): 0.6, ("a", "x", "u"): 0.3,
        ("b", "x", "t"): 0.5, ("b", "y", "t"): None, ("b", "x", "u"): 0.1,
    }  # fmt: skip
    found = ranks.by_target(made)
    assert (found.recipes, found.targets, found.cells) == (("a", "b"), ("t", "u"), (1, 1))
    assert found.values == pytest.approx(np.array([[0.4, 0.5], [0.3, 0.1]]))
    assert found.left_out == ("y -> t: not all recipes",)


def test_cells_of_a_target_are_one_block() -> None:
    made = {(r, s, t): v for v, (r, s, t) in enumerate(product("ab", "xyz", "tu"))}
    assert ranks.by_target({key: float(value) for key, value in made.items()}).values.shape == (2, 2)


def test_friedman_is_scipys_with_ties_as_well() -> None:
    values = np.round(np.random.default_rng(1).normal(size=(9, 4)), 1)
    found = ranks.rank(blocks(values))
    reference = friedmanchisquare(*values.T)
    assert found.friedman == pytest.approx(reference.statistic)
    assert found.friedman_chi2_p == pytest.approx(reference.pvalue)


def test_friedmans_permuted_p_is_that_of_all_permutations() -> None:
    values = np.random.default_rng(2).normal(size=(4, 3)) + np.array([0, 0.7, 1.4])
    found = ranks.rank(blocks(values))
    order = np.argsort(np.argsort(values, axis=1), axis=1) + 1
    observed = ((order.sum(axis=0) - 8) ** 2).sum()
    every = [((np.sum(one, axis=0) - 8) ** 2).sum() for one in product(permutations((1, 2, 3)), repeat=4)]
    assert found.friedman_p == pytest.approx(np.mean(np.array(every) >= observed), abs=0.015)


@pytest.mark.parametrize("seed", range(8))
def test_friedmans_p_is_never_below_what_so_few_targets_allow(seed: int) -> None:
    """Two recipes in the same order on three targets: one way in four gives as much, however many are drawn."""
    found = ranks.rank(blocks(np.tile([0.2, 0.1], (3, 1))), seed=seed)
    assert found.friedman_smallest_p == 0.25
    assert found.friedman_p >= 0.25  # type: ignore[operator]


def test_wilcoxon_is_scipys_and_holm_orders_it() -> None:
    made = random_blocks(12, 3)
    found = ranks.rank(made)
    for pair in found.pairs:
        one, other = (made.values[:, made.recipes.index(name)] for name in (pair.first, pair.second))
        assert pair.p == pytest.approx(wilcoxon(one, other).pvalue)
        assert pair.difference == pytest.approx((one - other).mean())
        assert pair.holm_p is not None
        assert pair.p is not None
        assert pair.p <= pair.holm_p <= 1


@pytest.mark.parametrize("count", [4, 5, 8])
def test_the_smallest_p_is_what_a_winner_on_every_target_gets(count: int) -> None:
    values = np.arange(count)[:, None] * 0.1 + np.array([0.0, 1.0]) * (1 + np.arange(count))[:, None]
    found = ranks.rank(blocks(values))
    assert found.recipes == ("r1", "r0")
    assert found.ranks == (1, 2)
    assert found.pairs[0].p == pytest.approx(found.wilcoxon_smallest_p) == 2 ** (1 - count)
    assert found.friedman_p == pytest.approx(found.friedman_smallest_p, abs=0.02)


def test_five_targets_and_ten_recipes_can_show_nothing_after_holm() -> None:
    found = ranks.rank(random_blocks(5, 10))
    assert found.wilcoxon_smallest_p == 0.0625
    assert found.holm_smallest_p == 1


def test_lower_can_be_better_and_recipes_may_tie() -> None:
    values = np.array([[0.1, 0.2, 0.1], [0.3, 0.5, 0.3], [0.2, 0.4, 0.2]])
    found = ranks.rank(blocks(values), higher_is_better=False)
    assert found.recipes[2] == "r1"
    assert found.ranks == (1.5, 1.5, 3)
    assert found.pairs[1].p == 1  # r0 and r2 never differ
    tied = ranks.rank(blocks(np.ones((3, 3))))
    assert (tied.friedman, tied.friedman_p) == (None, None)


def test_one_target_or_recipe_is_a_reason() -> None:
    assert "two of each" in (ranks.rank(random_blocks(1, 3)).reason or "")
    assert "two of each" in (ranks.rank(ranks.by_target({("a", "x", "t"): 0.1, ("a", "x", "u"): 0.2})).reason or "")
    assert ranks.rank(ranks.by_target({})).reason


def test_recipes_that_do_not_differ_are_rarely_called_different() -> None:
    ps = [ranks.rank(random_blocks(5, 4, seed)).friedman_p for seed in range(150)]
    assert np.mean([p is not None and p <= 0.05 for p in ps]) <= 0.09
