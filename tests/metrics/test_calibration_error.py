"""Calibration errors of models that are calibrated by construction: about 0, with intervals that hold their value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from harness.core.plugins import find
from harness.evaluation.matrix import scoring
from harness.statistics import sums
from harness.study.labels import EMOTION4

RMS_CE, ECE = find("metric", "rms_ce"), find("metric", "ece")


def drawn(chance: Any, n: int, dialogues: int, sharper: float = 1.0) -> scoring.ScoredRows:
    """Truth drawn from the probabilities of a model, which then says them `sharper` times as surely."""
    true = np.exp(chance.normal(0, 1, (n, 4)))
    true /= true.sum(axis=1, keepdims=True)
    truth = (true.cumsum(axis=1) > chance.random((n, 1))).argmax(axis=1)
    said = true**sharper
    said /= said.sum(axis=1, keepdims=True)
    clusters = np.concatenate([np.arange(dialogues), chance.integers(0, dialogues, n - dialogues)])
    return scoring.ScoredRows(truth, said[None].astype(np.float32), clusters, n, (1,))


def spread(scored: scoring.ScoredRows, resamples: int = 300) -> tuple[float, float, float]:
    statistic = scoring.statistic(scored, EMOTION4, RMS_CE)
    values = sums.resampled(statistic, sums.draws(scored.dialogues, resamples, 1), RMS_CE)
    low, high = scoring.interval(values, scored.dialogues, 0.95)
    assert low is not None
    assert high is not None
    return float(RMS_CE.from_statistic(statistic.sum(axis=1))[0]), low, high


@pytest.mark.parametrize(("n", "dialogues", "most"), [(450, 60, 0.03), (2610, 280, 0.012)])
def test_a_calibrated_model_has_about_no_error_at_any_n(n: int, dialogues: int, most: float) -> None:
    chance = np.random.default_rng(1)
    values, eces, floors = [], [], []
    for _ in range(40):
        scored = drawn(chance, n, dialogues)
        value, low, high = spread(scored)
        assert low <= value <= high
        assert low == 0
        values.append(value)
        eces.append(ECE.from_statistic(scoring.statistic(scored, EMOTION4, ECE).sum(axis=1))[0])
        floors.append(ECE.of_calibrated(scored.scores)[0])
    assert np.mean(values) < most
    assert np.median(values) < most / 2
    assert np.mean(eces) > 2 * np.mean(values)
    assert np.mean(floors) == pytest.approx(np.mean(eces), rel=0.08)  # the floor of ECE is what it cannot fall below


def test_the_interval_of_a_model_that_is_too_sure_covers_its_error() -> None:
    chance = np.random.default_rng(2)
    true = spread(drawn(chance, 200_000, 20_000, 1.5), 2)[0]
    assert true == pytest.approx(0.105, abs=0.004)
    found = [spread(drawn(chance, 450, 60, 1.5)) for _ in range(100)]
    assert np.mean([low <= true <= high for _, low, high in found]) > 0.88
    assert all(low <= value <= high for value, low, high in found)
    assert np.mean([value for value, _, _ in found]) == pytest.approx(true, abs=0.01)


def test_rows_of_one_dialogue_are_no_evidence_of_each_other() -> None:
    """Ten copies of each row look like ten times the evidence; only products of different dialogues count."""
    chance = np.random.default_rng(3)
    one = drawn(chance, 300, 300)
    again = scoring.ScoredRows(
        np.repeat(one.truth, 10), np.repeat(one.scores, 10, axis=1), np.repeat(one.clusters, 10), 3000, (1,)
    )
    by_dialogue, by_row = (
        RMS_CE.from_statistic(scoring.statistic(scored, EMOTION4, RMS_CE).sum(axis=1))[0]
        for scored in (again, scoring.ScoredRows(again.truth, again.scores, np.arange(3000), 3000, (1,)))
    )
    assert by_dialogue == pytest.approx(spread(one)[0])
    assert by_row > by_dialogue + 0.02


def test_a_dialogue_that_is_drawn_twice_is_not_compared_with_itself() -> None:
    scored = drawn(np.random.default_rng(4), 200, 20, 2.0)
    statistic = scoring.statistic(scored, EMOTION4, RMS_CE)
    weights = sums.draws(20, 30, 5)
    fast = sums.resampled(statistic, weights, RMS_CE)
    apart, rows = statistic[0, ..., 1], statistic[0, ..., 0]
    for at, times in enumerate(weights.astype(int)):
        squared = 0.0
        for one in range(15):
            d, n = apart[:, one], (times * rows[:, one]).sum()
            pairs = sum(times[i] * times[j] * d[i] * d[j] for i in range(20) for j in range(20) if i != j)
            squared += pairs / n if n else 0
        assert_allclose(fast[at], np.sqrt(max(squared / (times @ rows.sum(axis=1)), 0)), atol=1e-9)


def test_ece_has_no_interval() -> None:
    scored = drawn(np.random.default_rng(5), 450, 60)
    (value,) = scoring.values(scored, EMOTION4, ["ece"], sums.draws(60, 200, 1))
    assert scoring.interval(value.resamples, 60, 0.95) == (None, None)
    assert value.replicates[0] == pytest.approx(0.05, abs=0.03)
