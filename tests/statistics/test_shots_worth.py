"""How many labels a source is worth: known crossings are found, and what lies beyond is said to."""

from __future__ import annotations

import numpy as np
import pytest

from harness.statistics.shots_worth import Worth, crossing, crossing_interval

LINE = {5: 0.30, 20: 0.40, 100: 0.50}


def test_a_known_crossing_of_a_logarithmic_learning_curve_is_recovered() -> None:
    shots = [5, 10, 20, 50, 100, 300]
    curve = {k: 0.25 + 0.05 * np.log(k) for k in shots}
    for true in (7, 20, 33, 180):
        worth = crossing(curve, 0.25 + 0.05 * np.log(true))
        assert worth.shots == pytest.approx(true, rel=1e-6)
        assert not worth.bound


def test_a_noisy_curve_gives_the_crossing_within_its_noise() -> None:
    chance = np.random.default_rng(1)
    found = []
    for _ in range(300):
        curve = {k: 0.25 + 0.05 * np.log(k) + chance.normal(0, 0.004) for k in (5, 10, 20, 50, 100, 300)}
        found.append(crossing(curve, 0.25 + 0.05 * np.log(40)).shots)
    assert np.median([one for one in found if one]) == pytest.approx(40, rel=0.1)


def test_beyond_the_tried_numbers_only_a_side_is_known() -> None:
    assert crossing(LINE, 0.2) == Worth(5, "<")
    assert crossing(LINE, 0.6) == Worth(100, ">")
    assert str(crossing(LINE, 0.6)) == ">100"
    assert str(crossing({}, 0.5)) == "–"


def test_a_value_on_the_line_is_its_own_number() -> None:
    assert crossing(LINE, 0.4).shots == pytest.approx(20)
    assert crossing(LINE, 0.3) == Worth(5)


def test_the_interval_of_a_crossing_is_that_of_its_resamples() -> None:
    """The figures of docs/real-text.md before it had one: 51 labels, or 34 to 79."""
    chance = np.random.default_rng(0)
    line, zero = {5: 0.313, 20: 0.354, 50: 0.401, 100: 0.434, 300: 0.485}, 0.402
    drawn = np.array(list(line.values())) + chance.normal(0, 0.005, (4000, 5))
    low, high = crossing_interval(list(line), drawn, zero + chance.normal(0, 0.01, 4000), 0.95)
    assert (low.shots, high.shots) == (pytest.approx(34, abs=2), pytest.approx(79, abs=4))
    assert (low.bound, high.bound) == ("", "")


def test_an_end_beyond_the_tried_numbers_says_so() -> None:
    chance = np.random.default_rng(1)
    drawn = np.array([0.3, 0.4, 0.5]) + chance.normal(0, 0.01, (1000, 3))
    low, high = crossing_interval([5, 20, 100], drawn, np.full(1000, 0.49), 0.95)
    assert (str(high), low.bound) == (">100", "")
    low, high = crossing_interval([5, 20, 100], drawn, np.full(1000, 0.30), 0.95)
    assert (str(low), high.bound) == ("<5", "")
    nothing = crossing_interval([5, 20, 100], np.full((10, 3), np.nan), np.zeros(10), 0.95)
    assert nothing == (Worth(None), Worth(None))
