"""What a network of harness/fusion is given and may return."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Frames(NamedTuple):
    """Frame-level features of one slot: `values` (n, steps, width), zero after `lengths` (n,); 0 where it is absent."""

    values: Tensor
    lengths: Tensor


class Fused(NamedTuple):
    """Scores (n, outputs) and a scalar auxiliary loss, already weighted, that training adds to the loss of the task."""

    scores: Tensor
    extra: Tensor
