"""Batches of like lengths, and what becomes of a model's frames: pooled to a row, or thinned and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError
from harness.encoders._frames import LEVELS
from harness.features.matrix import Matrix, Ragged

Item = TypeVar("Item")
WINDOW = 256  # inputs that are sorted by length at a time: the memory of a stream
POOLINGS = ("mean", "mean_std", "first", "last")


@dataclass(frozen=True, slots=True)
class Pooling:
    """How hidden states (T, d) become features.

    Args:
        layer: number of the hidden state (0: what enters the first layer, -1: the last), or several to be averaged.
        pooling: over time: `mean`; `mean_std`, the mean and the population standard deviation side by side; `first`;
            `last`.
        level: `utterance` pools; `frames` keeps the frames.
        every: frames that are averaged to one before they are kept; the last group may be smaller.
    """

    layer: int | Sequence[int] = -1
    pooling: str = "mean"
    level: str = "utterance"
    every: int = 1

    def __post_init__(self) -> None:
        layers = [self.layer] if isinstance(self.layer, int) else list(self.layer)
        if not layers or any(type(one) is not int for one in layers):
            raise SettingError(f"layer is {self.layer!r}; it is a number of a hidden state, or a list of them")
        for name, value, known in (("pooling", self.pooling, POOLINGS), ("level", self.level, LEVELS)):
            if value not in known:
                raise SettingError(f"{name} is {value!r}; it is one of {', '.join(known)}")
        if type(self.every) is not int or self.every < 1 or (self.every > 1 and self.level != "frames"):
            raise SettingError(f"every is {self.every!r}; it is a positive number, and for level: frames only")

    def width(self, hidden: int) -> int:
        """Return the number of features that hidden states of this size give."""
        return 2 * hidden if self.level == "utterance" and self.pooling == "mean_std" else hidden

    def states(self, hidden_states: Sequence[Any]) -> Any:
        """Return the tensor of the layer, or the float32 mean of several."""
        import torch

        if isinstance(self.layer, int):
            return self._one(hidden_states, self.layer).float()
        return torch.stack([self._one(hidden_states, layer).float() for layer in self.layer]).mean(dim=0)

    def _one(self, hidden_states: Sequence[Any], layer: int) -> Any:
        if not -len(hidden_states) <= layer < len(hidden_states):
            raise SettingError(
                f"layer is {layer}; the model has the hidden states 0 to {len(hidden_states) - 1}, -1 is the last"
            )
        return hidden_states[layer]

    def rows(self, utterances: Iterable[Any]) -> list[NDArray[np.float32]]:
        """Pool tensors (T, d) of one utterance each where they lie.

        Returns:
            An array (width,) an utterance, or with level frames (T', d). Without a frame it is NaN, or has no frame.
        """
        import torch

        pieces = [self._of(frames) for frames in utterances]
        ends = np.cumsum([len(piece) for piece in pieces])
        return list(np.split(torch.cat(pieces).cpu().numpy(), ends[:-1]))  # one copy off a GPU

    def _of(self, frames: Any) -> Any:
        import torch

        if self.level == "frames":
            return thinned(frames, self.every)
        if not len(frames):
            return frames.new_full((self.width(frames.shape[1]),), np.nan)
        if self.pooling in ("first", "last"):
            return frames[0 if self.pooling == "first" else -1]
        if self.pooling == "mean":
            return frames.mean(dim=0)
        return torch.cat([frames.mean(dim=0), frames.std(dim=0, correction=0)])

    def matrix(self, pieces: Sequence[NDArray[np.float32]], hidden: int) -> Matrix:
        """Put what `rows` gave for every utterance together: float32 (n, width), or Ragged with level frames."""
        if self.level == "frames":
            return Ragged.of(pieces, hidden)
        return np.array(pieces, dtype=np.float32).reshape(len(pieces), self.width(hidden))


def thinned(frames: Any, every: int) -> Any:
    """Return the means of groups of `every` frames of a tensor (T, d), the last group as long as what is left."""
    import torch

    if every == 1 or not len(frames):
        return frames
    whole = len(frames) // every * every
    means = frames[:whole].unflatten(0, (-1, every)).mean(dim=1) if whole else frames[:0]
    return torch.cat([means, frames[whole:].mean(dim=0, keepdim=True)]) if whole < len(frames) else means


def by_length(
    items: Iterable[Item],
    length: Callable[[Item], int],
    encode: Callable[[list[Item]], Sequence[NDArray[np.float32]]],
    budget: float,
    *,
    equal: bool = False,
) -> Iterator[NDArray[np.float32]]:
    """Encode a stream in batches of like lengths, and give the results in the stream's order.

    Args:
        items: taken `WINDOW` at a time and sorted within.
        length: of an item, in any unit.
        encode: one result per item of a batch.
        budget: longest length times size that a batch may have; a longer item is alone.
        equal: whether a batch holds one length only.
    """
    stream = iter(items)
    while window := list(islice(stream, WINDOW)):
        lengths = [length(item) for item in window]
        results: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(window)
        for batch in _batches(lengths, budget, equal):
            for at, result in zip(batch, encode([window[at] for at in batch]), strict=True):
                results[at] = result
        yield from results


def _batches(lengths: Sequence[int], budget: float, equal: bool) -> Iterator[list[int]]:
    """Cut the places, longest first (what does not fit in memory fails at once), into batches within the budget."""
    order = sorted(range(len(lengths)), key=lambda at: -lengths[at])
    batch: list[int] = []
    for at in order:
        longest = lengths[batch[0]] if batch else lengths[at]
        if batch and ((len(batch) + 1) * longest > budget or (equal and lengths[at] != longest)):
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch
