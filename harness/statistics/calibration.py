"""Measures of how far a model's probabilities can be believed: NLL, Brier, calibration errors, risk by coverage.

All take truth (n,) and scores (replicates, n, classes), probabilities of each row, and give one value per replicate.
Confidence is the probability of the predicted class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics.sums import BINS, calibration, probability

TOLERANCE = 1e-3  # by which the probabilities of a row may miss 1
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a reliability diagram: confidence in (low, high], rows per replicate; None where no row lies."""

    low: float
    high: float
    rows: float
    accuracy: float | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """The means over replicates of what this module measures of one cell."""

    nll: float
    brier: float
    rms_ce: float
    ece: float
    adaptive_ece: float
    classwise_ece: float
    aurc: float
    excess_aurc: float


def measured(truth: NDArray[Any], scores: NDArray[Any], dialogues: NDArray[np.int64] | None = None) -> Calibration:
    """Return every measure of this module, averaged over replicates.

    Args:
        truth: class indices (n,).
        scores: probabilities (replicates, n, classes).
        dialogues: number of the dialogue of each row (n,); None takes each row for itself.

    Raises:
        ValueError: no rows, or scores that are not probabilities of the truth's rows and classes.
    """
    y, p = checked(truth, scores)
    every = (nll, brier, ece, adaptive_ece, classwise_ece, aurc, excess_aurc)
    values = {measure.__name__: float(measure(y, p).mean()) for measure in every}
    clusters = np.arange(len(y)) if dialogues is None else dialogues
    return Calibration(**values, rms_ce=float(debiased(calibration(y, p, clusters).sum(axis=1)).mean()))


def nll(truth: NDArray[Any], scores: NDArray[Any]) -> Floats:
    """Return the mean -log probability of the true class, in nats; a probability under 2^-23 counts as 2^-23."""
    return _mean(truth, scores, 2)


def brier(truth: NDArray[Any], scores: NDArray[Any]) -> Floats:
    """Return the mean squared distance from the one-hot truth, summed over classes: 0 to 2 (Brier 1950)."""
    return _mean(truth, scores, 1)


def _mean(truth: NDArray[Any], scores: NDArray[Any], column: int) -> Floats:
    y, p = checked(truth, scores)
    value: Floats = probability(y, p, np.zeros(len(y), dtype=np.int64))[:, 0, column] / len(y)
    return value


def ece(truth: NDArray[Any], scores: NDArray[Any], bins: int = BINS) -> Floats:
    """Return sum_b (n_b / n) |accuracy_b - confidence_b| over bins of equal width, closed above (Guo et al. 2017)."""
    y, p = checked(truth, scores)
    _, hits, confidence = _binned((p.argmax(axis=-1) == y), p.max(axis=-1), bins)
    value: Floats = np.abs(hits - confidence).sum(axis=1) / len(y)
    return value


