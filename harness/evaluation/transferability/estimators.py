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

from harness.evaluation.transferability import a_distance, of_features, of_predictions
from harness.evaluation.transferability.estimate import Estimate
from harness.features.matrix import Matrix

ROWS = 5000  # that LogME and the H-score look at
ROWS_OF_A_SIDE = 3000  # that the proxy A-distance looks at
Labels = Literal["labels", "prior", "none"]


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
        title: as it is printed.
        needs: fields of `KnownPair`.
        target_labels: what it must know of the target's labels: each, their `prior` alone, or `none`.
        higher_is_better: False for a distance.
        classes: whether it is of label spaces with classes only.
        between_targets: whether values of two targets can be compared; ranking sources within a target always can.
        of: makes it from a pair, at most so many rows where it draws, and the seed of the draw.
    """

    title: str
    needs: tuple[str, ...]
    target_labels: Labels
    higher_is_better: bool
    classes: bool
    between_targets: bool
    of: Callable[[Any, int], Estimate]


def _drawn(measure: Callable[[Any, Any], Estimate]) -> Callable[[Any, int], Estimate]:
    def of(pair: Any, seed: int) -> Estimate:
        which = subsample(len(pair.y), ROWS, seed)
        return measure(np.asarray(pair.hidden)[which], np.asarray(pair.y)[which])

    return of


def _apart(pair: Any, seed: int) -> Estimate:
    return a_distance.proxy_a_distance(
        pair.source_x, pair.x, pair.source_dialogues, pair.dialogues, ROWS_OF_A_SIDE, seed
    )


APART = ("source_x", "x", "source_dialogues", "dialogues")
ESTIMATORS: Mapping[str, Estimator] = {
    "leep": Estimator(
        "LEEP",
        ("probabilities", "y"),
        "labels",
        True,
        True,
        False,
        lambda p, _: of_predictions.leep(p.probabilities, p.y),
    ),
    "leep_over_entropy": Estimator(
        "LEEP + H(y)",
        ("probabilities", "y"),
        "labels",
        True,
        True,
        True,
        lambda p, _: of_predictions.leep_over_entropy(p.probabilities, p.y),
    ),
    "logme": Estimator("LogME", ("hidden", "y"), "labels", True, False, False, _drawn(of_features.logme)),
    "h_score": Estimator("H-score", ("hidden", "y"), "labels", True, True, True, _drawn(of_features.h_score)),
    "a_distance": Estimator("proxy A-distance", APART, "none", False, False, True, _apart),
    "prior_variation": Estimator(
        "prior distance (total variation)",
        ("source_y", "y"),
        "prior",
        False,
        True,
        True,
        lambda p, _: of_predictions.prior_variation(p.source_y, p.y),
    ),
    "prior_divergence": Estimator(
        "prior distance (Jensen-Shannon)",
        ("source_y", "y"),
        "prior",
        False,
        True,
        True,
        lambda p, _: of_predictions.prior_divergence(p.source_y, p.y),
    ),
    "prediction_entropy": Estimator(
        "mean prediction entropy",
        ("probabilities",),
        "none",
        False,
        True,
        True,
        lambda p, _: of_predictions.prediction_entropy(p.probabilities),
    ),
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
    return estimator.of(pair, seed)
