"""An estimate of transferability: a number, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with an empty reason, or None and a reason."""

    value: float | None
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.reason):
            raise ValueError("an estimate has a value or a reason, and only one of them")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.value} is no estimate")


def classes_of(y: NDArray[Any], n: int) -> NDArray[np.int64]:
    """Return class indices (n,) as integers; another length or another kind of label is a ValueError."""
    y = np.asarray(y)
    if y.ndim != 1 or len(y) != n:
        raise ValueError(f"{n} rows and labels of shape {y.shape} do not belong together")
    if y.dtype.kind not in "iu" or (n and y.min() < 0):
        raise ValueError("labels must be class indices from 0")
    return y.astype(np.int64)


def checked(matrix: NDArray[Any], what: str) -> Floats:
    """Return a matrix (n, width) as float64; another shape or a number that is not finite is a ValueError."""
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or not len(matrix):
        raise ValueError(f"{what} must be (n, width) with n > 0, not {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{what} holds numbers that are not finite")
    return matrix
