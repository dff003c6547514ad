"""Train the replicates (folds x seeds) of one cell row, selected on source dev, on a CPU or a GPU alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import normalisers, statistics
from harness.examples import Examples
from harness.features import Matrix
from harness.labels import ClassSpace, Space
from harness.metrics import ccc, uar

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Replicate:
    """One trained model: its arrays, its score on source dev, and the settings that selection chose."""

    arrays: Arrays
    dev: float
    chosen: dict[str, float]


def train(
    module: ModuleType, train: Examples, dev: Examples, space: Space, recipe: Mapping[str, Any], seed: int
) -> Replicate:
    """Train one replicate.

    Args:
        module: a module of harness/fusion.
        train: rows the parameters and the normaliser are fitted on.
        dev: rows of the same corpus the settings are selected on.
        space: the label space.
        recipe: `normalise`, `balanced` and `settings` of the model.
        seed: of everything random.
    """
    state = normalisers.fit(recipe["normalise"], train.x)
    fitted = Examples(normalisers.apply(recipe["normalise"], state, train.x), train.y)
    chosen_on = Examples(normalisers.apply(recipe["normalise"], state, dev.x), dev.y)
    weight = row_weights(train.y, space, bool(recipe["balanced"]))
    if hasattr(module, "candidates"):
        found = _select(module, fitted, chosen_on, weight, space, recipe["settings"])
    else:
        from harness import descent

        found = Replicate(*descent.train(module, fitted, chosen_on, weight, space, recipe["settings"], seed, dev_score))
    return Replicate({**_prefixed("norm", state), **_prefixed("model", found.arrays)}, found.dev, found.chosen)


def predict(
    module: ModuleType, arrays: Arrays, x: Matrix, space: Space, recipe: Mapping[str, Any], own: Arrays | None = None
) -> NDArray[np.float32]:
    """Return probabilities (n, classes), or numbers (n, 1).

    Args:
        module: the module of harness/fusion that was trained.
        arrays: what training returned.
        x: features as the encoder made them.
        space: the label space.
        recipe: the recipe it was trained with.
        own: normaliser statistics of the corpus of `x`, for a transductive normaliser; None means the source's.
    """
    state = _part("norm", arrays) if own is None else own
    normal = normalisers.apply(recipe["normalise"], state, x)
    if hasattr(module, "candidates"):
        scores: NDArray[np.float32] = module.predict(_part("model", arrays), normal, space)
        return scores
    from harness import descent

    return descent.predict(module, _part("model", arrays), normal, space, recipe["settings"])


def dev_score(scores: NDArray[np.float32], y: NDArray[Any], space: Space) -> float:
    """Return what selection maximises: UAR for classes, CCC for a scale."""
    one = np.zeros(len(y), dtype=np.int64)
    if isinstance(space, ClassSpace):
        counts = statistics.confusion(y, scores.argmax(axis=1)[None], one, len(space.classes))
        return float(uar.from_statistic(counts[0, 0]))
    sums = statistics.moments(y, scores[:, 0][None].astype(np.float64), one)
    return float(np.nan_to_num(ccc.from_statistic(sums[0, 0])))


def row_weights(y: NDArray[Any], space: Space, balanced: bool) -> NDArray[np.float64]:
    """Return a weight per row: n / (present classes * rows of its class) when balanced, else 1."""
    if not balanced or not isinstance(space, ClassSpace):
        return np.ones(len(y))
    counts = np.bincount(y, minlength=len(space.classes))
    weight: NDArray[np.float64] = (len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[y]
    return weight


def _select(
    module: ModuleType,
    train: Examples,
    dev: Examples,
    weight: NDArray[np.float64],
    space: Space,
    settings: Mapping[str, Any],
) -> Replicate:
    """Fit every candidate, each from the one before, and keep the first of the best on source dev."""
    best: Replicate | None = None
    arrays: Arrays | None = None
    for candidate in module.candidates(settings):
        arrays = module.fit(train.x, train.y, weight, space, candidate, arrays)
        score = dev_score(module.predict(arrays, dev.x, space), dev.y, space)
        if best is None or score > best.dev:
            best = Replicate(arrays, score, candidate)
    assert best is not None
    return best


def _prefixed(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def _part(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    return {name.removeprefix(f"{prefix}."): a for name, a in arrays.items() if name.startswith(f"{prefix}.")}
