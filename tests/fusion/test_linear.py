"""The linear model is scikit-learn's, on dense and on sparse features, and from any start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from harness.core.errors import SettingError
from harness.fusion import linear
from harness.study.labels import EMOTION4, EMOTION7, POLARITY3, VALENCE
from harness.training.replicates import row_weights

CHANCE = np.random.default_rng(3)
X = CHANCE.normal(size=(150, 12)).astype(np.float32)
TRUE = CHANCE.normal(size=(12, 4))
Y = np.array([CHANCE.choice(4, p=row) for row in np.exp(X @ TRUE) / np.exp(X @ TRUE).sum(axis=1, keepdims=True)])
COUNTS = sparse.csr_matrix(np.random.default_rng(4).poisson(0.2, (150, 60)).astype(np.float64))
SCALE = np.clip(X @ TRUE[:, 0] / 8 + CHANCE.normal(scale=0.1, size=150), -1, 1)
FEATURES = [pytest.param(X, id="dense"), pytest.param(COUNTS, id="sparse")]
ONES = np.ones(150)


@pytest.mark.parametrize("c", [0.01, 1, 30])
@pytest.mark.parametrize("x", FEATURES)
def test_balanced_probabilities_are_those_of_scikit_learn(x: Any, c: float) -> None:
    reference = LogisticRegression(C=c, class_weight="balanced", max_iter=5000, tol=1e-8).fit(x, Y)
    arrays = linear.fit(x, Y, row_weights(Y, EMOTION4, True), EMOTION4, {"c": c}, None)
    found = linear.predict(arrays, x, EMOTION4)
    assert_allclose(found, reference.predict_proba(x), atol=1e-3)
    assert found.dtype == np.float32
    assert_allclose(found.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("x", FEATURES)
def test_unbalanced_probabilities_are_those_of_scikit_learn(x: Any) -> None:
    reference = LogisticRegression(C=1, max_iter=5000, tol=1e-8).fit(x, Y)
    arrays = linear.fit(x, Y, ONES, EMOTION4, {"c": 1}, None)
    assert_allclose(linear.predict(arrays, x, EMOTION4), reference.predict_proba(x), atol=1e-3)


def test_dense_and_sparse_are_one_model() -> None:
    dense, compact = (linear.fit(x, Y, ONES, EMOTION4, {"c": 1}, None) for x in (COUNTS.toarray(), COUNTS))
    for name in ("weight", "bias"):
        assert_allclose(dense[name], compact[name], atol=1e-3)


@pytest.mark.parametrize("c", [0.01, 1, 100])
@pytest.mark.parametrize("x", FEATURES)
def test_a_scale_is_ridge_regression_in_closed_form(x: Any, c: float) -> None:
    weight = np.random.default_rng(5).uniform(0.5, 2, 150)
    dense = np.column_stack([x.toarray() if sparse.issparse(x) else x, np.ones(150)]).astype(np.float64)
    penalty = np.diag([1 / c] * (dense.shape[1] - 1) + [0])
    solution = np.linalg.solve(dense.T @ (weight[:, None] * dense) + penalty, dense.T @ (weight * SCALE))
    arrays = linear.fit(x, SCALE, weight, VALENCE, {"c": c}, None)
    assert_allclose(arrays["weight"][:, 0], solution[:-1], atol=1e-3)
    assert_allclose(arrays["bias"], solution[-1:], atol=1e-3)
    found = linear.predict(arrays, x, VALENCE)
    assert found.shape == (150, 1)
    assert_allclose(found[:, 0], (dense @ solution).clip(-1, 1), atol=1e-3)


def test_a_prediction_stays_inside_the_scale() -> None:
    arrays = {"weight": np.array([[5.0]], dtype=np.float32), "bias": np.array([0.0], dtype=np.float32)}
    x = np.array([[-2], [0.1], [2]], dtype=np.float32)
    assert_allclose(linear.predict(arrays, x, VALENCE)[:, 0], [-1, 0.5, 1])


@pytest.mark.parametrize(("space", "y"), [(EMOTION4, Y), (VALENCE, SCALE)])
def test_a_warm_start_ends_in_the_same_optimum(space: Any, y: Any) -> None:
    cold = linear.fit(X, y, ONES, space, {"c": 1}, None)
    from_weaker = linear.fit(X, y, ONES, space, {"c": 1}, linear.fit(X, y, ONES, space, {"c": 0.01}, None))
    assert_allclose(linear.predict(from_weaker, X, space), linear.predict(cold, X, space), atol=1e-3)
    assert_array_equal(linear.fit(X, y, ONES, space, {"c": 1}, None)["weight"], cold["weight"], "not deterministic")


def test_a_row_of_weight_two_is_the_row_twice() -> None:
    twice = np.ones(150)
    twice[:30] = 2
    once = linear.fit(X, Y, twice, EMOTION4, {"c": 1}, None)
    repeated = linear.fit(
        np.concatenate([X, X[:30]]), np.concatenate([Y, Y[:30]]), np.ones(180), EMOTION4, {"c": 1}, None
    )
    assert_allclose(linear.predict(once, X, EMOTION4), linear.predict(repeated, X, EMOTION4), atol=1e-3)


def test_a_class_the_source_lacks_is_never_predicted() -> None:
    arrays = linear.fit(X, Y % 3, ONES, EMOTION7, {"c": 1}, None)
    found = linear.predict(arrays, X, EMOTION7)
    assert found.shape == (150, 7)
    assert set(found.argmax(axis=1)) <= {0, 1, 2}
    assert found[:, 3:].max() < 0.01


def test_a_column_of_probabilities_is_the_class_of_its_place() -> None:
    x = np.eye(3, dtype=np.float32).repeat(5, axis=0)
    arrays = linear.fit(x, np.arange(3).repeat(5), np.ones(15), POLARITY3, {"c": 100}, None)
    assert_array_equal(linear.predict(arrays, np.eye(3), POLARITY3).argmax(axis=1), [0, 1, 2])


def test_candidates_start_with_the_strongest_penalty() -> None:
    assert linear.candidates({"c": [3, 0.1, 1]}) == [{"c": 0.1}, {"c": 1.0}, {"c": 3.0}]
    for wrong in ({}, {"c": 1}, {"c": []}, {"c": ["x"]}, {"c": [0.1, 0]}, {"c": [True]}):
        with pytest.raises(SettingError, match=r"settings of linear: c is .*; it is a list of positive numbers"):
            linear.candidates(wrong)


def test_the_features_that_come_in_are_not_changed() -> None:
    before, read_only = X.copy(), X.copy()
    read_only.flags.writeable = False
    linear.fit(read_only, Y, ONES, EMOTION4, {"c": 1}, None)
    assert_array_equal(read_only, before)
