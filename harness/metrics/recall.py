"""Recall of each class: the share of its utterances that are predicted as it; undefined for a class without any."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "confusion", True


def from_statistic(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return recall (..., classes) of confusion matrices (..., truth, predicted); NaN for a class without rows."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value: NDArray[np.float64] = np.diagonal(confusion, axis1=-2, axis2=-1) / confusion.sum(axis=-1)
    return value


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return recall (replicates, classes) of truth (n,) and probabilities (replicates, n, classes), by torchmetrics."""
    from torchmetrics.functional.classification import multiclass_recall

    replicates, _, classes = probabilities.shape
    recall = np.asarray(
        multiclass_recall(
            probabilities.argmax(-1), truth.expand(replicates, -1), classes, average=None, multidim_average="samplewise"
        ).double()
    )
    absent = np.setdiff1d(np.arange(classes), np.asarray(truth.unique()))
    recall[:, absent] = np.nan
    return recall
