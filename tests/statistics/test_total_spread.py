"""Two variances put together, and the smallest difference that a study detects."""

from __future__ import annotations

import numpy as np
import pytest

from harness.statistics.total_spread import detectable, widened


def test_the_interval_of_two_independent_variances_covers_both() -> None:
    chance = np.random.default_rng(1)
    held = []
    for _ in range(2000):
        value = chance.normal(0.5, np.hypot(0.02, 0.03))  # what test data and training data make of .5
        low, high = widened((value, value - 1.96 * 0.02, value + 1.96 * 0.02), 0.02, 0.03)
        held.append(low <= 0.5 <= high)  # type: ignore[operator]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


def test_an_interval_that_is_not_symmetric_stays_so() -> None:
    assert widened((0.5, 0.4, 0.7), 0.03, 0.04) == pytest.approx((0.5 - 0.1 * 5 / 3, 0.5 + 0.2 * 5 / 3))
    assert widened((0.5, 0.4, 0.7), 0.03, 0.0) == (0.4, 0.7)


@pytest.mark.parametrize(
    ("of", "test", "train"),
    [((0.5, None, None), 0.1, 0.1), ((0.5, 0.4, 0.6), None, 0.1), ((0.5, 0.4, 0.6), 0.1, None)],
)
def test_without_one_of_the_parts_there_is_no_total(
    of: tuple[float, float | None, float | None], test: float | None, train: float | None
) -> None:
    assert widened(of, test, train) == (None, None)


def test_a_difference_as_large_as_detectable_is_found_four_times_of_five() -> None:
    chance = np.random.default_rng(2)
    true = detectable(0.03, 0.04, 0.95)
    assert true is not None
    observed = chance.normal(true, 0.05, 20000)
    assert np.mean(np.abs(observed) > 1.96 * 0.05) == pytest.approx(0.8, abs=0.01)
    assert detectable(None, 0.1, 0.95) is None
    assert detectable(0.05, None, 0.95) == pytest.approx(true)