def debiased(bins: NDArray[Any]) -> Floats:
    """Return the root mean squared calibration error without its bias (harness/metrics/rms_ce.py says how).

    Args:
        bins: (..., bins, 3) of `sums.calibration`, summed over dialogues.
    """
    rows, apart, squares = bins[..., 0], bins[..., 1], bins[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        squared = np.where(rows > 0, (apart**2 - squares) / rows, 0).sum(axis=-1) / rows.sum(axis=-1)
    value: Floats = np.sqrt(np.maximum(squared, 0))
    return value


def adaptive_ece(truth: NDArray[Any], scores: NDArray[Any], bins: int = BINS) -> Floats:
    """Return the same over bins that hold equally many rows, in order of confidence (Nguyen & O'Connor 2015).

    Rows of one confidence have no order of their own: each counts with the mean hits of all of them.
    """
    y, p = checked(truth, scores)
    order, wrong = _ranked(y, p)
    apart = np.take_along_axis(p.max(axis=-1), order, axis=1) - (1 - wrong)
    parts = np.array_split(apart, min(bins, len(y)), axis=1)
    value: Floats = np.abs([part.sum(axis=1) for part in parts]).sum(axis=0) / len(y)
    return value


def classwise_ece(truth: NDArray[Any], scores: NDArray[Any], bins: int = BINS) -> Floats:
    """Return the mean over classes of the ECE of each class' probability against how often it is true (Kull 2019).

    Every class counts alike, those that the truth never holds as well.
    """
    y, p = checked(truth, scores)
    bins_of_class = []
    for at in range(p.shape[-1]):
        _, hits, confidence = _binned(np.broadcast_to(y == at, p.shape[:2]), p[..., at], bins)
        bins_of_class.append(np.abs(hits - confidence).sum(axis=1) / len(y))
    value: Floats = np.mean(bins_of_class, axis=0)
    return value


def reliability(truth: NDArray[Any], scores: NDArray[Any], bins: int = BINS) -> list[Bin]:
    """Return the bars of a reliability diagram over bins of equal width, replicates pooled."""
    y, p = checked(truth, scores)
    rows, hits, confidence = (
        sums_of_bins.sum(axis=0) for sums_of_bins in _binned(p.argmax(axis=-1) == y, p.max(axis=-1), bins)
    )
    return [
        Bin(at / bins, (at + 1) / bins, float(n) / len(p), float(h / n) if n else None, float(c / n) if n else None)
        for at, (n, h, c) in enumerate(zip(rows, hits, confidence, strict=True))
    ]


def risk_coverage(truth: NDArray[Any], scores: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return coverage (n,) = 1/n ... 1, and risk (replicates, n): the error share of the most confident rows.

    Rows of one confidence cannot be told apart: risk is the expectation over their orders (Geifman & El-Yaniv 2017).
    """
    y, p = checked(truth, scores)
    _, wrong = _ranked(y, p)
    taken = np.arange(1, len(y) + 1)
    return taken / len(y), np.cumsum(wrong[:, ::-1], axis=1) / taken


def aurc(truth: NDArray[Any], scores: NDArray[Any]) -> Floats:
    """Return the area under the risk-coverage curve: the mean risk over all coverages, 0 best."""
    value: Floats = risk_coverage(truth, scores)[1].mean(axis=1)
    return value


def excess_aurc(truth: NDArray[Any], scores: NDArray[Any]) -> Floats:
    """Return E-AURC: what the area exceeds that of an order with every error last (Geifman et al. 2019); 0 best."""
    risk = risk_coverage(truth, scores)[1]
    n = risk.shape[1]
    taken, errors = np.arange(1, n + 1), np.rint(risk[:, -1:] * n)
    best = np.maximum(taken - (n - errors), 0) / taken
    value: Floats = (risk - best).mean(axis=1)
    return value


def checked(truth: NDArray[Any], scores: NDArray[Any]) -> tuple[NDArray[np.int64], Floats]:
    """Return class indices (n,) and probabilities (replicates, n, classes) that belong together.

    Scores of one replicate may come as (n, classes).

    Raises:
        ValueError: what does not fit, in words.
    """
    y, p = np.asarray(truth), np.asarray(scores, dtype=np.float64)
    p = p[None] if p.ndim == 2 else p
    if p.ndim != 3 or y.ndim != 1 or p.shape[1] != len(y):
        raise ValueError(f"truth {y.shape} and scores {p.shape} are not (n,) and (replicates, n, classes)")
    if not p.size:
        raise ValueError("there is no row to measure")
    if y.dtype.kind not in "iu" or y.min() < 0 or y.max() >= p.shape[2]:
        raise ValueError(f"truth must be class indices from 0 to {p.shape[2] - 1}")
    if not np.isfinite(p).all() or (p < 0).any() or np.abs(p.sum(axis=-1) - 1).max() > TOLERANCE:
        raise ValueError("scores must be probabilities: finite, not negative, 1 in sum over the classes of a row")
    return y.astype(np.int64, copy=False), p


def _binned(hits: NDArray[Any], confidence: Floats, bins: int) -> tuple[Floats, Floats, Floats]:
    """Return rows, hits and the sum of what was said per bin, (replicates, bins) each."""
    if bins < 1:
        raise ValueError(f"{bins} bins; at least 1 is needed")
    replicates = len(confidence)
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    place += np.arange(replicates)[:, None] * bins
    rows, hit, sums = (
        np.bincount(place.ravel(), weights=w, minlength=replicates * bins).reshape(replicates, bins).astype(np.float64)
        for w in (None, np.asarray(hits, dtype=np.float64).ravel(), confidence.ravel())
    )
    return rows, hit, sums


def _ranked(y: NDArray[np.int64], p: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return the order of rising confidence (replicates, n), and the errors in it, averaged over equal confidence."""
    confidence = p.max(axis=-1)
    order = np.argsort(confidence, axis=1, kind="stable")
    ranked = np.take_along_axis(confidence, order, axis=1)
    wrong = np.take_along_axis((p.argmax(axis=-1) != y).astype(np.float64), order, axis=1)
    new = np.ones(ranked.shape, dtype=np.int64)
    new[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    group = new.ravel().cumsum() - 1
    shared = np.bincount(group, weights=wrong.ravel()) / np.bincount(group)
    return order, shared[group].reshape(wrong.shape)
