"""ECE, expected calibration error: how far confidence and accuracy are apart, over 15 bins of equal width.

sum_b (n_b / n) |accuracy_b - confidence_b|, confidence = probability of the predicted class (Guo et al. 2017). It is
too large for small n, and a bootstrap adds that bias once more, so it has no interval; its floor is what a perfectly
calibrated model of the same confidences would have. Without the bias: rms_ce.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics.sums import BINS

TITLE = "ECE"
MEANING = (
    "expected calibration error: mean distance of confidence and accuracy; its floor is that of a calibrated model of "
    "the same confidences and n, and it has no interval"
)
MATRIX = False
INTERVAL = False
KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "calibration", False


def from_statistic(bins: NDArray[Any]) -> NDArray[np.float64]:
    """Return ECE of (..., bins, 3) sums: rows, hits minus confidence, its squares; NaN where no row is left."""
    return from_reduced(reduced(bins))


def reduced(bins: NDArray[Any]) -> NDArray[Any]:
    """Return (..., bins + 1): hits minus confidence of each bin, and the rows of all."""
    return np.concatenate([bins[..., 1], bins[..., 0].sum(axis=-1, keepdims=True)], axis=-1)


def from_reduced(apart: NDArray[Any]) -> NDArray[np.float64]:
    """Return the same of what `reduced` leaves of the sums."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value: NDArray[np.float64] = np.abs(apart[..., :-1]).sum(axis=-1) / apart[..., -1]
    return value


def of_calibrated(probabilities: NDArray[Any]) -> NDArray[np.float64]:
    """Return the expected ECE of a perfectly calibrated model that gives these probabilities, per replicate.

    Hits of such a model are Bernoulli draws of its confidences, so their sum less the confidences of a bin is about
    normal around 0, and its mean distance from 0 is sqrt(2 / pi) standard deviations.

    Args:
        probabilities: (replicates, n, classes).
    """
    confidence = np.asarray(probabilities, dtype=np.float64).max(axis=-1)
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    spread = [
        np.sqrt(np.bincount(b, weights=c * (1 - c), minlength=BINS)) for b, c in zip(bins, confidence, strict=True)
    ]
    value: NDArray[np.float64] = np.sqrt(2 / np.pi) * np.sum(spread, axis=1) / confidence.shape[1]
    return value


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return ECE per replicate of truth (n,) and probabilities (replicates, n, classes), by torchmetrics."""
    from torchmetrics.functional.classification import multiclass_calibration_error

    classes = probabilities.shape[-1]
    below_one = probabilities.clamp(max=1 - 2**-24)  # torchmetrics puts a confidence of exactly 1 into a 16th bin
    return np.array(
        [float(multiclass_calibration_error(p, truth, classes, n_bins=BINS, validate_args=False)) for p in below_one]
    )
