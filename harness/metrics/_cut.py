"""Accuracy after cutting a scale into intervals, for the Acc-n of CH-SIMS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def accuracy(truth: Any, predicted: Any, cuts: Sequence[float]) -> NDArray[np.float64]:
    """Return the accuracy per replicate of truth (n,) and predicted (replicates, n), by torchmetrics.

    The intervals are closed on the right.
    """
    import torch
    from torchmetrics.functional.classification import multiclass_accuracy

    borders = torch.tensor(cuts, dtype=torch.float64)
    t, p = torch.bucketize(truth.double(), borders), torch.bucketize(predicted.double(), borders)
    each: dict[str, Any] = {"average": "micro", "multidim_average": "samplewise", "validate_args": False}
    return np.asarray(multiclass_accuracy(p, t.expand(p.shape), len(cuts) + 1, **each), dtype=np.float64)
