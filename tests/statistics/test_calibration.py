"""Calibration measures against torchmetrics, scikit-learn and counting by hand; temperatures that are known."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.special import softmax
from sklearn.metrics import log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from harness.core.plugins import find
from harness.statistics import calibration, temperature
from harness.statistics import sums as statistics


def drawn(seed: int, n: int = 60, k: int = 4, replicates: int = 3) -> tuple[Any, Any]:
    chance = np.random.default_rng(seed)
    return chance.integers(0, k, n), chance.dirichlet(np.full(k, 0.6), size=(replicates, n))


def honest(seed: int, n: int, k: int = 4, sharp: float = 2.0) -> tuple[Any, Any]:
    """Logits (n, k), and truth drawn from their softmax: a model that is calibrated."""
    chance = np.random.default_rng(seed)
    logits = chance.normal(0, sharp, (n, k))
    return (softmax(logits, axis=1).cumsum(axis=1) < chance.random((n, 1))).sum(axis=1), logits


@pytest.mark.parametrize("seed", range(5))
def test_nll_brier_and_ece_equal_their_references(seed: int) -> None:
    truth, scores = drawn(seed)
    assert_allclose(calibration.nll(truth, scores), [log_loss(truth, one, labels=range(4)) for one in scores])
    by_hand = [np.mean([sum((p - (c == t)) ** 2 for c, p in enumerate(row)) for row, t in zip(one, truth, strict=True)])
               for one in scores]  # fmt: skip
    assert_allclose(calibration.brier(truth, scores), by_hand)
    for bins in (5, 15):
        found = [
            float(multiclass_calibration_error(torch.tensor(one), torch.tensor(truth), 4, n_bins=bins))
            for one in scores
        ]
        assert_allclose(calibration.ece(truth, scores, bins), found, atol=1e-6)


@pytest.mark.parametrize(("name", "function"), [("nll", calibration.nll), ("brier", calibration.brier)])
def test_the_metrics_of_this_name_agree(name: str, function: Any) -> None:
    truth, scores = drawn(3)
    sums = statistics.probability(truth, scores, np.arange(60) % 7)
    assert sums.shape == (3, 7, 3)
    assert_allclose(find("metric", name).from_statistic(sums.sum(axis=1)), function(truth, scores))


def test_a_probability_of_zero_costs_what_a_float32_can_tell() -> None:
    assert_allclose(calibration.nll(np.array([0]), np.array([[0.0, 1.0]])), 23 * np.log(2))


def test_adaptive_ece_counted_by_hand() -> None:
    truth, scores = drawn(7, n=53)
    for one, found in zip(scores, calibration.adaptive_ece(truth, scores, 10), strict=True):
        order = sorted(range(53), key=lambda at: one[at].max())
        sizes = [6, 6, 6, 5, 5, 5, 5, 5, 5, 5]
        edges = list(itertools.accumulate(sizes, initial=0))
        parts = [order[a:b] for a, b in itertools.pairwise(edges)]
        total = sum(abs(sum((one[i].argmax() == truth[i]) - one[i].max() for i in part)) for part in parts)
        assert found == pytest.approx(total / 53)


def test_classwise_ece_is_the_mean_of_binary_errors() -> None:
    truth, scores = drawn(8)
    for one, found in zip(scores, calibration.classwise_ece(truth, scores), strict=True):
        expected = []
        for c in range(4):
            total = 0.0
            for b in range(15):
                rows = [i for i in range(60) if b / 15 < one[i, c] <= (b + 1) / 15]
                total += abs(sum(one[i, c] - (truth[i] == c) for i in rows))
            expected.append(total / 60)
        assert found == pytest.approx(np.mean(expected))


def test_the_reliability_table_adds_up_to_the_ece() -> None:
    truth, scores = drawn(9)
    bars = calibration.reliability(truth, scores[:1])
    assert sum(bar.rows for bar in bars) == 60
    total = sum(bar.rows * abs(bar.accuracy - bar.confidence) for bar in bars if bar.accuracy is not None
                and bar.confidence is not None)  # fmt: skip
    assert total / 60 == pytest.approx(calibration.ece(truth, scores[:1])[0])
    assert all((bar.accuracy is None) == (bar.rows == 0) for bar in bars)
    assert bars[0].rows == 0, "no confidence of four classes is under .25"


def test_risk_and_coverage_by_hand() -> None:
    truth, scores = np.zeros(4, dtype=int), np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
    coverage, risk = calibration.risk_coverage(truth, scores)
    assert_allclose(coverage, [0.25, 0.5, 0.75, 1])
    assert_allclose(risk[0], [0, 1 / 2, 1 / 3, 2 / 4])
    assert calibration.aurc(truth, scores)[0] == pytest.approx(np.mean([0, 1 / 2, 1 / 3, 1 / 2]))
    best = np.mean([0, 0, 1 / 3, 2 / 4])
    assert calibration.excess_aurc(truth, scores)[0] == pytest.approx(np.mean([0, 1 / 2, 1 / 3, 1 / 2]) - best)


def test_rows_of_one_confidence_count_as_in_the_mean_of_their_orders() -> None:
    said = np.array([0.9, 0.6, 0.6, 0.6, 0.5])
    wrong = [0, 1, 0, 1, 0]
    scores = np.array([[1 - c, c] if w else [c, 1 - c] for c, w in zip(said, wrong, strict=True)])
    orders = [[0, *middle, 4] for middle in itertools.permutations((1, 2, 3))]
    curves = [np.cumsum([wrong[i] for i in order]) / np.arange(1, 6) for order in orders]
    assert_allclose(calibration.risk_coverage(np.zeros(5, dtype=int), scores)[1][0], np.mean(curves, axis=0))


def test_a_perfect_model_is_best_everywhere() -> None:
    truth = np.array([0, 1, 2, 2])
    found = calibration.measured(truth, np.eye(3)[truth])
    assert found == calibration.Calibration(0, 0, 0, 0, 0, 0, 0, 0)


def test_a_calibrated_model_has_hardly_any_error() -> None:
    truth, logits = honest(1, 40_000)
    found = calibration.measured(truth, softmax(logits, axis=1))
    assert max(found.ece, found.adaptive_ece, found.classwise_ece) < 0.01


@pytest.mark.parametrize(
    ("truth", "scores", "words"),
    [
        ([0, 1], [[0.5, 0.5]], "are not"),
        ([], np.zeros((1, 0, 2)), "no row"),
        ([2], [[0.5, 0.5]], "class indices"),
        ([0.5], [[0.5, 0.5]], "class indices"),
        ([0], [[0.9, 0.5]], "1 in sum"),
        ([0], [[np.nan, 0.5]], "finite"),
        ([0], [[1.5, -0.5]], "not negative"),
    ],
)
def test_what_does_not_fit_is_an_error(truth: Any, scores: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        calibration.measured(np.array(truth), np.array(scores))
    with pytest.raises(ValueError, match="bins"):
        calibration.ece(np.array([0]), np.array([[0.5, 0.5]]), 0)


@pytest.mark.parametrize("known", [0.4, 1.0, 1.4, 3.0])
def test_a_known_temperature_is_found(known: float) -> None:
    """Logits multiplied by T are mended by dividing by T."""
    truth, logits = honest(2, 20_000, sharp=1.5)
    found = temperature.fitted(truth, softmax(logits * known, axis=1).astype(np.float32))
    assert found.temperature == pytest.approx(known, rel=0.04)
    assert found.keep == (known != 1.0)
    assert found.nll[1] <= found.nll[0] + 1e-9
    assert not found.warnings


def test_the_temperature_is_that_of_a_fine_grid() -> None:
    truth, logits = honest(4, 400, sharp=1.5)
    scores = softmax(logits * 2, axis=1)
    grid = np.geomspace(0.3, 10, 500)
    losses = [log_loss(truth, softmax(np.log(scores) / t, axis=1), labels=range(logits.shape[1])) for t in grid]
    best = grid[int(np.argmin(losses))]
    assert temperature.fitted(truth, scores).temperature == pytest.approx(best, rel=0.03)


def test_tempering_changes_no_prediction_and_one_changes_nothing() -> None:
    _, scores = drawn(5)
    assert_allclose(temperature.tempered(scores, 1), scores, atol=1e-6)
    assert (temperature.tempered(scores, 2.5).argmax(-1) == scores.argmax(-1)).all()
    with pytest.raises(ValueError, match="positive"):
        temperature.tempered(scores, 0)


def test_a_model_that_is_always_right_or_never_is_at_the_edge() -> None:
    truth = np.array([0, 1] * 10)
    for probability, edge in ((0.7, 0.05), (0.3, 20)):
        scores = np.where(np.eye(2)[truth] == 1, probability, 1 - probability)
        found = temperature.fitted(truth, scores)
        assert found.temperature == pytest.approx(edge, rel=0.01)
        assert found.warnings
        assert not found.keep


def test_a_cell_is_scaled_by_source_dev_and_bounded_by_its_own_truth() -> None:
    dev, dev_logits = honest(3, 6000)
    target, logits = honest(4, 6000)
    fits = [temperature.fitted(dev, softmax(dev_logits * a, axis=1)) for a in (2.0, 3.0)]
    scores = np.stack([softmax(logits * a, axis=1) for a in (2.5, 3.0)])
    after = temperature.tempered(scores, [one.temperature for one in fits])
    best = [temperature.best(target, one) for one in scores]
    bound = temperature.tempered(scores, best)
    assert all(one.keep for one in fits)
    assert_allclose(best, [2.5, 3.0], rtol=0.06)
    before, then, least = (calibration.nll(target, one).mean() for one in (scores, after, bound))
    assert before > then >= least
    assert calibration.ece(target, scores).mean() > calibration.ece(target, after).mean()
    with pytest.raises(ValueError, match="one replicate"):
        temperature.fitted(target, scores)
