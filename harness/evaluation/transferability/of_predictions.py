"""Estimates from a source model's predictions for a target: LEEP, their entropy, and the distance of label priors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.transferability.estimate import Estimate, Floats, checked, classes_of

TOLERANCE = 1e-3  # by which the probabilities of a row may miss 1


def leep(probabilities: NDArray[Any], y: NDArray[Any]) -> Estimate:
    """Return LEEP in nats: the mean log-likelihood of the labels when they are guessed from the source's classes.

    LEEP = mean_i log sum_z P(y_i | z) p_i(z), with P(y | z) counted on the same rows. It is at most 0 and at least
    -H(y), so that it is small wherever the target's classes are many and even: compare it within a target only.

    Args:
        probabilities: of the source's classes for labelled rows of the target, (n, k).
        y: class indices of these rows (n,); the target's classes need not be those of the source.

    Raises:
        ValueError: no probabilities, or labels that do not belong to them.

    Source: Nguyen et al. 2020, arXiv 2002.12462.
    """
    p = _probabilities(probabilities)
    truth = classes_of(y, len(p))
    joint = np.eye(int(truth.max()) + 1)[truth].T @ p
    mass = joint.sum(axis=0)
    given = np.divide(joint, mass, out=np.zeros_like(joint), where=mass > 0)
    return Estimate(float(np.log((p * given[truth]).sum(axis=1)).mean()))


def leep_over_entropy(probabilities: NDArray[Any], y: NDArray[Any]) -> Estimate:
    """Return LEEP + H(y) in nats: what the source's classes tell about the label, comparable between targets.

    It lies between the mutual information of label and source class, which is at least 0, and H(y).
    """
    from scipy.stats import entropy

    leep_value = leep(probabilities, y).value
    assert leep_value is not None
    return Estimate(leep_value + float(entropy(np.bincount(y))))


def prediction_entropy(probabilities: NDArray[Any]) -> Estimate:
    """Return the mean entropy of the probabilities (n, k) in nats: 0 where the model is sure, log k where it guesses.

    No label is needed. A model can be sure and wrong.
    """
    from scipy.stats import entropy

    return Estimate(float(entropy(_probabilities(probabilities), axis=1).mean()))


def prior_variation(source: NDArray[Any], target: NDArray[Any]) -> Estimate:
    """Return the total variation between two label priors, 0 (alike) to 1 (no class in common).

    Args:
        source, target: class indices (n,) and (m,) of one label space.
    """
    return Estimate(float(np.abs(np.subtract(*_priors(source, target))).sum() / 2))


def prior_divergence(source: NDArray[Any], target: NDArray[Any]) -> Estimate:
    """Return the Jensen-Shannon divergence between two label priors in bits, 0 (alike) to 1 (no class in common)."""
    from scipy.spatial.distance import jensenshannon

    return Estimate(float(jensenshannon(*_priors(source, target), base=2)) ** 2)


def log_odds(probabilities: NDArray[Any]) -> Floats:
    """Return log-probabilities (n, k) minus their mean over classes: what every classifier has before its softmax.

    A probability of 0 counts as 1e-7, the resolution of the float32 it was stored in.
    """
    logs = np.log(np.maximum(_probabilities(probabilities), 1e-7))
    centred: Floats = logs - logs.mean(axis=1, keepdims=True)
    return centred


def _priors(source: NDArray[Any], target: NDArray[Any]) -> tuple[Floats, Floats]:
    priors = [classes_of(y, len(y)) for y in (source, target)]
    if not all(map(len, priors)):
        raise ValueError("a label prior needs labels")
    k = max(int(y.max()) for y in priors) + 1
    first, second = (np.bincount(y, minlength=k) / len(y) for y in priors)
    return first, second


def _probabilities(probabilities: NDArray[Any]) -> Floats:
    p = checked(probabilities, "probabilities")
    if (p < 0).any() or np.abs(p.sum(axis=1) - 1).max() > TOLERANCE:
        raise ValueError("probabilities must not be negative, and those of a row must sum to 1")
    normal: Floats = p / p.sum(axis=1, keepdims=True)
    return normal
