"""Batches of features as tensors, normalised one by one: memory-mapped on a CPU, held in memory on a GPU."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from harness.core.errors import SettingError
from harness.features.matrix import Matrix, Ragged
from harness.fusion._fused import Frames
from harness.training import normalisers
from harness.training.feature_rows import FeatureRows

Batch = tuple[dict[str, Tensor | Frames], Tensor]
UTTERANCE, FRAMES = "utterance", "frames"
STEPS = 50  # frames of an utterance that a frame-level model sees at most, unless its settings say otherwise


class Feed:
    """The features of n utterances for one network.

    Args:
        rows: the utterances; a batch reads only its own.
        normalise: the recipe's normaliser.
        state: its statistics by `slot.name`.
        level: what the network takes, UTTERANCE or FRAMES.
        steps: longer sequences are averaged into so many parts of equal length.
        device: where batches are wanted.

    Raises:
        SettingError: the features are sparse.
    """

    def __init__(
        self,
        rows: FeatureRows,
        normalise: str,
        state: Mapping[str, NDArray[Any]],
        level: str = UTTERANCE,
        steps: int = STEPS,
        device: torch.device | None = None,
    ) -> None:
        if any(sparse.issparse(matrix) for matrix in rows.parts.values()):
            raise SettingError("a network needs dense features; take `fusion: linear` for n-grams")
        self.device = device or torch.device("cpu")
        self.widths = rows.widths
        self.present = torch.from_numpy(rows.present).to(self.device)
        self.level, self.steps = level, steps
        self.slots = {
            slot: _Slot(matrix, rows.places[slot], normalise, normalisers.of_slot(state, slot), self.device)
            for slot, matrix in rows.parts.items()
        }

    def __len__(self) -> int:
        return len(self.present)

    def batch(self, which: Tensor) -> Batch:
        """Return features by slot and which are present (b, slots) of the utterances `which` (b,).

        Features are (b, width) at utterance level and `Frames` at frame level; those of an absent slot are zero.
        """
        present = self.present[which]
        x: dict[str, Tensor | Frames] = {}
        for at, (name, slot) in enumerate(self.slots.items()):
            there = present[:, at]
            x[name] = slot.frames(which, there, self.steps) if self.level == FRAMES else slot.rows(which, there)
        return x, present


class _Slot:
    """One slot's stored rows as a tensor without a copy, and what normalises them."""

    def __init__(
        self, matrix: Matrix, place: NDArray[np.int64], normalise: str, state: Mapping[str, Any], device: torch.device
    ) -> None:
        if device.type != "cpu":  # hold what is used, not the whole store
            there = place >= 0
            matrix = matrix.take(place[there]) if isinstance(matrix, Ragged) else matrix[place[there]]
            place = np.where(there, np.cumsum(there) - 1, -1)
        self.place = torch.from_numpy(np.maximum(place, 0)).to(device)
        self.starts = torch.from_numpy(matrix.starts).to(device) if isinstance(matrix, Ragged) else None
        self.values = _tensor(matrix.values if isinstance(matrix, Ragged) else matrix).to(device)
        self.width = int(self.values.shape[1])
        self.footing = None
        if normalise != "none":
            numbers = (torch.from_numpy(state[key]) for key in ("mean", "scale"))
            self.footing = tuple(number.to(device, torch.float32) for number in numbers)

    def rows(self, which: Tensor, there: Tensor) -> Tensor:
        if not len(self.values):
            return torch.zeros(len(which), self.width, device=self.values.device)
        return self._normal(self.values[self.place[which]]) * there[:, None]

    def frames(self, which: Tensor, there: Tensor, steps: int) -> Frames:
        if self.starts is None:
            return Frames(self.rows(which, there)[:, None], there.long())
        first, lengths = self.starts[:-1][self.place[which]], self.starts.diff()[self.place[which]] * there
        shown = lengths.clamp(max=steps)
        parts = int(shown.sum())
        owner = torch.repeat_interleave(torch.arange(len(which), device=shown.device), shown, output_size=parts)
        step = torch.arange(parts, device=shown.device) - (shown.cumsum(0) - shown)[owner]
        # Part k of an utterance of L frames in S parts is the frames from k L / S to (k + 1) L / S, rounded down.
        begin, end = (torch.div((step + k) * lengths[owner], shown[owner], rounding_mode="floor") for k in (0, 1))
        sizes = end - begin
        total = int(sizes.sum())
        of = torch.repeat_interleave(torch.arange(parts, device=shown.device), sizes, output_size=total)
        place = (first[owner] + begin)[of] + torch.arange(total, device=shown.device) - (sizes.cumsum(0) - sizes)[of]
        rows = self._normal(self.values[place])
        if total > parts:
            rows = torch.segment_reduce(rows, "mean", lengths=sizes, axis=0)
        values = rows.new_zeros(len(which), max(int(shown.max()), 1) if len(which) else 1, self.width)
        values[owner, step] = rows
        return Frames(values, shown)

    def _normal(self, values: Tensor) -> Tensor:
        values = values.float()
        if self.footing is None:
            return values
        mean, scale = self.footing
        return (values - mean) / scale


def _tensor(array: NDArray[Any]) -> Tensor:
    with warnings.catch_warnings():  # nothing here writes to a store, whose memory map is read-only
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(np.asarray(array))
