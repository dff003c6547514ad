"""Prior estimates: known shifts are found, collapses are seen, and EM and BBSE equal references written otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import softmax

from harness.statistics import prior_shift, temperature

MEANS = np.array([[0.0, 0.0], [2.2, 0.0], [0.0, 2.2]])
SOURCE, TARGET = np.array([0.5, 0.3, 0.2]), np.array([0.15, 0.25, 0.6])


def world(seed: int, shares: Any, n: int, stretch: float = 1.0, shift: float = 0.0) -> tuple[Any, Any]:
    """Truth, and what Bayes' rule at the source prior says; `stretch` makes it overconfident, `shift` moves x."""
    chance = np.random.default_rng(seed)
    truth = chance.choice(3, n, p=shares)
    x = MEANS[truth] + chance.normal(size=(n, 2)) + shift
    logits = -((x[:, None] - MEANS) ** 2).sum(axis=-1) / 2 + np.log(SOURCE)
    return truth, softmax(stretch * logits, axis=1)


DEV = world(1, SOURCE, 8000)


@pytest.mark.parametrize("method", ["em", "hard", "soft"])
def test_a_known_prior_shift_is_recovered(method: str) -> None:
    truth, scores = world(2, TARGET, 8000)
    if method == "em":
        found = prior_shift.em(scores, SOURCE, true=TARGET)
        assert found.converged
    else:
        found = prior_shift.bbse(*DEV, scores, soft=method == "soft", true=TARGET)
        assert found.confusion is not None
        assert found.confusion.clipped == 0
        assert 1 < found.confusion.condition < 5
    assert found.estimate is not None
    assert found.weights is not None
    assert found.distance is not None
    assert found.distance < 0.02
    assert not found.collapsed
    assert not found.warnings
    mended = prior_shift.adjusted(scores, found.weights).argmax(axis=1)
    oracle = prior_shift.adjusted(scores, prior_shift.ratio(TARGET, SOURCE)).argmax(axis=1)
    plain = np.mean(scores.argmax(axis=1) == truth)
    assert np.mean(mended == truth) > plain + 0.04
    assert np.mean(mended == truth) == pytest.approx(np.mean(oracle == truth), abs=0.005)


@pytest.mark.parametrize("seed", range(4))
def test_em_reaches_the_maximum_of_the_likelihood(seed: int) -> None:
    """Its fixed point maximises sum log sum_y p(y|x) t(y)/s(y); a general optimiser finds the same."""
    _, scores = world(seed, TARGET, 300)

    def loss(free: Any) -> float:
        return -float(np.log(scores @ (softmax(np.append(free, 0)) / SOURCE)).mean())

    best = softmax(np.append(minimize(loss, np.zeros(2), tol=1e-12).x, 0))
    assert_allclose(prior_shift.em(scores, SOURCE).estimate, best, atol=2e-4)


def test_em_equals_its_steps_written_row_by_row() -> None:
    _, scores = world(5, TARGET, 40)
    t = SOURCE.copy()
    for _ in range(3000):
        rows = [[p * t[c] / SOURCE[c] for c, p in enumerate(row)] for row in scores]
        t = np.array([[v / sum(row) for v in row] for row in rows]).mean(axis=0)
    assert_allclose(prior_shift.em(scores, SOURCE).estimate, t, atol=1e-4)


@pytest.mark.parametrize("soft", [False, True])
def test_bbse_equals_the_joint_form_of_the_paper(soft: bool) -> None:
    """w = C^-1 mu with C the joint matrix; here solved by least squares of all."""
    _, scores = world(6, TARGET, 500)
    dev_truth, dev = DEV
    joint, seen = np.zeros((3, 3)), np.zeros(3)
    for y, row in zip(dev_truth, dev, strict=True):
        joint[:, y] += (row if soft else np.eye(3)[row.argmax()]) / len(dev)
    for row in scores:
        seen += (row if soft else np.eye(3)[row.argmax()]) / len(scores)
    w = np.linalg.lstsq(joint, seen, rcond=None)[0]
    expected = w * prior_shift.shares(dev_truth, 3)
    assert (expected > 0).all()
    found = prior_shift.bbse(dev_truth, dev, scores, soft=soft)
    assert_allclose(found.estimate, expected / expected.sum(), atol=1e-9)


