"""Prior correction: estimate the target's class shares from unlabelled scores, and re-weight the scores by them.

Under label shift p(x | y) is the same on both corpora and only p(y) moves; then p_t(y | x) is proportional to
p_s(y | x) p_t(y) / p_s(y). Between emotion corpora p(x | y) moves as well, so every estimate carries diagnostics and
nothing is corrected unless a study asks for it (EM collapsed in 11 of 12 real pairs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics.calibration import Floats, checked
from harness.statistics.sums import LEAST

ITERATIONS = 1000
CONVERGED = 1e-6  # largest change of a class share in one step
SINGULAR = 1e3  # condition number from which a confusion matrix is said to be near singular
LOST, HELD = 0.01, 0.03  # a class with HELD or more of the source and under LOST of the estimate has collapsed
FALLEN = 0.5  # share of the source prior's entropy under which an estimate has collapsed


@dataclass(frozen=True, slots=True)
class Confusion:
    """What BBSE inverts: P(predicted | truth) on source dev, over the classes that the source has."""

    condition: float
    smallest: float  # singular value
    clipped: int  # weights that came out negative and were set to 0


@dataclass(frozen=True, slots=True)
class Shift:
    """An estimated target prior of one replicate, or None and the reason; `weights` = estimate / source prior.

    Entropies in nats. `distance`: total variation from the true prior, when that was given.
    """

    method: str
    source: Floats  # (classes,)
    estimate: Floats | None
    weights: Floats | None
    reason: str | None
    warnings: tuple[str, ...]
    collapsed: bool
    entropy: float | None
    entropy_source: float
    distance: float | None
    iterations: int | None = None  # of EM
    converged: bool | None = None
    confusion: Confusion | None = None  # of BBSE


def shares(truth: NDArray[Any], k: int) -> Floats:
    """Return the class shares (k,) of class indices (n,)."""
    counts = np.bincount(truth, minlength=k)
    if not len(truth) or len(counts) > k:
        raise ValueError(f"class shares need class indices from 0 to {k - 1}, one at least")
    value: Floats = counts / counts.sum()
    return value


def adjusted(scores: NDArray[Any], weights: NDArray[Any]) -> Floats:
    """Return scores (..., classes) times weights (classes,), renormalised: posteriors under another prior.

    With weights = true target prior / source prior this is logit adjustment (Menon 2021), the oracle bound.

    Raises:
        ValueError: weights that are negative, not finite or all zero.
    """
    w = np.asarray(weights, dtype=np.float64)
    if not np.isfinite(w).all() or (w < 0).any() or not w.any():
        raise ValueError("weights must be finite, not negative and not all zero")
    moved = np.maximum(np.asarray(scores, dtype=np.float64), LEAST) * w
    normal: Floats = moved / moved.sum(axis=-1, keepdims=True)
    return normal


def ratio(target: NDArray[Any], source: NDArray[Any]) -> Floats:
    """Return target / source prior; 0 for classes that the source lacks: no weight brings them back."""
    s, t = _prior(source), _prior(target)
    if len(s) != len(t):
        raise ValueError(f"priors of {len(s)} and {len(t)} classes")
    return np.divide(t, s, out=np.zeros_like(t), where=s > 0)


def em(scores: NDArray[Any], source: NDArray[Any], true: NDArray[Any] | None = None) -> Shift:
    """Estimate the target prior by expectation maximisation (SLD; Saerens et al. 2002).

    Args:
        scores: one replicate's probabilities (n, classes) of unlabelled target rows.
        source: the prior that the scores stand for (classes,): the shares of source train, uniform where training
            weighed classes alike. A wrong one, or scores that are not calibrated, lead EM astray.
        true: the target's real prior, for the distance alone.
    """
    p, s = _rows(scores), _prior(source)
    _same_classes(p, s)
    w, steps, change = (s > 0).astype(np.float64), 0, np.inf
    weighted = np.maximum(p, LEAST) * (s > 0)
    safe = np.where(s > 0, s, 1)
    now = s
    while change >= CONVERGED and steps < ITERATIONS:
        new = w * (weighted.T @ (1 / (weighted @ w))) / len(p)
        change, now, steps = float(np.abs(new - now).max()), new, steps + 1
        w = now / safe
    done = change < CONVERGED
    warnings = () if done else (f"EM did not converge in {ITERATIONS} steps",)
    return _shift("em", s, now / now.sum(), warnings, true, iterations=steps, converged=done)


def bbse(
    dev_truth: NDArray[Any],
    dev_scores: NDArray[Any],
    scores: NDArray[Any],
    source: NDArray[Any] | None = None,
    soft: bool = False,
    true: NDArray[Any] | None = None,
) -> Shift:
    """Estimate the target prior by inverting the confusion matrix of source dev (Lipton et al. 2018).

    Solves sum_y P(predicted | y) t(y) = predicted shares of the target, clips negative shares, renormalises.

    Args:
        dev_truth, dev_scores: class indices (m,) and one replicate's probabilities (m, classes) on source dev.
        scores: the same replicate's probabilities (n, classes) of unlabelled target rows.
        source: the prior that the scores stand for; without it the shares of dev.
        soft: count probabilities instead of predicted classes.
        true: the target's real prior, for the distance alone.
    """
    y, dev = checked(dev_truth, dev_scores)
    p = _rows(scores)
    k = p.shape[1]
    s = shares(y, k) if source is None else _prior(source)
    _same_classes(p, s)
    _same_classes(dev[0], s)
    here = np.flatnonzero(shares(y, k))
    predicted, seen = (scores if soft else np.eye(k)[scores.argmax(axis=1)] for scores in (dev[0], p))
    given = np.stack([predicted[y == at].mean(axis=0)[here] for at in here], axis=1)
    values = np.linalg.svd(given, compute_uv=False)
    condition = float(values[0] / values[-1]) if values[-1] > values[0] * 1e-12 else float("inf")
    method = f"bbse_{'soft' if soft else 'hard'}"
    if not np.isfinite(condition):
        facts = Confusion(condition, float(values[-1]), 0)
        return _no_shift(method, s, "the confusion matrix of source dev is singular", facts)
    solved = np.linalg.solve(given, seen.mean(axis=0)[here])
    clipped = int((solved < 0).sum())
    estimate = np.zeros(k)
    estimate[here] = np.maximum(solved, 0)
    warnings = _confusion_warnings(condition, clipped, np.flatnonzero((s > 0) & ~np.isin(np.arange(k), here)))
    facts = Confusion(condition, float(values[-1]), clipped)
    return _shift(method, s, estimate / estimate.sum(), warnings, true, confusion=facts)


def _confusion_warnings(condition: float, clipped: int, unseen: NDArray[Any]) -> tuple[str, ...]:
    known = []
    if condition > SINGULAR:
        known.append(f"the confusion matrix of source dev is near singular (condition {condition:.0f})")
    if clipped:
        known.append(f"{clipped} negative class shares set to 0")
    if len(unseen):
        known.append(f"source dev has no row of classes {', '.join(map(str, unseen))}")
    return tuple(known)


def _shift(
    method: str, s: Floats, estimate: Floats, warnings: Sequence[str], true: NDArray[Any] | None, **facts: Any
) -> Shift:
    lost = np.flatnonzero((s >= HELD) & (estimate < LOST))
    entropy, before = _entropy(estimate), _entropy(s)
    fell = entropy < FALLEN * before
    notes = list(warnings)
    if len(lost):
        notes.append(f"collapsed: under {LOST:.0%} is left of classes {', '.join(map(str, lost))}")
    if fell:
        notes.append(f"collapsed: the entropy of the prior falls from {before:.2f} to {entropy:.2f} nats")
    distance = None if true is None else float(np.abs(estimate - _prior(true)).sum() / 2)
    weights = ratio(estimate, s)
    return Shift(
        method, s, estimate, weights, None, tuple(notes), bool(len(lost) or fell), entropy, before, distance, **facts
    )


def _no_shift(method: str, s: Floats, reason: str, facts: Confusion) -> Shift:
    return Shift(method, s, None, None, reason, (), False, None, _entropy(s), None, confusion=facts)


def _entropy(prior: Floats) -> float:
    known = prior[prior > 0]
    return float(-(known * np.log(known)).sum())


def _prior(prior: NDArray[Any]) -> Floats:
    checked = np.asarray(prior, dtype=np.float64)
    if checked.ndim != 1 or not np.isfinite(checked).all() or (checked < 0).any() or abs(checked.sum() - 1) > 1e-3:
        raise ValueError("a prior must be one row of shares: finite, not negative, 1 in sum")
    normal: Floats = checked / checked.sum()
    return normal


def _rows(scores: NDArray[Any]) -> Floats:
    p = np.asarray(scores)
    if p.ndim != 2:
        raise ValueError(f"a prior is estimated from the scores of one replicate, (n, classes); these are {p.shape}")
    rows: Floats = checked(np.zeros(len(p), dtype=np.int64), p)[1][0]
    return rows


def _same_classes(p: Floats, prior: Floats) -> None:
    if p.shape[1] != len(prior):
        raise ValueError(f"scores of {p.shape[1]} classes and a prior of {len(prior)}")
