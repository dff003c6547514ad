"""Temperature scaling: one number, fitted on source dev, that makes all probabilities flatter or sharper.

Stored are probabilities p; logits are log p up to a constant of the row, which softmax forgets. So dividing logits by
T is p^(1/T), renormalised. It changes no prediction (Guo et al. 2017, arXiv 1706.04599).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics.calibration import Floats, checked, ece, nll
from harness.statistics.sums import LEAST

SHARPEST, FLATTEST = 0.05, 20.0  # temperatures that are tried
MOST_BIAS = 20.0  # of a class that dev never has the bias has no end
FALL = 0.10  # by which ECE on source dev must fall, or scaling is not kept


@dataclass(frozen=True, slots=True)
class Temperature:
    """A fitted temperature of one replicate, and what it does to the rows that it was fitted on (source dev)."""

    temperature: float
    nll: tuple[float, float]  # before, after
    ece: tuple[float, float]
    keep: bool  # ECE falls by a tenth or more and NLL does not rise
    warnings: tuple[str, ...]


def fitted(truth: NDArray[Any], scores: NDArray[Any]) -> Temperature:
    """Fit the temperature of one replicate on labelled rows of the source's dev split.

    NLL is convex in 1/T, so the search finds its one minimum.

    Args:
        truth: class indices (n,).
        scores: probabilities (n, classes).

    Raises:
        ValueError: no rows, or scores that are not probabilities of them.
    """
    y, p = checked(truth, scores)
    if len(p) != 1:
        raise ValueError(f"a temperature is fitted on one replicate; these are {len(p)}")
    t = best(y, p[0])
    after = tempered(p, t)
    losses = float(nll(y, p)[0]), float(nll(y, after)[0])
    errors = float(ece(y, p)[0]), float(ece(y, after)[0])
    at_edge = not SHARPEST * 1.01 < t < FLATTEST / 1.01
    return Temperature(
        temperature=t,
        nll=losses,
        ece=errors,
        keep=errors[1] <= (1 - FALL) * errors[0] and losses[1] <= losses[0] and not at_edge,
        warnings=(f"the temperature {t:.3g} lies at the edge of what is tried",) if at_edge else (),
    )


def tempered(scores: NDArray[Any], temperature: float | Sequence[float]) -> Floats:
    """Return p^(1/T), renormalised: probabilities (replicates, n, classes), T one number or one per replicate."""
    t = np.asarray(temperature, dtype=np.float64).reshape(-1, 1, 1)
    if not (np.isfinite(t) & (t > 0)).all():
        raise ValueError("a temperature must be a positive number")
    logits = np.log(np.maximum(np.asarray(scores, dtype=np.float64), LEAST)) / t
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    normal: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return normal


def bias_corrected(y: NDArray[np.int64], p: Floats) -> tuple[float, Floats]:
    """Return the temperature and the bias per class (classes,) with the least NLL: bias-corrected temperature scaling.

    Alexandari et al. 2020: a prior estimated by EM needs probabilities that are calibrated class by class, which one
    temperature cannot give. The first class has the bias 0, since softmax forgets a constant.

    Args:
        y: class indices (n,) of source dev.
        p: probabilities (n, classes).
    """
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    logits, rows = np.log(np.maximum(p, LEAST)), np.arange(len(y))
    counts = np.bincount(y, minlength=p.shape[1]) / len(y)

    def loss(of: Floats) -> tuple[float, Floats]:
        scores = of[0] * logits + np.concatenate([[0.0], of[1:]])
        norm = logsumexp(scores, axis=1)
        said = np.exp(scores - norm[:, None])
        value = float(np.mean(norm - scores[rows, y]))
        slope = np.concatenate(
            [[np.mean((said * logits).sum(axis=1) - logits[rows, y])], said.mean(axis=0)[1:] - counts[1:]]
        )
        return value, slope

    start = np.concatenate([[1.0], np.zeros(p.shape[1] - 1)])
    bounds = [(1 / FLATTEST, 1 / SHARPEST), *[(-MOST_BIAS, MOST_BIAS)] * (p.shape[1] - 1)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return 1 / float(found[0]), np.concatenate([[0.0], found[1:]])


def biased(scores: Floats, temperature: float, bias: Floats) -> Floats:
    """Return probabilities (n, classes) with a temperature and a bias per class."""
    logits = np.log(np.maximum(scores, LEAST)) / temperature + bias
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    normal: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return normal


def best(y: NDArray[np.int64], p: Floats) -> float:
    """Return the temperature with the least NLL of truth (n,) and probabilities (n, classes).

    With the labels of a target's test rows it is a bound (oracle), never a result.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    logits = np.log(np.maximum(p, LEAST))
    chosen = logits[np.arange(len(y)), y]

    def loss(sharpness: float) -> float:
        return float(np.mean(logsumexp(sharpness * logits, axis=1) - sharpness * chosen))

    optimum = minimize_scalar(loss, bounds=(1 / FLATTEST, 1 / SHARPEST), method="bounded", options={"xatol": 1e-6})
    return 1 / float(optimum.x)
