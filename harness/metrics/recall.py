"""Recall of each class: the share of its utterances that are predicted as it; undefined for a class without any."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics._margins import counted, parts, reduced

TITLE = "recall/class"
MEANING = "share of a class's utterances that are found; absent if the truth has none"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "confusion", True


def from_statistic(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return recall (..., classes) of confusion matrices (..., truth, predicted); NaN for a class without rows."""
    return from_reduced(reduced(confusion))


def from_reduced(margins: NDArray[Any]) -> NDArray[np.float64]:
    """Return the same of what `reduced` leaves of the matrices, (..., 3, classes)."""
    rows, _, hits = parts(margins)
    with np.errstate(invalid="ignore", divide="ignore"):
        value: NDArray[np.float64] = hits / rows
    return value


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return recall (replicates, classes) of truth (n,) and probabilities (replicates, n, classes), by torchmetrics."""
    return from_reduced(counted(truth, probabilities))
