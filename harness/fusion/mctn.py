"""MCTN-like: what is said in one slot is translated into the others and back, and the label is read from what the
translators hold in between.

Pham et al., "Found in Translation: Learning Robust Joint Representations by Cyclic Translations between Modalities",
AAAI 2019. As in the paper only the source slot is needed to predict; the others teach while training, one level each:
the first level encodes the source and is translated into the next slot of the recipe, every further level encodes what
the one before holds and is translated into the slot after. The label is read from the last level.

Choices where the paper, which has two or three slots all there, is silent. The source of an utterance is the first slot
of the recipe that is there. A level whose target is absent, or is itself the source, is not taught by that utterance.
Each translation is translated back to the source by the first encoder and the level's decoder (the paper closes the
cycle at the first level only). Slots are aligned, so a decoder reads the state of its own step in place of attention
over all of them. A recipe of one slot is translated into itself: an auto-encoder is all that is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._fused import Frames, Fused
from harness.fusion._sequences import LSTM, aligned
from harness.fusion._slots import block, mean_of, number, whole

DETERMINISTIC = False
LEVEL = "frames"
SETTINGS = {"hidden": "whole", "aligned_steps": "whole", "there": "number", "back": "number", "dropout": "share"}
BATCHED = True


class Model(nn.Module):
    """An encoder and a decoder per level, and a recurrent read-out of what the last encoder holds.

    Args:
        widths: slot -> number of features; n slots make n - 1 levels, one at least.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (64), `aligned_steps` (20), `dropout` (0.3), and the weights of the losses `there` (0.1,
            the translations) and `back` (0.1, the way back to the source).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, levels = whole(settings, "hidden", 64), max(len(widths) - 1, 1)
        self.steps = whole(settings, "aligned_steps", 20)
        self.losses = number(settings, "there", 0.1), number(settings, "back", 0.1)
        self.project = nn.ModuleList(nn.Linear(width, hidden) for width in widths.values())
        self.encode, self.decode = (nn.ModuleList(LSTM(hidden, hidden) for _ in range(levels)) for _ in range(2))
        self.say = nn.ModuleList(nn.Linear(hidden, width) for width in widths.values())
        self.watch = LSTM(hidden, hidden)
        self.read = nn.Sequential(block(hidden, hidden, number(settings, "dropout", 0.3)), nn.Linear(hidden, outputs))

    def forward(self, x: Mapping[str, Frames], present: Tensor) -> Fused:
        """Return scores (n, outputs) of frames by slot, and the losses; `present` is (n, slots)."""
        slots = aligned(x, present, self.steps)
        source = first(present)
        projected = torch.stack([layer(slot) for layer, slot in zip(self.project, slots, strict=True)], dim=1)
        held = [(projected * source[:, :, None, None]).sum(dim=1)]
        for encode in self.encode:
            held.append(encode(held[-1]))
        scores = self.read(self.watch(held[-1])[:, -1])
        return Fused(scores, self._extra(slots, source, held[1:], present) if self.training else scores.new_zeros(()))

    def _extra(self, slots: list[Tensor], source: Tensor, held: list[Tensor], present: Tensor) -> Tensor:
        """Return how far the translations are from the other slots, and the way back from the source."""
        alone = len(slots) == 1
        there, back = [], []
        for level, (decode, states) in enumerate(zip(self.decode, held, strict=True)):
            target = 0 if alone else level + 1
            weight = (present[:, target] & (source[:, target] == (1.0 if alone else 0.0))).to(source.dtype)
            translated = self.say[target](decode(states))
            there.append(mean_of(missed(translated, slots[target]), weight))
            again = decode(self.encode[0](self.project[target](translated)))
            misses = [missed(say(again), slot) for say, slot in zip(self.say, slots, strict=True)]
            back.append(mean_of((torch.stack(misses, dim=1) * source).sum(dim=1), weight))
        return self.losses[0] * torch.stack(there).mean() + self.losses[1] * torch.stack(back).mean()


def missed(given: Tensor, slot: Tensor) -> Tensor:
    """Return the mean squared error (n,) of a slot (n, steps, width)."""
    return (given - slot).square().mean(dim=(1, 2))


def first(present: Tensor) -> Tensor:
    """Return 1 at the first slot that is there and 0 at the others, (n, slots)."""
    before = present.cumsum(dim=1) - present.to(torch.int64)
    return (present & (before == 0)).to(torch.float32)
