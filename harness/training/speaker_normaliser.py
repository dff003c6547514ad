"""Standardise features by speaker: the last step of the normalisation ladder, on unlabelled rows (transductive).

Each speaker's rows, of all splits, are brought to mean 0 and deviation 1. It takes away what tells voices apart, and
needs to know who speaks and several utterances of each; labels are not used. A speaker with few rows, or none named, is
standardised by the whole corpus.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.features.matrix import Ragged

LEAST = 10  # rows of a speaker; fewer say little of a deviation


def by_speaker(matrix: NDArray[np.float32] | Ragged, speakers: Sequence[str | None]) -> NDArray[np.float32] | Ragged:
    """Return the features standardised by speaker, float32.

    Args:
        matrix: (n, d), or frames of n utterances.
        speakers: who speaks each of the n utterances.
    """
    if isinstance(matrix, Ragged):
        owners = np.repeat(np.arange(len(matrix)), matrix.lengths)
        named = [speakers[int(at)] for at in owners]
        rows = by_speaker(np.asarray(matrix.values), named)
        assert not isinstance(rows, Ragged)
        return Ragged(rows, matrix.starts)
    groups: dict[str | None, list[int]] = {}
    for at, name in enumerate(speakers):
        groups.setdefault(name, []).append(at)
    few = [name for name, places in groups.items() if name is None or len(places) < LEAST]
    made = np.empty(matrix.shape, dtype=np.float32)
    everyone = _statistics(np.asarray(matrix)) if few else None
    for name, places in groups.items():
        rows = np.asarray(matrix[places])
        mean, scale = everyone if name in few and everyone else _statistics(rows)
        made[places] = (rows - mean) / scale
    return made


def _statistics(rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values = rows.astype(np.float64)
    scale = values.std(axis=0)
    scale[scale < 1e-8] = 1.0  # a constant feature says nothing; keep it at zero
    return values.mean(axis=0), scale
