"""Matrices of features in memory: dense, sparse, or the frames of utterances, and the precision they are kept in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import ResultError

Matrix: TypeAlias = Any  # float NDArray, scipy.sparse.csr_matrix or Ragged, of shape (rows, features)


@dataclass(frozen=True, slots=True)
class Ragged:
    """Frame-level features of n utterances: `values` (frames, width); utterance i begins at row `starts[i]`.

    `starts` (n + 1,) ends with the number of frames.
    """

    values: NDArray[Any]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, utterances: Sequence[NDArray[Any]], width: int) -> Ragged:
        """Put the frames (T_i, width) of utterances one after another."""
        starts = np.concatenate([[0], np.cumsum([len(one) for one in utterances])]).astype(np.int64)
        values = np.concatenate(utterances) if len(utterances) else np.zeros((0, width), np.float32)
        return cls(values.reshape(-1, width), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def shape(self) -> tuple[int, int]:
        """Return (utterances, width)."""
        return len(self), int(self.values.shape[1])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Return the number of frames of each utterance."""
        lengths: NDArray[np.int64] = np.diff(self.starts)
        return lengths

    def take(self, index: Sequence[int] | NDArray[Any]) -> Ragged:
        """Return these utterances in this order, their frames copied."""
        order = np.asarray(index, dtype=np.int64)
        return Ragged.of([self.values[self.starts[at] : self.starts[at + 1]] for at in order], self.shape[1])


@dataclass(frozen=True, slots=True)
class Pieces:
    """A dense matrix or the frames of a store in parts, so that it is never in memory whole.

    Args:
        shape: (utterances, width).
        parts: calls that return one part each: a dense array or a `Ragged`.
        frames: whether the parts are `Ragged`.
    """

    shape: tuple[int, int]
    parts: Sequence[Callable[[], NDArray[Any] | Ragged]]
    frames: bool


def as_kept(values: NDArray[Any], dtype: str, place: str) -> NDArray[Any]:
    """Return features as a store keeps them.

    Args:
        values: features, any shape.
        dtype: "float32" or "float16".
        place: what the error names.

    Raises:
        ResultError: a feature is not a finite number, or is beyond the range of `dtype`.
    """
    if not np.isfinite(values).all():
        raise ResultError(f"{place}: a feature is not a finite number")
    with np.errstate(over="ignore"):
        cast = values.astype(dtype, copy=False)
    if not np.isfinite(cast).all():
        raise ResultError(f"{place}: a feature is {np.abs(values).max():.3g}, beyond {dtype}; take float32")
    return cast
