"""Bootstrap and permutation over whole dialogues, Holm, and what is a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import permutation_test
from scipy.stats import t as student
from sklearn.metrics import balanced_accuracy_score
from statsmodels.stats.multitest import multipletests

from harness.core.plugins import find
from harness.statistics import (
    few_clusters,
    paired_tests,
    sums,
)

UAR = find("metric", "uar")


@dataclass(frozen=True)
class Spread:
    replicates: Any
    resamples: Any


def cells(seed: int, dialogues: int, replicates: tuple[int, int] = (1, 1), better: float = 0.0) -> tuple[Any, ...]:
    """Truth, clusters and the predictions of two recipes whose skill differs from dialogue to dialogue."""
    chance = np.random.default_rng([7, seed])
    clusters = np.repeat(np.arange(dialogues), chance.integers(4, 12, dialogues))
    truth = chance.integers(0, 3, len(clusters))
    found = []
    for number, extra in zip(replicates, (better, 0.0), strict=True):
        skill = np.clip(chance.beta(3, 2, dialogues)[clusters] + extra, 0, 1)
        right = chance.random((number, len(clusters))) < skill
        found.append(np.where(right, truth, (truth + 1) % 3))
    return truth, clusters, *found


def counts(seed: int, dialogues: int, **more: Any) -> tuple[Any, Any]:
    truth, clusters, first, second = cells(seed, dialogues, **more)
    return sums.confusion(truth, first, clusters, 3), sums.confusion(truth, second, clusters, 3)


@pytest.mark.parametrize("replicates", [(1, 1), (2, 2), (1, 3), (2, 3)])
def test_all_exchanges_of_few_dialogues_are_those_of_brute_force(replicates: tuple[int, int]) -> None:
    truth, clusters, first, second = cells(1, 5, replicates)
    tested = paired_tests.paired_permutation(*(sums.confusion(truth, one, clusters, 3) for one in (first, second)), UAR)
    pairs = list(zip(*(np.resize(one, (6, len(truth))) for one in (first, second)), strict=True))

    def difference(swap: tuple[int, ...]) -> float:
        apart = []
        for one, other in pairs:
            moved = np.array(swap)[clusters] == 1
            a, b = np.where(moved, other, one), np.where(moved, one, other)
            apart.append(balanced_accuracy_score(truth, a) - balanced_accuracy_score(truth, b))
        return float(np.mean(apart))

    every = np.array([difference(swap) for swap in product((0, 1), repeat=5)])
    assert tested.exact
    assert tested.permutations == 2**4
    assert tested.smallest_p == 2**-4
    assert tested.value == pytest.approx(every[0])
    assert tested.p == pytest.approx((np.abs(every) >= abs(every[0]) - 1e-12).mean())


def test_random_exchanges_agree_with_scipy() -> None:
    """Of a mean over rows the exchange of dialogues is a sign flip, which scipy's permutation_test does as well."""
    first, second = counts(3, 40)
    tested = paired_tests.paired_permutation(first, second, find("metric", "wa"), permutations=20_000)
    hits = [np.trace(one[0], axis1=1, axis2=2) for one in (first, second)]
    total = first.sum()
    reference = permutation_test(
        hits,
        lambda a, b, axis: (a.sum(axis=axis) - b.sum(axis=axis)) / total,
        permutation_type="samples",
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    )
    assert tested.value == pytest.approx(reference.statistic)
    assert not tested.exact
    assert tested.p == pytest.approx(reference.pvalue, abs=0.015)


@pytest.mark.parametrize("name", ["uar", "macro_f1", "ece", "ccc", "mae"])
def test_one_exchange_is_the_metric_of_exchanged_rows(name: str) -> None:
    """Every statistic, not only counts: the p of two exchanged inputs is the same, the value turns its sign."""
    metric, chance = find("metric", name), np.random.default_rng(2)
    clusters, truth = np.repeat(np.arange(12), 6), chance.integers(0, 3, 72)
    if metric.STATISTIC == "moments":
        made = [sums.moments(truth / 2 - 1, chance.uniform(-1, 1, (2, 72)), clusters) for _ in range(2)]
    elif metric.STATISTIC == "calibration":
        made = [sums.calibration(truth, chance.dirichlet(np.ones(3), (2, 72)), clusters) for _ in range(2)]
    else:
        made = [sums.confusion(truth, chance.integers(0, 3, (2, 72)), clusters, 3) for _ in range(2)]
    there, back = paired_tests.paired_permutation(*made, metric), paired_tests.paired_permutation(*made[::-1], metric)
    direct = np.mean(metric.from_statistic(made[0].sum(axis=1))) - np.mean(metric.from_statistic(made[1].sum(axis=1)))
    assert there.value == pytest.approx(direct)
    assert back.value == pytest.approx(-direct)
    assert there.p == back.p


