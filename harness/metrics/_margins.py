"""What most metrics need of a confusion matrix: how often each class is true, how often predicted, how often hit.

Point values take it from torchmetrics, all metrics of a cell from one call.

A metric that has `reduced` (a linear map of its statistic) and `from_reduced` is resampled on what is left of the
statistic: 3 k numbers instead of k^2, worked out once for all metrics that share the map.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def reduced(confusion: NDArray[Any]) -> NDArray[Any]:
    """Return (..., 3, k): truth, predicted and hits of each class, of confusion matrices (..., truth, predicted)."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return np.stack([confusion.sum(axis=-1), confusion.sum(axis=-2), hits], axis=-2)


def parts(margins: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return truth, predicted and hits, (..., k) each."""
    return margins[..., 0, :], margins[..., 1, :], margins[..., 2, :]


_last: tuple[Any, Any, NDArray[np.float64]] | None = (
    None  # the cell that was counted last: its metrics follow each other
)


def counted(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return (replicates, 3, classes): truth, predicted and hits of each class, by torchmetrics.

    Args:
        truth: class indices (n,), a torch tensor.
        probabilities: (replicates, n, classes), a torch tensor.
    """
    global _last
    if _last is None or _last[0] is not truth or _last[1] is not probabilities:
        _last = truth, probabilities, _counted(truth, probabilities)
    return _last[2]


def _counted(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    from torchmetrics.functional.classification import multiclass_stat_scores

    replicates, _, classes = probabilities.shape
    scores = multiclass_stat_scores(
        probabilities.argmax(-1),
        truth.expand(replicates, -1),
        classes,
        average=None,
        multidim_average="samplewise",
        validate_args=False,
    ).double()
    hits, wrongly, support = (np.asarray(scores[..., at]) for at in (0, 1, 4))
    return np.stack([support, hits + wrongly, hits], axis=-2)
