"""WF1, weighted F1: the mean F1 over classes, each weighted by its share of the truth; it moves with the prior."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics._margins import counted, parts, reduced
from harness.metrics.macro_f1 import f1_per_class

TITLE = "WF1"
MEANING = "F1 averaged over classes, each weighted by its share of the truth"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "confusion", True


def from_statistic(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return WF1 of confusion matrices (..., truth, predicted); NaN where no row is left."""
    return from_reduced(reduced(confusion))


def from_reduced(margins: NDArray[Any]) -> NDArray[np.float64]:
    """Return the same of what `reduced` leaves of the matrices, (..., 3, classes)."""
    rows = parts(margins)[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        value: NDArray[np.float64] = (f1_per_class(margins) * rows).sum(axis=-1) / rows.sum(axis=-1)
    return value


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return WF1 per replicate of truth (n,) and probabilities (replicates, n, classes), by torchmetrics."""
    return from_reduced(counted(truth, probabilities))
