"""WA, weighted accuracy: the share of utterances that are predicted right; it moves with the target's prior."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics._margins import counted, parts, reduced

TITLE = "WA"
MEANING = "weighted accuracy: share of utterances predicted right"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "confusion", True


def from_statistic(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return WA of confusion matrices (..., truth, predicted); NaN where no row is left."""
    return from_reduced(reduced(confusion))


def from_reduced(margins: NDArray[Any]) -> NDArray[np.float64]:
    """Return the same of what `reduced` leaves of the matrices, (..., 3, classes)."""
    rows, _, hits = parts(margins)
    with np.errstate(invalid="ignore", divide="ignore"):
        value: NDArray[np.float64] = hits.sum(axis=-1) / rows.sum(axis=-1)
    return value


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return WA per replicate of truth (n,) and probabilities (replicates, n, classes), by torchmetrics."""
    return from_reduced(counted(truth, probabilities))
