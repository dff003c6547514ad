"""The features of some utterances: a matrix per slot, which is not read before it is needed, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness.features.matrix import Matrix, Ragged

ABSENT = -1


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """Features of n utterances: per slot a matrix of stored rows, and the row of each utterance in it or ABSENT.

    The matrices are those of the stores, memory-mapped and shared; taking, masking and counting read none of them.
    """

    parts: Mapping[str, Matrix]
    places: Mapping[str, NDArray[np.int64]]

    @classmethod
    def of(cls, **parts: Matrix) -> FeatureRows:
        """Make the rows of utterances whose features are all there, in the order of the matrices."""
        return cls(parts, {slot: np.arange(matrix.shape[0]) for slot, matrix in parts.items()})

    def __len__(self) -> int:
        return len(next(iter(self.places.values())))

    @property
    def widths(self) -> dict[str, int]:
        """Return slot -> number of features."""
        return {slot: int(matrix.shape[1]) for slot, matrix in self.parts.items()}

    @property
    def present(self) -> NDArray[np.bool_]:
        """Return which utterance has which slot, (n, slots)."""
        there: NDArray[np.bool_] = np.stack([place != ABSENT for place in self.places.values()], axis=1)
        return there

    def take(self, which: slice | Sequence[int] | NDArray[Any]) -> FeatureRows:
        """Return these utterances, in this order."""
        return FeatureRows(self.parts, {slot: place[which] for slot, place in self.places.items()})

    def masked(self, keep: NDArray[np.bool_]) -> FeatureRows:
        """Return the same utterances without the features whose entry in `keep` (n, slots) is False."""
        columns = zip(self.places.items(), keep.T, strict=True)
        return FeatureRows(self.parts, {slot: np.where(kept, place, ABSENT) for (slot, place), kept in columns})

    def features_of(self, slot: str) -> Matrix:
        """Return the features of a slot of the utterances that have it."""
        place = self.places[slot]
        return _taken(self.parts[slot], place[place != ABSENT])

    def spread(self, slot: str, matrix: Matrix) -> Matrix:
        """Return rows of the utterances that have a slot, as made from `features_of`, with zeros where it is absent."""
        there = self.places[slot] != ABSENT
        if there.all():
            return matrix
        if sparse.issparse(matrix):
            ones = np.ones(len(matrix.indptr) - 1, dtype=matrix.dtype)
            put = sparse.csr_matrix((ones, (np.flatnonzero(there), np.arange(len(ones)))), (len(there), len(ones)))
            return sparse.csr_matrix(put @ matrix)
        spread = np.zeros((len(there), matrix.shape[1]), dtype=matrix.dtype)
        spread[there] = matrix
        return spread


@dataclass(frozen=True, slots=True)
class Examples:
    """Features of n utterances and truth: class indices (n,) or numbers (n,).

    `dialogues` names the dialogue of each (n,); None takes each utterance for itself.
    """

    x: FeatureRows
    y: NDArray[Any]
    dialogues: NDArray[Any] | None = None

    def take(self, which: NDArray[np.int64]) -> Examples:
        """Return these utterances, in this order; one may stand there several times."""
        dialogues = None if self.dialogues is None else self.dialogues[which]
        return Examples(self.x.take(which), self.y[which], dialogues)


def _taken(matrix: Matrix, place: NDArray[np.int64]) -> Matrix:
    if len(place) == matrix.shape[0] and (place == np.arange(len(place))).all():
        return matrix
    return matrix.take(place) if isinstance(matrix, Ragged) else matrix[place]
