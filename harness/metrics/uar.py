"""UAR, unweighted average recall: the mean recall over the classes that have enough rows in the target's truth.

A prediction of a class that does not occur there is a miss. This equals scikit-learn's balanced_accuracy_score;
torchmetrics and audmetric average over other sets of classes, so we take torchmetrics' counts and average ourselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics._margins import counted, parts, reduced

TITLE = "UAR"
MEANING = (
    "unweighted average recall: mean recall over the classes that have enough rows in the target's truth "
    "(`statistics.least_support`); a prediction of any other class is a miss"
)
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "confusion", True
AVERAGES_CLASSES = True  # so a class of very few rows is left out (harness/statistics/rare_classes.py)


def from_statistic(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return UAR of confusion matrices (..., truth, predicted); NaN where no row is left."""
    return from_reduced(reduced(confusion))


def from_reduced(margins: NDArray[Any]) -> NDArray[np.float64]:
    """Return the same of what `reduced` leaves of the matrices, (..., 3, classes)."""
    rows, _, hits = parts(margins)
    with np.errstate(invalid="ignore", divide="ignore"):
        value: NDArray[np.float64] = np.where(rows > 0, hits / rows, 0).sum(axis=-1) / (rows > 0).sum(axis=-1)
    return value


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return UAR per replicate of truth (n,) and probabilities (replicates, n, classes), by torchmetrics."""
    return from_reduced(counted(truth, probabilities))