def test_the_collapse_of_em_on_overconfident_moved_scores_is_seen() -> None:
    truth, scores = world(7, SOURCE, 4000, stretch=8, shift=2.5)
    found = prior_shift.em(scores, SOURCE, true=SOURCE)
    assert found.collapsed
    assert any("collapsed" in one for one in found.warnings)
    assert found.distance is not None
    assert found.distance > 0.2
    calm = prior_shift.em(world(7, SOURCE, 4000)[1], SOURCE, true=SOURCE)
    assert not calm.collapsed
    assert len(truth)


def test_a_fall_of_entropy_alone_is_a_collapse() -> None:
    scores = np.tile([0.9, 0.05, 0.05], (50, 1))
    found = prior_shift.em(scores, np.full(3, 1 / 3))
    assert found.collapsed
    assert found.entropy is not None
    assert found.entropy < 0.1 < found.entropy_source


def test_negative_shares_are_clipped_and_counted() -> None:
    only = world(8, [1.0, 0, 0], 400, shift=-1)[1]
    found = prior_shift.bbse(*DEV, only)
    assert found.confusion is not None
    assert found.confusion.clipped >= 1
    assert any("negative" in one for one in found.warnings)
    assert found.collapsed


def test_a_model_that_never_varies_has_no_estimate_but_a_reason() -> None:
    truth, flat = np.array([0, 1, 2] * 5), np.tile([0.6, 0.3, 0.1], (15, 1))
    found = prior_shift.bbse(truth, flat, flat)
    assert found.estimate is None
    assert found.weights is None
    assert found.reason == "the confusion matrix of source dev is singular"
    assert found.confusion is not None
    assert found.confusion.condition == float("inf")


def test_a_class_that_the_source_lacks_keeps_no_share() -> None:
    truth, scores = world(9, [0.5, 0.5, 0], 500)
    lacking = np.array([0.6, 0.4, 0])
    for found in (prior_shift.em(scores, lacking), prior_shift.bbse(truth, scores, scores)):
        assert found.estimate is not None
        assert found.estimate[2] == 0
        assert found.weights is not None
        assert found.weights[2] == 0


def test_a_class_that_dev_lacks_is_named() -> None:
    truth, scores = world(10, [0.5, 0.5, 0], 500)
    assert any("no row of classes 2" in one for one in prior_shift.bbse(truth, scores, scores, source=SOURCE).warnings)


def test_adjusted_scores_are_posteriors_at_the_other_prior() -> None:
    chance = np.random.default_rng(0)
    likelihood = chance.random((20, 3))
    at = [likelihood * p / (likelihood * p).sum(axis=1, keepdims=True) for p in (SOURCE, TARGET)]
    assert_allclose(prior_shift.adjusted(at[0], prior_shift.ratio(TARGET, SOURCE)), at[1], atol=1e-5)


def test_bad_input_is_named() -> None:
    scores = DEV[1][:10]
    with pytest.raises(ValueError, match="weights"):
        prior_shift.adjusted(scores, np.zeros(3))
    with pytest.raises(ValueError, match="one row of shares"):
        prior_shift.em(scores, np.array([0.5, 0.2, 0.1]))
    with pytest.raises(ValueError, match="scores of 3 classes and a prior of 2"):
        prior_shift.em(scores, np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="one replicate"):
        prior_shift.em(scores[None], SOURCE)
    with pytest.raises(ValueError, match="class shares"):
        prior_shift.shares(np.array([3]), 3)
    with pytest.raises(ValueError, match="priors of"):
        prior_shift.ratio(SOURCE, np.array([0.5, 0.5]))


def test_em_needs_the_bias_of_each_class_and_not_the_temperature_alone() -> None:
    """Scores that favour a class on dev: one temperature leaves that, and EM takes it for a prior (Alexandari 2020)."""
    tilt = np.array([0.0, 1.5, -1.0])

    def tilted(scores: Any) -> Any:
        raised = scores**1.7 * np.exp(tilt)
        return raised / raised.sum(axis=1, keepdims=True)

    y, dev = DEV[0], tilted(DEV[1])
    _, scores = world(2, TARGET, 8000)
    t, bias = temperature.bias_corrected(y, dev)
    assert t == pytest.approx(1.7, abs=0.1)
    assert_allclose(bias - bias.mean(), -(tilt - tilt.mean()) / t, atol=0.1)
    source = prior_shift.shares(y, 3)
    corrected = prior_shift.em(temperature.biased(tilted(scores), t, bias), source, TARGET)
    alone = prior_shift.em(temperature.tempered(tilted(scores), temperature.best(y, dev))[0], source, TARGET)
    assert corrected.distance is not None
    assert alone.distance is not None
    assert corrected.distance < 0.03 < 0.1 < alone.distance
