"""Cyclic translation: what is said in one slot is translated into the others and back, and the label is read from
what the translator holds in between.

Pham et al., "Found in Translation: Learning Robust Joint Representations by Cyclic Translations between Modalities",
AAAI 2019. As in the paper only the source slot is needed to predict; the others teach while training. The source is
the first slot of the recipe that is there (text, where there is text), each translated into all others, and what comes
out is translated back.
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
BATCHED = True


class Model(nn.Module):
    """An encoder, a decoder per slot, and a recurrent read-out of what the encoder holds.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (64), `align` (20, steps), `dropout` (0.3), and the weights of the losses `there` (0.1, the
            translations) and `back` (0.1, the way back to the source).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden = whole(settings, "hidden", 64)
        self.steps = whole(settings, "align", 20)
        self.losses = number(settings, "there", 0.1), number(settings, "back", 0.1)
        self.project = nn.ModuleList(nn.Linear(width, hidden) for width in widths.values())
        self.encode = LSTM(hidden, hidden)
        self.decode = nn.ModuleList(LSTM(hidden, hidden) for _ in widths)
        self.say = nn.ModuleList(nn.Linear(hidden, width) for width in widths.values())
        self.watch = LSTM(hidden, hidden)
        self.read = nn.Sequential(block(hidden, hidden, number(settings, "dropout", 0.3)), nn.Linear(hidden, outputs))

    def forward(self, x: Mapping[str, Frames], present: Tensor) -> Fused:
        """Return scores (n, outputs) of frames by slot, and the losses; `present` is (n, slots)."""
        slots = aligned(x, present, self.steps)
        source = first(present)
        projected = torch.stack([layer(slot) for layer, slot in zip(self.project, slots, strict=True)], dim=1)
        held = self.encode((projected * source[:, :, None, None]).sum(dim=1))
        scores = self.read(self.watch(held)[:, -1])
        return Fused(scores, self._extra(slots, source, held, present) if self.training else scores.new_zeros(()))

    def _extra(self, slots: list[Tensor], source: Tensor, held: Tensor, present: Tensor) -> Tensor:
        """Return how far the translations are from the other slots, and the way back from the source.

        A recipe of one slot is translated into itself: an auto-encoder is all that is left.
        """
        alone = len(slots) == 1
        there, back = [], []
        for at, slot in enumerate(slots):
            asked = (present[:, at] & (source[:, at] == (1.0 if alone else 0.0))).to(slot.dtype)
            said = self.say[at](self.decode[at](held))
            there.append(mean_of((said - slot).square().mean(dim=(1, 2)), asked))
            again = self.encode(self.project[at](said))
            for other, target in enumerate(slots):
                if other != at or alone:
                    given = self.say[other](self.decode[other](again))
                    misses = (given - target).square().mean(dim=(1, 2))
                    back.append(mean_of(misses, asked * source[:, other]))
        return self.losses[0] * torch.stack(there).mean() + self.losses[1] * torch.stack(back).sum() / len(slots)


def first(present: Tensor) -> Tensor:
    """Return 1 at the first slot that is there and 0 at the others, (n, slots)."""
    before = present.cumsum(dim=1) - present.to(torch.int64)
    return (present & (before == 0)).to(torch.float32)
