"""The floors of a metric: what a predictor reaches that knows only the classes or the mean of the target's truth."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.plugins import find
from harness.statistics import sums
from harness.statistics.rare_classes import without_rare
from harness.statistics.sums import Floats
from harness.study.labels import ClassSpace, Space
from harness.study.metric_facts import metric_module


def floors(truth: NDArray[Any], space: Space, name: str, least: int = 0) -> tuple[float | None, float | None]:
    """Return a metric's value for the majority predictor and for guessing by the prior, both of the target's truth.

    For a scale: the constant that is best for the metric (median for mae, mean otherwise); nothing is guessed.

    Args:
        truth: class indices (n,) or numbers (n,).
        space: the label space.
        name: of the metric.
        least: rows that a class needs to enter a mean over classes.
    """
    module = metric_module(name)
    if not isinstance(space, ClassSpace):
        return _constant_floor(truth.astype(np.float64), module), None
    if module.STATISTIC != "confusion":
        return None, None
    k = len(space.classes)
    majority, guessed = (
        without_rare(matrix(truth, k), module, least) for matrix in (sums.majority, sums.prior_matched)
    )
    return of_matrix(majority, space, name), of_matrix(guessed, space, name)


def of_matrix(matrix: Floats, space: ClassSpace, name: str) -> float | None:
    """Return a metric of a confusion matrix (k, k), or `recall/<class>` of one class; None where it is undefined."""
    metric, _, part = name.partition("/")
    value = find("metric", metric).from_statistic(matrix)
    value = value[space.classes.index(part)] if part else value
    return None if np.isnan(value) else float(value)


def _constant_floor(truth: Floats, module: ModuleType) -> float | None:
    constant = np.median(truth) if module.STATISTIC == "moments" and not module.HIGHER_IS_BETTER else truth.mean()
    one_cluster = np.zeros(len(truth), dtype=np.int64)
    if module.STATISTIC == "cut":
        middle = np.digitize(truth, module.CUTS, right=True)
        return float(module.from_statistic(sums.majority(middle, len(module.CUTS) + 1)))
    value = float(module.from_statistic(sums.moments(truth, np.full((1, len(truth)), constant), one_cluster)[0, 0]))
    return None if np.isnan(value) else value
