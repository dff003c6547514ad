"""Intervals that cover other speakers than those tested: dialogues and speakers as two crossed clusters.

Rows of one dialogue are alike, and so are rows of one speaker; a speaker talks in several dialogues, and a dialogue has
several speakers. The variance of such data is V(dialogues) + V(speakers) - V(dialogues x speakers), each from
resampling one kind of cluster (Cameron, Gelbach & Miller 2011), and at least the largest of the first two. Student's t
has one degree of freedom less than the effective number of clusters, (sum n)^2 / sum n^2 (Carter, Schnepel &
Steigerwald 2017): six leads of a series count as six, though a hundred others say a word each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPEAKERS = 10  # fewer are no sample of speakers (docs/design.md 6.4: EmotionTalk's test split has four)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crossed:
    """A metric, or a difference, in the resamples of dialogues, of speakers, and of both crossed: (resamples,) each."""

    dialogues: Floats
    speakers: Floats
    both: Floats

    def minus(self, other: Crossed) -> Crossed:
        """Return the difference of two metrics on the same rows and draws."""
        return Crossed(self.dialogues - other.dialogues, self.speakers - other.speakers, self.both - other.both)

    @property
    def deviation(self) -> float | None:
        """Return the standard deviation over dialogues and speakers, None where a part is not defined."""
        parts = [float(np.var(known)) if len(known := of[np.isfinite(of)]) else np.nan for of in self._parts]
        dialogues, speakers, both = parts
        variance = max(dialogues + speakers - both, dialogues, speakers)
        return float(variance**0.5) if np.isfinite(variance) else None

    @property
    def _parts(self) -> tuple[Floats, Floats, Floats]:
        return self.dialogues, self.speakers, self.both


def numbered(names: Sequence[Any]) -> NDArray[np.int64]:
    """Return the number of each name, from 0 in order of appearance."""
    places = {name: at for at, name in enumerate(dict.fromkeys(names))}
    return np.array([places[name] for name in names], dtype=np.int64)


def effective(clusters: NDArray[np.int64]) -> float:
    """Return the effective number of clusters: as many equally large ones would say as much."""
    sizes = np.bincount(clusters).astype(np.float64)
    return float(sizes.sum() ** 2 / np.square(sizes).sum())


def interval(value: float, crossed: Crossed, groups: float, level: float) -> tuple[float | None, float | None]:
    """Return the interval of a value over dialogues and speakers; both ends are None where it cannot be told.

    Args:
        value: of the metric or difference.
        crossed: its resamples.
        groups: effective number of clusters of the kind that has fewer.
        level: of the interval.
    """
    from scipy.stats import t

    deviation = crossed.deviation
    if deviation is None or groups <= 1:
        return None, None
    away = float(t.ppf((1 + level) / 2, groups - 1)) * deviation
    return value - away, value + away
