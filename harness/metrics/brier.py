"""Brier score: the mean squared distance of the probabilities from the truth, summed over classes; 0 to 2.

mean_i sum_c (p_ic - [c = truth_i])^2 (Brier 1950). It falls with calibration and with sharpness.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TITLE = "Brier"
MEANING = "mean squared distance of the class scores from the truth, summed over classes"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "probability", False


def from_statistic(sums: NDArray[Any]) -> NDArray[np.float64]:
    """Return the Brier score of (..., 3) sums: rows, squared error, log loss; NaN where no row is left."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value: NDArray[np.float64] = sums[..., 1] / sums[..., 0]
    return value


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return the score per replicate of truth (n,) and probabilities (replicates, n, classes), by torchmetrics."""
    from torch.nn.functional import one_hot
    from torchmetrics.functional.regression import mean_squared_error

    classes = probabilities.shape[-1]
    best = one_hot(truth, classes).double()
    return np.array([classes * float(mean_squared_error(p.double(), best)) for p in probabilities])
