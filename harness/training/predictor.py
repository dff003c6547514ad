"""What trained replicates say of rows, on a CPU or a GPU alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.study.labels import Space
from harness.training.feature_rows import FeatureRows
from harness.training.replicates import Arrays, feed_of, part_of, selects, side_by_side, steps_of


class Predictor:
    """Says what replicates say of some rows, whose features are normalised, and go to a GPU, once for all of them.

    Args:
        module: the module of harness/fusion that was trained.
        x: features as the encoders made them; what is masked in it is a missing modality.
        space: the label space.
        recipe: the recipe they were trained with.
        own: normaliser statistics of the corpus of `x`, for a transductive normaliser; None means the source's.
    """

    def __init__(
        self, module: ModuleType, x: FeatureRows, space: Space, recipe: Mapping[str, Any], own: Arrays | None = None
    ) -> None:
        self.module, self.x, self.space, self.recipe, self.own = module, x, space, recipe, own or {}
        self._given: tuple[Arrays, int, Any] | None = None  # normaliser, steps of frames, and what a model is given

    def predict(self, arrays: Arrays, chosen: Mapping[str, Any] | None = None) -> NDArray[np.float32]:
        """Return probabilities (n, classes), or numbers (n, 1).

        Args:
            arrays: what training returned.
            chosen: what selection chose, where settings were searched.
        """
        state, settings = {**part_of("norm", arrays), **self.own}, {**self.recipe["settings"], **(chosen or {})}
        if selects(self.module):
            given = self._normalised(state, 0, lambda: side_by_side(self.recipe["normalise"], state, self.x))
            scores: NDArray[np.float32] = self.module.predict(part_of("model", arrays), given, self.space)
            return scores
        from harness.training import network

        feed = self._normalised(
            state, steps_of(settings), lambda: feed_of(self.module, self.x, self.recipe, state, settings)
        )
        return network.predict(self.module, part_of("model", arrays), feed, self.space, settings)

    def _normalised(self, state: Arrays, steps: int, make: Callable[[], Any]) -> Any:
        """Return what was made for the replicate before, where its normaliser was the same."""
        if self._given is None or self._given[1] != steps or not _are_equal(self._given[0], state):
            self._given = None  # the one before need not stay in memory meanwhile
            self._given = (state, steps, make())
        return self._given[2]


def predict(
    module: ModuleType,
    arrays: Arrays,
    x: FeatureRows,
    space: Space,
    recipe: Mapping[str, Any],
    chosen: Mapping[str, Any] | None = None,
    own: Arrays | None = None,
) -> NDArray[np.float32]:
    """Return what one replicate says, as `Predictor` with its arguments does."""
    return Predictor(module, x, space, recipe, own).predict(arrays, chosen)


def _are_equal(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
