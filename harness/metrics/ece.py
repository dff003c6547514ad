"""ECE, expected calibration error: how far confidence and accuracy are apart, over 15 bins of equal width.

sum_b (n_b / n) |accuracy_b - confidence_b|, confidence = probability of the predicted class (Guo et al. 2017).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics.sums import BINS

TITLE = "ECE"
MEANING = "expected calibration error: mean distance of confidence and accuracy"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "calibration", False


def from_statistic(bins: NDArray[Any]) -> NDArray[np.float64]:
    """Return ECE of (..., bins, 3) sums: rows, hits, confidence; NaN where no row is left."""
    return from_reduced(reduced(bins))


def reduced(bins: NDArray[Any]) -> NDArray[Any]:
    """Return (..., bins + 1): hits minus confidence of each bin, and the rows of all."""
    return np.concatenate([bins[..., 1] - bins[..., 2], bins[..., 0].sum(axis=-1, keepdims=True)], axis=-1)


def from_reduced(apart: NDArray[Any]) -> NDArray[np.float64]:
    """Return the same of what `reduced` leaves of the sums."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value: NDArray[np.float64] = np.abs(apart[..., :-1]).sum(axis=-1) / apart[..., -1]
    return value


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return ECE per replicate of truth (n,) and probabilities (replicates, n, classes), by torchmetrics."""
    from torchmetrics.functional.classification import multiclass_calibration_error

    classes = probabilities.shape[-1]
    below_one = probabilities.clamp(max=1 - 2**-24)  # torchmetrics puts a confidence of exactly 1 into a 16th bin
    return np.array(
        [float(multiclass_calibration_error(p, truth, classes, n_bins=BINS, validate_args=False)) for p in below_one]
    )