def test_equal_recipes_have_p_one_and_a_clear_winner_has_the_smallest() -> None:
    first, _ = counts(4, 30)
    assert paired_tests.paired_permutation(first, first, UAR).p == 1
    truth, clusters, guess, _ = cells(4, 30)
    perfect = sums.confusion(truth, truth[None], clusters, 3)
    tested = paired_tests.paired_permutation(perfect, sums.confusion(truth, guess, clusters, 3), UAR, 999)
    assert tested.p == tested.smallest_p == 1 / 1000


def test_a_comparison_of_different_dialogues_or_of_classes_is_refused() -> None:
    first, second = counts(5, 6)
    with pytest.raises(ValueError, match="same dialogues"):
        paired_tests.paired_permutation(first, second[:, :5], UAR)
    with pytest.raises(ValueError, match="one value per class"):
        paired_tests.paired_permutation(first, second, find("metric", "recall"))
    with pytest.raises(ValueError, match="same draws"):
        paired_tests.paired_bootstrap(Spread(np.ones(1), np.ones(9)), Spread(np.ones(1), np.ones(8)))


def test_an_undefined_metric_has_a_reason_and_no_p() -> None:
    empty = np.zeros((1, 4, 3, 3))
    tested = paired_tests.paired_permutation(empty, empty, UAR)
    assert (tested.value, tested.p, tested.reason) == (None, None, "undefined")


def test_the_bootstrap_of_a_difference_is_that_of_paired_draws() -> None:
    chance = np.random.default_rng(0)
    shared, own = chance.normal(0, 1, 4000), chance.normal(0.1, 0.05, 4000)
    found = paired_tests.paired_bootstrap(Spread(np.array([0.6]), shared + own), Spread(np.array([0.5]), shared), 0.9)
    assert found.value == pytest.approx(0.1)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(own, [0.05, 0.95])))
    assert found.opposite == pytest.approx((own <= 0).mean())


def test_the_bootstrap_of_what_is_often_undefined_has_no_interval() -> None:
    drawn = np.where(np.arange(100) < 10, np.nan, 0.5)
    found = paired_tests.paired_bootstrap(Spread(np.ones(2), drawn), Spread(np.zeros(2), np.zeros(100)))
    assert (found.value, found.low, found.reason) == (1, None, "undefined_in_resamples")
    missing = paired_tests.paired_bootstrap(Spread(np.array([np.nan]), drawn), Spread(np.zeros(1), np.zeros(100)))
    assert (missing.value, missing.reason) == (None, "undefined")


def permuted(studies: int, dialogues: int, better: float = 0.0) -> float:
    """How often the permutation test calls two recipes different at 5 %."""
    found = [
        paired_tests.paired_permutation(*counts(seed, dialogues, better=better), UAR, 499) for seed in range(studies)
    ]
    return float(np.mean([one.p is not None and one.p <= 0.05 for one in found]))


def bootstrapped(studies: int, dialogues: int, better: float = 0.0, level: float = 0.95) -> float:
    """How often the interval of the difference leaves zero out."""
    weights, wrong = sums.draws(dialogues, 999, 1), 0
    for seed in range(studies):
        spreads = [
            Spread(UAR.from_statistic(one.sum(axis=1)), sums.resampled(one, weights, UAR))
            for one in counts(seed, dialogues, better=better)
        ]
        found = paired_tests.paired_bootstrap(*spreads, level=level)
        assert found.low is not None
        assert found.high is not None
        wrong += not found.low <= 0 <= found.high
    return wrong / studies


def test_two_equal_recipes_are_called_different_as_often_as_the_level_says() -> None:
    """With 1,999 resamples, 4,000 studies of the bootstrap gave .058."""
    assert 0.035 <= permuted(2000, 60) <= 0.065
    assert 0.035 <= bootstrapped(2000, 60) <= 0.065


def test_few_dialogues_leave_the_permutation_test_honest() -> None:
    assert permuted(1000, 8) <= 0.065


