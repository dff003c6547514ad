"""CCC, Lin's concordance correlation coefficient with variances over n (Lin 1989); 0 for a constant prediction.

CCC = 2 cov(t, p) / (var(t) + var(p) + (mean(t) - mean(p))^2). torchmetrics divides its variances by n - 1, so the
point value takes its Pearson correlation and adds the two remaining factors with n.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics import pearson

TITLE = "CCC"
MEANING = "Lin's concordance correlation: agreement in order, scale and location; 0 for a constant prediction"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "scale", "moments", True


def from_statistic(moments: NDArray[Any]) -> NDArray[np.float64]:
    """Return CCC of (..., 7) sums: n, t, p, t^2, p^2, t p, |t - p|; NaN where truth and prediction are one constant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        t, p, tt, pp, tp = np.moveaxis(moments[..., 1:6] / moments[..., :1], -1, 0)
        spread = tt + pp - 2 * t * p  # var(t) + var(p) + (mean difference)^2
        value: NDArray[np.float64] = np.where(spread > pearson.CONSTANT, 2 * (tp - t * p) / spread, np.nan)
    return value


def point(truth: Any, predicted: Any) -> NDArray[np.float64]:
    """Return CCC per replicate of truth (n,) and predicted (replicates, n); 0 for a constant prediction."""
    correlation = np.nan_to_num(pearson.point(truth, predicted))
    t, p = np.asarray(truth, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    spread = t.var() + p.var(axis=1) + (t.mean() - p.mean(axis=1)) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > pearson.CONSTANT, 2 * correlation * t.std() * p.std(axis=1) / spread, np.nan)
