"""MAE, mean absolute error on a scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TITLE = "MAE"
MEANING = "mean absolute error on the scale"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "scale", "moments", False


def from_statistic(moments: NDArray[Any]) -> NDArray[np.float64]:
    """Return MAE of (..., 7) sums: n, t, p, t^2, p^2, t p, |t - p|; NaN where no row is left."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value: NDArray[np.float64] = moments[..., 6] / moments[..., 0]
    return value


def point(truth: Any, predicted: Any) -> NDArray[np.float64]:
    """Return MAE per replicate of truth (n,) and predicted (replicates, n), by torchmetrics."""
    from torchmetrics.functional.regression import mean_absolute_error

    columns = predicted.T
    errors = mean_absolute_error(columns.contiguous(), truth[:, None].expand(columns.shape), num_outputs=len(predicted))
    return np.asarray(errors, dtype=np.float64).reshape(-1)
