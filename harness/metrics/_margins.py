"""What most metrics need of a confusion matrix: how often each class is true, how often predicted, how often hit.

A metric that has `reduced` (a linear map of its statistic) and `from_reduced` is resampled on what is left of the
statistic: 3 k numbers instead of k^2, worked out once for all metrics that share the map.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def reduced(confusion: NDArray[Any]) -> NDArray[Any]:
    """Return (..., 3, k): truth, predicted and hits of each class, of confusion matrices (..., truth, predicted)."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return np.stack([confusion.sum(axis=-1), confusion.sum(axis=-2), hits], axis=-2)


def parts(margins: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return truth, predicted and hits, (..., k) each."""
    return margins[..., 0, :], margins[..., 1, :], margins[..., 2, :]
