"""Choose what is resampled as a whole: dialogues, or speakers where there are enough of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SPEAKERS = 10  # fewer are no sample of speakers (docs/design.md 6.4: EmotionTalk's test split has four)
FEW = 20  # under so many clusters a percentile interval is too short


@dataclass(frozen=True, slots=True)
class Clustering:
    """The cluster of each row, what the clusters are, and why."""

    kind: Literal["dialogue", "speaker"]
    numbers: NDArray[np.int64]  # (rows,), from 0 in order of appearance
    count: int
    why: str
    warnings: tuple[str, ...]


def choose(
    dialogues: Sequence[str], speakers: Sequence[str | None], wanted: Literal["dialogue", "speaker"] = "dialogue"
) -> Clustering:
    """Return the clustering of rows: by dialogue, or by speaker where that is wanted and there are at least ten.

    Args:
        dialogues: dialogue of each row.
        speakers: speaker of each row, None where unknown.
        wanted: what the caller would like to generalise over.

    Raises:
        ValueError: there are no rows, or not as many speakers as dialogues.
    """
    if not dialogues or len(dialogues) != len(speakers):
        raise ValueError(f"{len(dialogues)} rows with a dialogue and {len(speakers)} with a speaker")
    known = len({speaker for speaker in speakers if speaker is not None})
    if wanted == "dialogue":
        return _clustering("dialogue", dialogues, "by dialogue, as asked")
    if None in speakers:
        return _clustering("dialogue", dialogues, f"by dialogue: {speakers.count(None)} rows have no known speaker")
    if known < SPEAKERS:
        return _clustering("dialogue", dialogues, f"by dialogue: {known} speakers, fewer than {SPEAKERS}")
    return _clustering("speaker", [str(speaker) for speaker in speakers], f"by speaker: there are {known}")


def _clustering(kind: Literal["dialogue", "speaker"], names: Sequence[str], why: str) -> Clustering:
    places = {name: at for at, name in enumerate(dict.fromkeys(names))}
    numbers = np.array([places[name] for name in names], dtype=np.int64)
    few = len(places) < FEW
    warnings = (f"{len(places)} clusters, fewer than {FEW}: intervals are too short, see small_sample_level",)
    return Clustering(kind, numbers, len(places), why, warnings if few else ())


@lru_cache(maxsize=1024)  # asked for once a cell and metric
def small_sample_level(clusters: int, level: float = 0.95) -> float:
    """Return the level whose percentile interval of few clusters covers as `level` says (Hesterberg 2015).

    The bootstrap's spread is too small by sqrt((n - 1) / n), and a normal quantile stands where Student's belongs: the
    expanded percentile interval takes tails of Phi(-sqrt(n / (n - 1)) t) instead.

    Raises:
        ValueError: fewer than two clusters have no spread.
    """
    from scipy.stats import norm, t

    if clusters < 2:
        raise ValueError(f"{clusters} clusters have no spread")
    wide = (clusters / (clusters - 1)) ** 0.5 * float(t.ppf((1 + level) / 2, clusters - 1))
    return float(1 - 2 * norm.sf(wide))


def level_of_mean(variances: Sequence[float], clusters: Sequence[int], level: float = 0.95) -> float | None:
    """Return the level whose percentile interval of a mean over targets covers as `level` says, each of few clusters.

    Each target is widened as it would be alone (`small_sample_level`), so that one of few clusters counts by its share
    of the variance. Degrees of freedom as of Welch (1947) and Satterthwaite (1946) fall short here: the variance of a
    target of four clusters is known so badly that it seems to be small too often. None where a target has one cluster,
    whose spread nobody knows.

    Args:
        variances: of each target over resamples.
        clusters: of each target.
        level: between 0 and 1.
    """
    from scipy.stats import norm

    if min(clusters) < 2:
        return None
    drawn = np.asarray(variances, dtype=np.float64)
    wide = np.array([float(norm.isf((1 - small_sample_level(count, level)) / 2)) for count in clusters])
    share = drawn / drawn.sum() if drawn.any() else np.full(len(drawn), 1 / len(drawn))
    return float(1 - 2 * norm.sf((share @ wide**2) ** 0.5))
