"""Linear CORAL: give the source's features the mean and the covariance of the target's.

x' = (x - mean_s) C_s^-1/2 C_t^1/2 + mean_t, both covariances after Ledoit and Wolf, so that fewer rows than features
will do. Sun et al. 2016 (arXiv 1511.05547) move the source onto the target and add the identity to both covariances of
standardised features; the shrinkage of Ledoit and Wolf does the same by an amount that the data say.

A transductive method: it needs the features, never the labels, of the target's train rows, and *a model per target*,
trained and selected on moved source rows; the target's own rows are left as they are. Fitted the other way round,
`fit(target, source)` moves the target's rows onto the source, and one model of the source will do for all targets.

It mends what an invertible linear map with a symmetric matrix did to features that were white. It cannot know a turned
class direction, and where label priors differ it takes their part of mean and covariance for a shift of features.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness.core.errors import SettingError
from harness.features.matrix import Matrix, Ragged
from harness.training.feature_rows import FeatureRows
from harness.training.normalisers import State, of_slot

ROWS = 20_000  # rows or frames that means and covariances are counted on; more are drawn from


def fit_rows(source: FeatureRows, target: FeatureRows, seed: int = 0) -> State:
    """Return what moves every slot of the source's train rows, as arrays by `slot.name`; both already normalised.

    Raises:
        SettingError: see `fit`.
    """
    states = {slot: fit(source.features_of(slot), target.features_of(slot), seed) for slot in source.parts}
    return {f"{slot}.{key}": value for slot, state in states.items() for key, value in state.items()}


def apply_slot(state: Mapping[str, NDArray[Any]], rows: FeatureRows, slot: str) -> Matrix:
    """Return the moved features of one slot of source rows, zero where it is absent."""
    return rows.spread(slot, apply(of_slot(state, slot), rows.features_of(slot)))


def fit(source: Matrix, target: Matrix, seed: int = 0) -> State:
    """Return `mean` (width,), `matrix` (width, width) and `onto` (width,): x' = (x - mean) matrix + onto.

    Args:
        source, target: features (n, width) and (m, width), dense or frames; of more than 20,000 rows so many are drawn.
        seed: of the draw.

    Raises:
        SettingError: sparse features, two widths, fewer than two rows, or features that do not vary.
    """
    (mean, whiten), (onto, colour) = (
        _moments(features, name, power, seed)
        for features, name, power in ((source, "source", -0.5), (target, "target", 0.5))
    )
    if len(mean) != len(onto):
        raise SettingError(f"coral: the source has {len(mean)} features and the target {len(onto)}")
    return {"mean": mean, "matrix": (whiten @ colour).astype(np.float32), "onto": onto}


def apply(state: Mapping[str, NDArray[Any]], rows: Matrix) -> Matrix:
    """Return moved features, float32."""
    if isinstance(rows, Ragged):
        return Ragged(apply(state, rows.values), rows.starts)
    moved: NDArray[np.float32] = ((rows - state["mean"]).astype(np.float32) @ state["matrix"] + state["onto"]).astype(
        np.float32
    )
    return moved


def _moments(rows: Matrix, name: str, power: float, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the mean, and the covariance to a power."""
    from sklearn.covariance import ledoit_wolf

    if sparse.issparse(rows):
        raise SettingError("coral does not suit sparse features; take it for dense ones")
    values = rows.values if isinstance(rows, Ragged) else rows
    if len(values) > ROWS:
        values = values[np.sort(np.random.default_rng([seed, len(values)]).choice(len(values), ROWS, replace=False))]
    if len(values) < 2:
        raise SettingError(f"coral: the {name} has {len(values)} rows; a covariance needs two")
    values = np.asarray(values, dtype=np.float64)
    mean = values.mean(axis=0)
    covariance, _ = ledoit_wolf(values - mean, assume_centered=True)
    strength, directions = np.linalg.eigh(covariance)
    if strength[0] <= 0:
        raise SettingError(f"coral: the features of the {name} do not vary")
    return mean, (directions * strength**power) @ directions.T
