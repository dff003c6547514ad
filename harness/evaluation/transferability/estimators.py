"""The estimators of transferability: how well a source may carry over to a target, before any test.

of_predictions.py  LEEP, entropy of predictions, distance of label priors
of_features.py     LogME and H-score
a_distance.py      proxy A-distance
rank_tests.py      whether an estimate ranked the pairs as they turned out

An estimate is from target *train* rows; none may see a test row. On these corpora no estimate without target labels
ranks sources (docs/foresee.md): print its rank correlation, do not choose a source by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.transferability import of_features, of_predictions
from harness.evaluation.transferability.a_distance import proxy_a_distance
from harness.evaluation.transferability.estimate import Estimate
from harness.features.matrix import Matrix

ROWS = 5000  # that LogME and the H-score look at


@dataclass(frozen=True, slots=True)
class KnownPair:
    """What is known of a source and a target before testing; what is None makes the estimates that need it absent.

    Args:
        probabilities: of the source's model for the target's train rows, (n, k).
        hidden: what the source's model makes of these rows, as its last layer or its log-odds, (n, width).
        y: labels of these rows: class indices, or numbers (n,).
        source_y: labels of the source's train rows, in the same label space (m,).
        x, dialogues: features as encoded and normalised, and dialogues, of the same rows.
        source_x, source_dialogues: of the source's.
    """

    probabilities: NDArray[Any] | None = None
    hidden: NDArray[Any] | None = None
    y: NDArray[Any] | None = None
    source_y: NDArray[Any] | None = None
    x: Matrix | None = None
    source_x: Matrix | None = None
    dialogues: NDArray[Any] | None = None
    source_dialogues: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Estimator:
    """An estimate: how it is made and what for.

    Args:
        of: makes it from the fields that it `needs`, in their order.
        needs: fields of `KnownPair`.
        target_labels: what it must know of the target's labels: each, their `prior` alone, or `none`.
        higher_is_better: False for a distance.
        classes: whether it is of label spaces with classes only.
        between_targets: whether values of two targets can be compared; ranking sources within a target always can.
        draws: whether it looks at some rows only, and takes the `seed` of their draw as well.
    """

    of: Callable[..., Estimate]
    needs: tuple[str, ...]
    target_labels: Literal["labels", "prior", "none"]
    higher_is_better: bool = False
    classes: bool = True
    between_targets: bool = True
    draws: bool = False


def _of_drawn_rows(measure: Callable[[Any, Any], Estimate]) -> Callable[..., Estimate]:
    def of(hidden: Any, y: Any, seed: int) -> Estimate:
        which = subsample(len(y), ROWS, seed)
        return measure(np.asarray(hidden)[which], np.asarray(y)[which])

    return of


PREDICTED, HIDDEN, PRIORS = ("probabilities", "y"), ("hidden", "y"), ("source_y", "y")
FEATURES = ("source_x", "x", "source_dialogues", "dialogues")
LOGME, H_SCORE = _of_drawn_rows(of_features.logme), _of_drawn_rows(of_features.h_score)
ESTIMATORS: Mapping[str, Estimator] = {
    "leep": Estimator(of_predictions.leep, PREDICTED, "labels", higher_is_better=True, between_targets=False),
    "leep_over_entropy": Estimator(of_predictions.leep_over_entropy, PREDICTED, "labels", higher_is_better=True),
    "logme": Estimator(
        LOGME, HIDDEN, "labels", higher_is_better=True, classes=False, between_targets=False, draws=True
    ),
    "h_score": Estimator(H_SCORE, HIDDEN, "labels", higher_is_better=True, draws=True),
    "a_distance": Estimator(proxy_a_distance, FEATURES, "none", classes=False, draws=True),
    "prior_variation": Estimator(of_predictions.prior_variation, PRIORS, "prior"),
    "prior_divergence": Estimator(of_predictions.prior_divergence, PRIORS, "prior"),
    "prediction_entropy": Estimator(of_predictions.prediction_entropy, ("probabilities",), "none"),
}


def estimates(pair: KnownPair, seed: int = 0) -> dict[str, Estimate]:
    """Return every estimate of a pair, or its reason: `needs:hidden`, `not_for_a_scale`, or why it is undefined.

    LogME and the H-score draw 5,000 rows and the proxy A-distance 3,000 of each side, by `seed`; the others use all.

    Args:
        pair: what is known.
        seed: of the draws.

    Raises:
        ValueError: fields that do not belong together.
    """
    return {name: _estimate(estimator, pair, seed) for name, estimator in ESTIMATORS.items()}


def subsample(n: int, rows: int, seed: int) -> NDArray[np.int64]:
    """Return at most `rows` of n row numbers, drawn by `seed`, in order."""
    if n <= rows:
        return np.arange(n)
    return np.sort(np.random.default_rng([seed, n]).choice(n, rows, replace=False))


def _estimate(estimator: Estimator, pair: KnownPair, seed: int) -> Estimate:
    scale = any(y is not None and np.asarray(y).dtype.kind == "f" for y in (pair.y, pair.source_y))
    if estimator.classes and scale:
        return Estimate(None, "not_for_a_scale")
    missing = [field for field in estimator.needs if getattr(pair, field) is None]
    if missing:
        return Estimate(None, f"needs:{','.join(missing)}")
    known = [getattr(pair, field) for field in estimator.needs]
    return estimator.of(*known, seed=seed) if estimator.draws else estimator.of(*known)
