"""RMS-CE, root mean squared calibration error: how far confidence and accuracy are apart, without a bias at small n.

sqrt(sum_b (n_b / n) (accuracy_b - confidence_b)^2) over 15 bins of equal width. The squares of a small sample are too
large, so a perfectly calibrated model of 450 rows has an ECE of .05. Here only products of different dialogues enter,
(S_b^2 - sum_i d_ib^2) / (n n_b) with d_ib the sum of hits minus confidence of dialogue i in bin b and S_b its sum over
dialogues: the debiased estimator of Kumar et al. 2019 (Brier scores: Broecker 2012), over dialogues instead of rows.
Below zero it is printed as 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics.calibration import debiased
from harness.statistics.sums import calibration

TITLE = "RMS-CE"
MEANING = "root mean squared distance of confidence and accuracy, debiased: about 0 of a calibrated model at any n"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "calibration", False
SQUARES = 2  # place of the sums in which a dialogue that is drawn twice counts four times


def from_statistic(bins: NDArray[Any]) -> NDArray[np.float64]:
    """Return RMS-CE of (..., bins, 3) sums: rows, hits minus confidence, its squares; NaN where no row is left."""
    return debiased(bins)


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return RMS-CE per replicate of truth (n,) and probabilities (replicates, n, classes), each row a dialogue."""
    y, p = np.asarray(truth), np.asarray(probabilities, dtype=np.float64)
    return from_statistic(calibration(y, p, np.arange(len(y))).sum(axis=1))
