"""Acc-2 of CH-SIMS: accuracy after cutting the scale (MMSA's Mult_acc_2).

The intervals are [-1, 0] and (0, 1].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics._cut import accuracy
from harness.metrics.wa import from_statistic as from_statistic

TITLE = "Acc-2"
MEANING = "accuracy after cutting the scale at 0"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "scale", "cut", True
CUTS = (0.0,)


def point(truth: Any, predicted: Any) -> NDArray[np.float64]:
    """Return Acc-2 per replicate of truth (n,) and predicted (replicates, n), by torchmetrics."""
    return accuracy(truth, predicted, CUTS)
