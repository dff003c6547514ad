"""Estimates of transferability against independent references, and what a rank correlation may claim."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize, sparse, stats

from harness.evaluation.transferability import estimators
from harness.evaluation.transferability.a_distance import proxy_a_distance
from harness.evaluation.transferability.estimate import Estimate
from harness.evaluation.transferability.estimators import ESTIMATORS, KnownPair, estimates
from harness.evaluation.transferability.of_features import h_score, logme
from harness.evaluation.transferability.of_predictions import (
    leep,
    leep_over_entropy,
    log_odds,
    prediction_entropy,
    prior_divergence,
    prior_variation,
)

Array = np.ndarray[Any, Any]


def value(found: Estimate) -> float:
    assert found.value is not None, found.reason
    return found.value


def said(seed: int, n: int = 60, k: int = 4, sharp: float = 1.0) -> tuple[Array, Array]:
    """Probabilities of k source classes, and labels of three target classes that follow them a little."""
    chance = np.random.default_rng(seed)
    probabilities = chance.dirichlet(np.full(k, 0.5), n)
    y = (probabilities.argmax(axis=1) + (chance.random(n) > sharp) * chance.integers(0, 3, n)) % 3
    return probabilities, y


# --- from predictions


@pytest.mark.parametrize("seed", range(3))
def test_leep_is_that_of_the_definition(seed: int) -> None:
    p, y = said(seed, sharp=0.6)
    total = 0.0
    for i in range(len(y)):
        likelihood = 0.0
        for z in range(4):
            joint = sum(p[j, z] for j in range(len(y)) if y[j] == y[i]) / len(y)
            likelihood += joint / (p[:, z].sum() / len(y)) * p[i, z]
        total += math.log(likelihood)
    assert value(leep(p, y)) == pytest.approx(total / len(y))


@pytest.mark.parametrize("seed", range(5))
def test_leep_and_entropy_lie_between_the_mutual_information_and_the_entropy(seed: int) -> None:
    p, y = said(seed, sharp=0.5)
    joint = np.array([p[y == name].sum(axis=0) for name in range(3)]) / len(y)
    outer = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    information = (joint * np.log(joint / outer)).sum()
    found, entropy = value(leep_over_entropy(p, y)), stats.entropy(np.bincount(y))
    assert 0 < information < found < entropy
    assert found == pytest.approx(value(leep(p, y)) + entropy)


def test_leep_of_a_certain_and_of_a_blind_model() -> None:
    y = np.array([0, 0, 1, 2, 2, 2])
    certain = np.eye(3)[[2, 2, 0, 1, 1, 1]]  # other names, the same classes
    assert value(leep(certain, y)) == pytest.approx(0)
    assert value(leep_over_entropy(np.full((6, 4), 0.25), y)) == pytest.approx(0, abs=1e-12)
    unused = np.concatenate([certain, np.zeros((6, 1))], axis=1)
    assert value(leep(unused, y)) == pytest.approx(0)


def test_priors_and_entropies_are_those_of_scipy() -> None:
    p, _ = said(1)
    assert value(prediction_entropy(p)) == pytest.approx(stats.entropy(p, axis=1).mean())
    assert value(prediction_entropy(np.eye(3))) == 0
    source, target = np.array([0] * 7 + [1] * 3), np.array([0] * 2 + [1] * 4 + [2] * 4)
    assert value(prior_variation(source, target)) == pytest.approx(0.5 * (0.5 + 0.1 + 0.4))
    a, b = np.array([0.7, 0.3, 0]), np.array([0.2, 0.4, 0.4])
    mean = (a + b) / 2
    expected = (stats.entropy(a, mean, base=2) + stats.entropy(b, mean, base=2)) / 2
    assert value(prior_divergence(source, target)) == pytest.approx(expected)
    for distance in (prior_variation, prior_divergence):
        assert value(distance(source, source)) == pytest.approx(0)
        assert value(distance(np.zeros(3, int), np.ones(4, int))) == pytest.approx(1)


def test_log_odds_order_classes_as_the_probabilities_do() -> None:
    p, _ = said(2)
    found = log_odds(p)
    assert_allclose(found.sum(axis=1), 0, atol=1e-12)
    assert_allclose(np.exp(found) / np.exp(found).sum(axis=1, keepdims=True), p, atol=1e-6)
    assert np.isfinite(log_odds(np.eye(4))).all()


@pytest.mark.parametrize(
    ("p", "y", "message"),
    [
        (np.full((3, 2), 0.6), [0, 1, 0], "must sum to 1"),
        (np.array([[1.5, -0.5]]), [0], "must not be negative"),
        (np.full((3, 2), 0.5), [0, 1], "3 rows and labels of shape"),
        (np.full((2, 2), 0.5), [0.5, 1.0], "class indices"),
        (np.array([[np.nan, 1.0]]), [0], "not finite"),
        (np.zeros((0, 2)), [], "n > 0"),
    ],
)
def test_predictions_that_cannot_be(p: Array, y: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        leep(p, np.array(y))


# --- from features


def by_brute_force(features: Array, y: Array) -> float:
    """The evidence of the whole covariance matrix, its two numbers sought by Nelder and Mead from several places."""

    def negative(logs: Array) -> float:
        alpha, beta = np.exp(np.clip(logs, -25, 25)).tolist()
        covariance = np.eye(len(y)) / beta + features @ features.T / alpha
        sign, determinant = np.linalg.slogdet(covariance)
        assert sign == 1
        return 0.5 * float(len(y) * np.log(2 * np.pi) + determinant + y @ np.linalg.solve(covariance, y)) / len(y)

    starts = [(a, b) for a in (-3.0, 3.0) for b in (0.0, 4.0)]
    options = {"xatol": 1e-7, "fatol": 1e-11, "maxiter": 4000}
    found = [optimize.minimize(negative, at, method="Nelder-Mead", options=options) for at in starts]
    return max(-float(one.fun) for one in found)


@pytest.mark.parametrize(("n", "width"), [(40, 7), (12, 30)], ids=["tall", "wide"])
def test_logme_is_the_largest_evidence(n: int, width: int) -> None:
    chance = np.random.default_rng(n)
    features = chance.normal(size=(n, width)) * chance.uniform(0.2, 3, width) + 0.5
    numbers = features @ chance.normal(size=width) + chance.normal(0, 2, n)
    assert value(logme(features, numbers)) == pytest.approx(by_brute_force(features, numbers), abs=1e-5)
    classes = np.digitize(numbers, np.quantile(numbers, [0.3, 0.7])) * 2  # class 1 and 3 do not occur
    expected = np.mean([by_brute_force(features, (classes == name).astype(float)) for name in (0, 2, 4)])
    assert value(logme(features, classes)) == pytest.approx(expected, abs=1e-5)


def test_logme_is_that_of_the_authors_fixed_point_where_it_is_right() -> None:
    """Their iteration written down from the paper, run to its end; their code stops after eleven steps and, with fewer
    rows than features, leaves out directions of no variance (thuml/LogME issue 23), which `by_brute_force` tests."""
    chance = np.random.default_rng(3)
    features = chance.normal(size=(200, 10))
    y = features @ chance.normal(size=10) + chance.normal(size=200)
    s, vectors = np.linalg.eigh(features.T @ features)
    alpha = beta = 1.0
    for _ in range(500):
        m = vectors @ (beta / (alpha + beta * s) * (vectors.T @ features.T @ y))
        gamma = (beta * s / (alpha + beta * s)).sum()
        rest = ((y - features @ m) ** 2).sum()
        alpha, beta = gamma / (m @ m), (200 - gamma) / rest
    evidence = 5 * np.log(alpha) + 100 * np.log(beta) - 100 * np.log(2 * np.pi) - beta / 2 * rest
    evidence -= alpha / 2 * (m @ m) + 0.5 * np.log(alpha + beta * s).sum()
    assert value(logme(features, y)) == pytest.approx(evidence / 200, abs=1e-7)


def test_logme_grows_with_what_the_features_say_and_knows_no_rotation() -> None:
    chance = np.random.default_rng(4)
    y = chance.integers(0, 3, 300)
    clean = np.eye(3)[y] @ chance.normal(size=(3, 20))
    found = [value(logme(clean + chance.normal(0, noise, clean.shape), y)) for noise in (0.1, 1, 5)]
    assert found == sorted(found, reverse=True)
    features = clean + chance.normal(size=clean.shape)
    turned = features @ stats.ortho_group.rvs(20, random_state=1)
    assert value(logme(turned, y)) == pytest.approx(value(logme(features, y)), abs=1e-9)
    assert value(logme(features * 100, y)) == pytest.approx(value(logme(features, y)), abs=1e-9)


def test_logme_of_a_rank_that_is_not_full() -> None:
    chance = np.random.default_rng(5)
    features = chance.normal(size=(50, 3))
    y = (features[:, 0] > 0).astype(int)
    twice = np.concatenate([features, features], axis=1)  # the same model with another prior of its weights
    assert value(logme(twice, y)) == pytest.approx(value(logme(features, y)), abs=1e-9)
    padded = np.concatenate([features, np.zeros((50, 4))], axis=1)
    assert value(logme(padded, y)) == pytest.approx(value(logme(features, y)), abs=1e-9)


def test_h_score_is_its_formula_written_out() -> None:
    from sklearn.covariance import LedoitWolf

    chance = np.random.default_rng(6)
    for n, width in ((300, 8), (30, 50)):
        y = chance.choice([0, 1, 3], n)
        x = np.eye(4)[y] @ chance.normal(size=(4, width)) + chance.normal(size=(n, width)) + 3
        fitted = LedoitWolf().fit(x)
        means = np.array([x[y == name].mean(axis=0) for name in y])
        expected = np.trace(np.linalg.inv(fitted.covariance_) @ np.cov(means.T, bias=True)) * (1 - fitted.shrinkage_)
        assert value(h_score(x, y)) == pytest.approx(expected)
        assert 0 < expected < 2


def test_h_score_of_far_classes_is_their_number_less_one_and_of_none_nearly_zero() -> None:
    chance = np.random.default_rng(7)
    y = chance.integers(0, 4, 4000)
    noise = chance.normal(size=(4000, 6))
    assert value(h_score(np.eye(4, 6)[y] * 200 + noise, y)) == pytest.approx(3, abs=0.02)
    assert value(h_score(noise, y)) < 0.02


@pytest.mark.parametrize("measure", [logme, h_score])
def test_labels_or_features_that_say_nothing_have_a_reason(measure: Any) -> None:
    x = np.random.default_rng(0).normal(size=(9, 3))
    assert measure(x, np.ones(9, dtype=int)) == Estimate(None, "labels_do_not_vary")
    assert measure(x * 0, np.arange(9) % 2).reason in ("features_are_zero", "features_do_not_vary")
    with pytest.raises(ValueError, match="9 rows"):
        measure(x, np.arange(8))
    with pytest.raises(ValueError, match="not finite"):
        measure(x * np.inf, np.arange(9))


# --- between corpora


def worlds(distance: float, n: int = 1500, width: int = 6, seed: int = 0) -> tuple[Array, Array, Array, Array]:
    chance = np.random.default_rng(seed)
    source, target = chance.normal(size=(2, n, width))
    target[:, 0] += distance
    return source, target, np.arange(n) // 10, np.arange(n) // 10


@pytest.mark.parametrize("distance", [0.0, 1.0, 2.0, 6.0])
def test_the_a_distance_is_that_of_the_best_line(distance: float) -> None:
    """Of two normal distributions with the same spread the smallest error is Phi(-distance / 2)."""
    expected = 2 * (1 - 2 * stats.norm.cdf(-distance / 2))
    source, target, one, other = worlds(distance)
    found = value(proxy_a_distance(source, target, one, other))
    assert found == pytest.approx(expected, abs=0.08)
    turned = stats.ortho_group.rvs(6, random_state=2) * 0.01
    again = value(proxy_a_distance(source @ turned + 9, target @ turned + 9, one, other))
    assert again == pytest.approx(found, abs=1e-9), "it depends on the scale or the axes"


def test_a_dialogue_is_never_on_both_sides_of_a_fold() -> None:
    """Where every dialogue has a place of its own, rows of one betray the others; whole dialogues betray nothing."""
    chance = np.random.default_rng(1)
    dialogues = np.repeat(np.arange(40), 25)
    source, target = (chance.normal(size=(40, 60))[dialogues] * 3 + chance.normal(0, 0.1, (1000, 60)) for _ in range(2))
    alone = np.arange(1000)
    assert value(proxy_a_distance(source, target, alone, alone)) > 1.5
    assert value(proxy_a_distance(source, target, dialogues, dialogues)) < 0.6


def test_the_a_distance_of_sparse_wide_and_unequal_corpora() -> None:
    chance = np.random.default_rng(2)
    counts = [sparse.csr_matrix(chance.poisson(rate, (n, 5000)) * 1.0) for rate, n in ((0.01, 300), (0.01, 200))]
    groups = [np.array([f"d{at // 5}" for at in range(n)]) for n in (300, 200)]
    assert value(proxy_a_distance(counts[0], counts[1], groups[0], groups[1])) < 0.4
    marked = counts[1].tolil()
    marked[:, 7] = 30
    assert value(proxy_a_distance(counts[0], sparse.csr_matrix(marked), groups[0], groups[1])) > 1.9
    wide = chance.normal(size=(2, 30, 400))
    assert 0 <= value(proxy_a_distance(wide[0], wide[1] + 2, np.arange(30), np.arange(30))) <= 2
    assert value(proxy_a_distance(np.ones((9, 2)), np.ones((9, 2)), np.arange(9), np.arange(9))) == 0
    assert proxy_a_distance(wide[0], wide[1], np.zeros(30), np.arange(30)).reason == "one_dialogue_only"
    with pytest.raises(ValueError, match="400 and 3 features"):
        proxy_a_distance(wide[0], wide[1, :, :3], np.arange(30), np.arange(30))
    with pytest.raises(ValueError, match="30 rows and 3 dialogues"):
        proxy_a_distance(wide[0], wide[1], np.arange(3), np.arange(30))


# --- all of them


def pair(seed: int = 0, n: int = 400) -> KnownPair:
    source, target, groups, others = worlds(1.0, n, seed=seed)
    p, y = said(seed, n, 3)
    return KnownPair(p, np.log(p + 0.01), y, said(seed + 1, n, 3)[1], target, source, others, groups)


def test_every_estimate_has_a_value_or_a_reason() -> None:
    found = estimates(pair())
    assert set(found) == set(ESTIMATORS)
    assert all(one.value is not None for one in found.values())
    assert {name: one.reason for name, one in estimates(KnownPair()).items()} == {
        name: f"needs:{','.join(one.needs)}" for name, one in ESTIMATORS.items()
    }


def test_a_scale_has_the_estimates_that_need_no_classes() -> None:
    whole = pair()
    numbers = np.random.default_rng(1).uniform(-1, 1, 400)
    found = estimates(dataclasses.replace(whole, probabilities=numbers[:, None], y=numbers, source_y=numbers))
    assert {name for name, one in found.items() if one.value is not None} == {"logme", "a_distance"}
    assert {one.reason for one in found.values() if one.value is None} == {"not_for_a_scale"}


def test_only_those_that_say_so_look_at_target_labels() -> None:
    """Labels in another order: the same prior, another relation to the rows."""
    whole = pair()
    assert whole.y is not None
    shuffled = dataclasses.replace(whole, y=np.random.default_rng(5).permutation(whole.y))
    before, after = estimates(whole), estimates(shuffled)
    for name, one in ESTIMATORS.items():
        assert (before[name] == after[name]) == (one.target_labels != "labels"), name
        assert (one.target_labels == "none") == ("y" not in one.needs)


def test_draws_are_those_of_the_seed() -> None:
    which = estimators.subsample(100, 30, seed=1)
    assert (which == estimators.subsample(100, 30, seed=1)).all()
    assert (which != estimators.subsample(100, 30, seed=2)).any()
    assert len(set(which.tolist())) == 30
    assert (estimators.subsample(20, 30, seed=1) == np.arange(20)).all()


def test_an_estimate_is_never_nan_and_never_both() -> None:
    for wrong in ((math.nan, ""), (math.inf, ""), (None, ""), (1.0, "why")):
        with pytest.raises(ValueError, match="estimate"):
            Estimate(*wrong)