def test_few_dialogues_need_the_small_sample_level_in_the_bootstrap() -> None:
    """The rates are .10 and .057 in 4,000 studies with 1,999 resamples: a study less than 3,000 long is too noisy."""
    assert bootstrapped(600, 10) > 0.08
    assert 0.035 <= bootstrapped(3000, 10, level=few_clusters.small_sample_level(10)) <= 0.065


def test_a_better_recipe_is_found() -> None:
    assert permuted(100, 60, better=0.15) > 0.9
    assert bootstrapped(100, 60, better=0.15) > 0.9


def test_exchanging_rows_instead_of_dialogues_would_promise_too_much() -> None:
    """What clusters are for: rows of a dialogue go right and wrong together."""
    wrong = 0
    for seed in range(300):
        truth, clusters, first, second = cells(seed, 20)
        rows = np.arange(len(clusters))
        made = [sums.confusion(truth, one, rows, 3) for one in (first, second)]
        tested = paired_tests.paired_permutation(*made, UAR, 199)
        wrong += tested.p is not None and tested.p <= 0.05
    assert wrong / 300 > 0.09


def covered(studies: int, dialogues: int, level: float) -> float:
    """How often an interval of that nominal level holds the true UAR of .6."""
    weights, hits = sums.draws(dialogues, 999, 2), 0
    for seed in range(studies):
        first, _ = counts(seed, dialogues)
        found = sums.interval(sums.resampled(first, weights, UAR), level)
        assert found is not None
        hits += found[0] <= 0.6 <= found[1]
    return hits / studies


def test_the_interval_of_eighty_dialogues_covers() -> None:
    assert 0.93 <= covered(1000, 80, 0.95) <= 0.97


def test_the_small_sample_level_mends_the_interval_of_ten_dialogues() -> None:
    plain, mended = covered(800, 10, 0.95), covered(800, 10, few_clusters.small_sample_level(10))
    assert plain < 0.93
    assert 0.93 <= mended <= 0.97


def test_the_small_sample_level_is_that_of_students_interval() -> None:
    chance = np.random.default_rng(1)
    sample = chance.normal(size=12)
    resamples = sample[chance.integers(0, 12, (200_000, 12))].mean(axis=1)
    low, high = sums.interval(resamples, few_clusters.small_sample_level(12)) or (0, 0)
    expected = student.interval(0.95, 11, sample.mean(), sample.std(ddof=1) / 12**0.5)
    assert (high - low) == pytest.approx(expected[1] - expected[0], rel=0.05)
    assert few_clusters.small_sample_level(100_000) == pytest.approx(0.95, abs=1e-4)
    with pytest.raises(ValueError, match="no spread"):
        few_clusters.small_sample_level(1)


def test_holm_by_hand_with_a_missing_p() -> None:
    corrected, rejected = paired_tests.holm([0.01, None, 0.04, 0.03])
    assert [one and pytest.approx(one) for one in corrected] == [0.03, None, 0.06, 0.06]
    assert rejected == [True, False, False, False]
    assert paired_tests.holm([None]) == ([None], [False])
    assert paired_tests.holm([]) == ([], [])


def test_holm_is_that_of_statsmodels() -> None:
    for seed in range(5):
        ps = np.random.default_rng(seed).beta(0.3, 2, 12).round(2).tolist()
        corrected, rejected = paired_tests.holm(ps)
        reject, adjusted, _, _ = multipletests(ps, method="holm")
        assert_allclose(np.array(corrected, dtype=float), adjusted)
        assert rejected == reject.tolist()


def test_exchanges_repeat_themselves_and_are_even() -> None:
    masks, exact = paired_tests.exchanges(30, 4000, 1)
    assert not exact
    assert_array_equal(masks, paired_tests.exchanges(30, 4000, 1)[0])
    assert_allclose(masks.mean(axis=0), 0.5, atol=0.04)
    every, exact = paired_tests.exchanges(5, 16, 1)
    assert exact
    assert len(np.unique(every, axis=0)) == 16
    assert not every[:, 0].any()


def test_a_metric_without_a_reduced_form_is_tested_on_its_sums() -> None:
    bare = SimpleNamespace(from_statistic=UAR.from_statistic)
    first, second = counts(6, 9)
    assert paired_tests.paired_permutation(first, second, bare) == paired_tests.paired_permutation(first, second, UAR)
