"""Estimates from features of labelled target rows: the evidence of a linear model (LogME), and the H-score.

The features are those of the *source's model*: its last hidden layer, or its log-odds. What a frozen encoder
says about the target is the same for every source, so an estimate from it ranks encoders, not sources.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.transferability.estimate import Estimate, Floats, checked, classes_of

GRID = 81  # places between which the largest evidence is sought
SPAN = 1e8  # the ratio of prior and noise is sought up to so many times above and below the spectrum of the features
TINY = 1e-12  # directions with a smaller share of the largest variance are rounding


def logme(features: NDArray[Any], y: NDArray[Any]) -> Estimate:
    """Return LogME in nats a row: the largest log-evidence of a Bayesian linear model of the labels.

    y ~ N(F w, 1 / beta), w ~ N(0, 1 / alpha), without an intercept; alpha and beta at their best. Of classes the mean
    over one-against-the-rest indicators of the classes that occur; of numbers their own evidence.

    Args:
        features: (n, width), also with n < width.
        y: class indices (n,) of an integer type, or numbers (n,).

    Raises:
        ValueError: features and labels that do not belong together.

    Source: You et al. 2021, arXiv 2102.11005. The best beta for a given alpha / beta has a closed form; what is left
    is a search in one dimension, which cannot stop early as the fixed-point iteration of the paper can.
    """
    x = checked(features, "features")
    targets = _indicators(y, len(x))
    if targets is None:
        return Estimate(None, "labels_do_not_vary")
    spectrum, inside, outside = _rotated(x, targets)
    if not len(spectrum):
        return Estimate(None, "features_are_zero")
    parts = zip(inside, outside.tolist(), strict=True)
    return Estimate(float(np.mean([_evidence(spectrum, along, rest, len(x)) for along, rest in parts])))


def h_score(features: NDArray[Any], y: NDArray[Any]) -> Estimate:
    """Return the regularised H-score: how far apart class means lie, measured by the spread of the features.

    (1 - a) tr(S_a^-1 cov(E[f | y])), with S_a the covariance after Ledoit and Wolf and `a` their shrinkage; between 0
    and the number of classes minus 1.

    Args:
        features: (n, width), also with n < width.
        y: class indices (n,).

    Raises:
        ValueError: features and labels that do not belong together.

    Source: Bao et al. 2019; with shrinkage Ibrahim et al. 2021, arXiv 2110.06893.
    """
    from scipy.linalg import cho_factor, cho_solve
    from sklearn.covariance import ledoit_wolf

    x = checked(features, "features")
    truth = classes_of(y, len(x))
    counts = np.bincount(truth)
    if np.count_nonzero(counts) < 2:
        return Estimate(None, "labels_do_not_vary")
    centred = x - x.mean(axis=0)
    if not centred.any():
        return Estimate(None, "features_do_not_vary")
    covariance, shrinkage = ledoit_wolf(centred, assume_centered=True)
    means = (np.eye(len(counts))[truth].T @ centred)[counts > 0] / counts[counts > 0, None]
    if shrinkage == 1:
        return Estimate(0.0)
    spread = (cho_solve(cho_factor(covariance), means.T) * means.T).sum(axis=0)
    return Estimate(float((1 - shrinkage) * (spread * counts[counts > 0]).sum() / len(truth)))


def _indicators(y: NDArray[Any], n: int) -> Floats | None:
    """Return what is to be explained, (targets, n), or None where there is nothing."""
    y = np.asarray(y)
    if y.dtype.kind == "f":
        if y.shape != (n,) or not np.isfinite(y).all():
            raise ValueError(f"{n} rows and numbers of shape {y.shape} do not belong together, or are not finite")
        return y[None].astype(np.float64) if np.ptp(y) > 0 else None
    present = np.unique(classes_of(y, n))
    return (y == present[:, None]).astype(np.float64) if len(present) > 1 else None


def _rotated(features: Floats, targets: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the squared singular values, the squares of the targets along them, and what lies outside them."""
    n, width = features.shape
    tall = n > width
    values, vectors = np.linalg.eigh(features.T @ features if tall else features @ features.T)
    kept = values > TINY * max(float(values[-1]), np.finfo(float).tiny)
    values, vectors = values[kept], vectors[:, kept]
    along = (targets @ features) @ vectors / np.sqrt(values) if tall else targets @ vectors
    outside = np.maximum((targets**2).sum(axis=1) - (along**2).sum(axis=1), 0)
    return values, along**2, outside if len(values) < n else np.zeros(len(targets))


def _evidence(spectrum: Floats, inside: Floats, outside: float, n: int) -> float:
    """Return the largest log-evidence a row of one target.

    With t = alpha / beta the covariance of the target is (1 + s / t) / beta along a direction of variance s, and
    1 / beta outside; the likelihood is largest in beta where n / beta is the squared target so whitened.
    """
    from scipy.optimize import minimize_scalar

    def negative(log_t: Floats | float) -> Floats:
        gain = 1 + spectrum / np.exp(np.asarray(log_t))[..., None]
        noise = ((inside / gain).sum(axis=-1) + outside) / n
        value: Floats = 0.5 * (np.log(2 * np.pi) + 1 + np.log(noise) + np.log(gain).sum(axis=-1) / n)
        return value

    places = np.linspace(np.log(spectrum[0] / SPAN), np.log(spectrum[-1] * SPAN), GRID)
    best = int(negative(places).argmin())
    around = places[max(best - 1, 0)], places[min(best + 1, GRID - 1)]
    optimum = minimize_scalar(lambda t: float(negative(t)), bounds=around, method="bounded", options={"xatol": 1e-6})
    return -min(float(optimum.fun), float(negative(places[best])))
