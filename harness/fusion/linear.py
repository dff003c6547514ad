"""A linear model: multinomial logistic regression for classes, ridge regression for a scale.

Minimises  C * sum_i w_i loss_i + |W|^2 / 2  by L-BFGS, the intercept free: the objective of scikit-learn's
LogisticRegression, so that its C means the same here. It is convex: seeds do not matter, and one replicate per fold
is all there is. Dense and sparse features; the inputs of several modalities are set side by side.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from harness.core.errors import SettingError
from harness.features.matrix import Matrix
from harness.study.labels import ClassSpace, Space

DETERMINISTIC = True  # the same model whatever the seed
LEVEL = "utterance"  # frame-level features are averaged over time
SETTINGS = {"c": "positive"}
STOP = {"maxiter": 1000, "gtol": 1e-5, "ftol": 1e-10}
Arrays = dict[str, NDArray[Any]]


def candidates(settings: Mapping[str, Any]) -> list[dict[str, float]]:
    """Return the settings that selection on source dev chooses from, weakest model first.

    Raises:
        SettingError: `c` is no list of positive numbers.
    """
    penalties = settings.get("c")
    if (
        not isinstance(penalties, list)
        or not penalties
        or not all(type(c) in (int, float) and c > 0 for c in penalties)
    ):
        raise SettingError(
            f"settings of linear: c is {penalties!r}; it is a list of positive numbers, as in `c: [0.1, 1]`"
        )
    return [{"c": float(c)} for c in sorted(penalties)]


def fit(
    x: Matrix,
    y: NDArray[Any],
    weight: NDArray[np.float64],
    space: Space,
    candidate: Mapping[str, float],
    start: Arrays | None,
) -> Arrays:
    """Fit one model.

    Args:
        x: train rows (n, d).
        y: class indices (n,) or numbers (n,).
        weight: one weight per row.
        space: decides the loss: cross-entropy for classes, squared error / 2 for a scale.
        candidate: {"c": inverse strength of the penalty}.
        start: the arrays of a model to start from, or None for zeros.

    Returns:
        `weight` (d, k) and `bias` (k,), float32; k is the number of classes, or 1.
    """
    k = len(space.classes) if isinstance(space, ClassSpace) else 1
    d = x.shape[1]
    forward, backward = _operators(x)
    target, rows = torch.as_tensor(y), torch.as_tensor(weight)
    total = float(weight.sum())
    penalty = 1.0 / (candidate["c"] * total)

    def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        parameters = torch.from_numpy(flat).view(d + 1, k)
        w, b = parameters[:d], parameters[d]
        loss, slope = _loss(forward(w) + b, target, isinstance(space, ClassSpace))
        slope = slope * (rows / total)[:, None]
        value = float((loss * rows).sum() / total + 0.5 * penalty * (w * w).sum())
        gradient = torch.cat([backward(slope) + penalty * w, slope.sum(dim=0, keepdim=True)])
        return value, gradient.numpy().ravel()

    first = np.zeros((d + 1, k)) if start is None else np.vstack([start["weight"], start["bias"]]).astype(np.float64)
    optimum = minimize(objective, first.ravel(), jac=True, method="L-BFGS-B", options=STOP)
    solution = optimum.x.reshape(d + 1, k).astype(np.float32)
    return {"weight": solution[:d], "bias": solution[d]}


def predict(arrays: Mapping[str, NDArray[Any]], x: Matrix, space: Space) -> NDArray[np.float32]:
    """Return probabilities (n, k), or numbers (n, 1) inside the scale."""
    scores = np.asarray(x @ arrays["weight"] + arrays["bias"])
    if isinstance(space, ClassSpace):
        scores = torch.softmax(torch.from_numpy(scores), dim=1).numpy()
    else:
        scores = scores.clip(space.low, space.high)
    return scores.astype(np.float32)


def _loss(scores: torch.Tensor, target: torch.Tensor, classes: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss (n,) and its slope in the scores (n, k)."""
    if not classes:
        error = scores - target[:, None]
        return 0.5 * error.square().sum(dim=1), error
    logs = torch.log_softmax(scores, dim=1)
    slope = logs.exp()
    slope[torch.arange(len(target)), target] -= 1
    return -logs[torch.arange(len(target)), target], slope


def _operators(x: Matrix) -> tuple[Any, Any]:
    """Return x @ w and x.T @ g as functions of float64 tensors."""
    if sparse.issparse(x):
        ahead, back = _tensor(sparse.csr_matrix(x)), _tensor(sparse.csr_matrix(x.T))
        return (lambda w: ahead @ w), (lambda g: back @ g)
    dense = torch.from_numpy(np.array(x, dtype=np.float64))
    return (lambda w: dense @ w), (lambda g: dense.T @ g)


def _tensor(x: sparse.csr_matrix) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(
            torch.from_numpy(x.indptr.astype(np.int64)),
            torch.from_numpy(x.indices.astype(np.int64)),
            torch.from_numpy(x.data.astype(np.float64)),
            size=x.shape,
            check_invariants=False,
        )
