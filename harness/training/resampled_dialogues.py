"""Resample the dialogues that a model is trained on, to see how much it hangs on just these.

Training data are a source of variance like test data (Bouthillier et al. 2021, "Accounting for variance in machine
learning benchmarks"). Each dialogue is taken a Poisson number of times with mean 1: the Poisson bootstrap, which for
many dialogues is the usual one (Hanley & MacGibbon 2006). How often depends on the name of the dialogue and the number
of the draw alone, so all recipes and label views of a source are trained on the same draws, and their differences are
paired. Some dialogues stand there several times, which overstates the variance a little.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError
from harness.training.replicates import TrainingData


def resampled(data: TrainingData, number: int, recipe: Mapping[str, Any]) -> TrainingData:
    """Return training data whose train dialogues are drawn anew; its normaliser is fitted on them, dev is as it was.

    Args:
        data: with the dialogue of each train row.
        number: of the draw, from 1.
        recipe: its `normalise`.

    Raises:
        SettingError: nobody knows the dialogues.
    """
    if data.train.dialogues is None:
        raise SettingError("train rows without dialogues cannot be resampled")
    which = drawn(data.train.dialogues, number)
    return TrainingData(data.train.take(which), data.dev, recipe, data.unlabelled, data.rule)


def drawn(dialogues: NDArray[Any], number: int) -> NDArray[np.int64]:
    """Return the rows that a draw takes, in the order of the corpus, each as often as its dialogue is drawn.

    Args:
        dialogues: names, one per row.
        number: of the draw.
    """
    times = {name: _times(name, number) for name in np.unique(dialogues).tolist()}
    if not any(times.values()):
        return np.arange(len(dialogues))
    return np.repeat(np.arange(len(dialogues)), [times[name] for name in dialogues.tolist()])


def _times(name: str, number: int) -> int:
    """Return how often a draw takes a dialogue."""
    return int(np.random.default_rng([number, crc32(name.encode())]).poisson(1.0))
