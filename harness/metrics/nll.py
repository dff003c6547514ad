"""NLL, negative log-likelihood in nats: the mean of -log of the probability that the true class was given.

A probability under 2^-23, the resolution of the float32 it was stored in, counts as 2^-23: one row costs 15.9 at most.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics.sums import LEAST

TITLE = "NLL"
MEANING = "mean negative log of the true class' score"
MATRIX = False
KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "probability", False


def from_statistic(sums: NDArray[Any]) -> NDArray[np.float64]:
    """Return NLL of (..., 3) sums: rows, squared error, log loss; NaN where no row is left."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value: NDArray[np.float64] = sums[..., 2] / sums[..., 0]
    return value


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return NLL per replicate of truth (n,) and probabilities (replicates, n, classes), by torch."""
    from torch.nn.functional import nll_loss

    return np.array([float(nll_loss(p.double().clamp(min=LEAST).log(), truth)) for p in probabilities])
