"""Multimodal transformer: every slot looks into every other, at any distance in time, without alignment.

Tsai et al., "Multimodal Transformer for Unaligned Multimodal Language Sequences", ACL 2019. For each slot, a stack of
crossmodal attention per other slot; what they found is set side by side and passes a stack of self-attention, of which
the last step is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._fused import Frames
from harness.fusion._sequences import inside
from harness.fusion._slots import Attention, block, number, whole

DETERMINISTIC = False
LEVEL = "frames"
SETTINGS = {"hidden": "whole", "heads": "whole", "layers": "whole", "dropout": "share"}
BATCHED = True


class Model(nn.Module):
    """Crossmodal stacks between all slots, a stack of self-attention per slot, and a read-out of the last steps.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (32, a multiple of `heads`), `heads` (4), `layers` (2, of each stack), `dropout` (0.2).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, heads = whole(settings, "hidden", 32), whole(settings, "heads", 4)
        layers, dropout = whole(settings, "layers", 2), number(settings, "dropout", 0.2)
        n = len(widths)
        self.project = nn.ModuleList(nn.Linear(width, hidden) for width in widths.values())
        self.cross = nn.ModuleList(
            nn.ModuleList(Stack(hidden, heads, layers, dropout) for j in range(n) if j != i) for i in range(n)
        )
        size = hidden * max(n - 1, 1)
        self.own = nn.ModuleList(Stack(size, heads, layers, dropout) for _ in range(n))
        self.mix = nn.Sequential(block(n * size, n * size, dropout), nn.Linear(n * size, n * size))
        self.read = nn.Linear(n * size, outputs)

    def forward(self, x: Mapping[str, Frames], present: Tensor) -> Tensor:
        """Return scores (n, outputs) of frames by slot; `present` is (n, slots)."""
        lengths = [torch.where(present[:, at], frames.lengths, 0) for at, frames in enumerate(x.values())]
        there = [inside(length, frames.values.shape[1]) for length, frames in zip(lengths, x.values(), strict=True)]
        seen = []
        for layer, frames, mask in zip(self.project, x.values(), there, strict=True):
            values = layer(torch.where(mask[:, :, None], frames.values, 0.0))
            seen.append((values + positions(values)) * mask[:, :, None])
        last = []
        for i, own in enumerate(self.own):
            stacks: Any = self.cross[i]
            others = [j for j in range(len(seen)) if j != i]
            crossed = [stacks[at](seen[i], seen[j], there[j]) for at, j in enumerate(others)] or [seen[i]]
            joined = torch.cat(crossed, dim=2) * there[i][:, :, None]
            kept = own(joined, joined, there[i])
            at = (lengths[i] - 1).clamp(min=0)[:, None, None].expand(-1, 1, kept.shape[2])
            last.append(kept.gather(1, at)[:, 0] * present[:, i, None])
        both = torch.cat(last, dim=1)
        scores: Tensor = self.read(both + self.mix(both))
        return scores


class Stack(nn.Module):
    """Layers of attention and a perceptron, each behind a layer norm and added to what came in.

    Args:
        size: features per step.
        heads: attention maps.
        layers: how many.
        dropout: share of units dropped.
    """

    def __init__(self, size: int, heads: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.before = nn.ModuleList(nn.LayerNorm(size) for _ in range(layers))
        self.attend = nn.ModuleList(Attention(size, heads) for _ in range(layers))
        self.drop = nn.Dropout(dropout)
        self.think = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(size), block(size, 2 * size, dropout), nn.Linear(2 * size, size))
            for _ in range(layers)
        )
        self.after = nn.LayerNorm(size)

    def forward(self, queries: Tensor, seen: Tensor, there: Tensor) -> Tensor:
        """Return `queries` (n, q, size) with what they find in `seen` (n, k, size) where `there` (n, k)."""
        itself = queries is seen
        for norm, attend, think in zip(self.before, self.attend, self.think, strict=True):
            inner = norm(queries)
            queries = queries + self.drop(attend(inner, inner if itself else norm(seen), there))
            queries = queries + self.drop(think(queries))
        out: Tensor = self.after(queries)
        return out


def positions(x: Tensor) -> Tensor:
    """Return the sinusoids (steps, width) of Vaswani et al. 2017 for a sequence (n, steps, width)."""
    steps, width = x.shape[-2], x.shape[-1]
    rate = torch.exp(torch.arange(0, width, 2, device=x.device) * (-math.log(10_000.0) / width))
    angle = torch.arange(steps, device=x.device)[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)[:, :width]
