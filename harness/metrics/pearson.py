"""Pearson's correlation on a scale; undefined for a constant prediction or truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TITLE = "Pearson r"
MEANING = "linear correlation, blind to scale and location; undefined for a constant"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "scale", "moments", True
CONSTANT = 1e-12  # a smaller variance is rounding


def from_statistic(moments: NDArray[Any]) -> NDArray[np.float64]:
    """Return r of (..., 7) sums: n, t, p, t^2, p^2, t p, |t - p|; NaN where a variance is zero."""
    with np.errstate(invalid="ignore", divide="ignore"):
        t, p, tt, pp, tp = np.moveaxis(moments[..., 1:6] / moments[..., :1], -1, 0)
        a, b = tt - t * t, pp - p * p
        value: NDArray[np.float64] = np.where(np.minimum(a, b) > CONSTANT, (tp - t * p) / np.sqrt(a * b), np.nan)
    return value


def point(truth: Any, predicted: Any) -> NDArray[np.float64]:
    """Return r per replicate of truth (n,) and predicted (replicates, n), by torchmetrics; NaN if constant."""
    from torchmetrics.functional.regression import pearson_corrcoef

    varied = predicted.var(dim=1, correction=0).clamp(max=truth.var(correction=0)) >= CONSTANT
    coefficients = np.full(len(predicted), np.nan)
    if varied.any():
        columns = predicted[varied].double().T
        r = pearson_corrcoef(columns, truth.double()[:, None].expand(columns.shape))
        coefficients[varied.numpy()] = np.asarray(r).reshape(-1)
    return coefficients
