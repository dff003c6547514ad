"""Frames of many clips through one model in batches, and back to their clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.encoders._pooling import Pooling
from harness.features.matrix import Matrix

Clip = NDArray[np.uint8]  # (frames, height, width, 3)
Pictures = Sequence[NDArray[np.uint8]]  # of one clip, (height, width, 3) each


def in_batches(
    clips: Iterable[Pictures], look: Callable[[list[Clip]], Any], batch: int, pooling: Pooling, width: int
) -> Matrix:
    """Return the pooled frames of every clip, in their order.

    Args:
        clips: may be a generator; no more are held than fill a batch.
        look: takes pictures (height, width, 3), returns a tensor (pictures, width).
        batch: pictures that the model sees at once; a clip is not cut, so it may be more.
        pooling: what becomes of a clip's frames.
        width: features per picture.
    """
    pieces: list[NDArray[np.float32]] = []
    for group in _groups(clips, batch):
        states = look([picture for clip in group for picture in clip])
        pieces += pooling.rows(states.split([len(clip) for clip in group]))
    return pooling.matrix(pieces, width)


def _groups(clips: Iterable[Pictures], batch: int) -> Iterator[list[Pictures]]:
    group: list[Pictures] = []
    for clip in clips:
        if group and sum(map(len, group)) + len(clip) > batch:
            yield group
            group = []
        group.append(clip)
    if group:
        yield group
