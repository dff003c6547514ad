"""What the fusion models share: slots brought to one size, with those that are absent left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn


def masked(x: Mapping[str, Tensor], present: Tensor) -> list[Tensor]:
    """Return the features of each slot, zero where `present` (n, slots) says that it is absent."""
    return [torch.where(present[:, at, None], slot_rows, 0.0) for at, slot_rows in enumerate(x.values())]


def block(width: int, size: int, dropout: float) -> nn.Sequential:
    """Return Linear - ReLU - dropout."""
    return nn.Sequential(nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout))


class Slots(nn.Module):
    """Bring every slot to `size` numbers by a layer of its own; rows of an absent slot are zero.

    Args:
        widths: slot -> number of features.
        size: features per slot.
        dropout: share of units dropped.
    """

    def __init__(self, widths: Mapping[str, int], size: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(block(width, size, dropout) for width in widths.values())

    def forward(self, x: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """Return (n, slots, size)."""
        made = [layer(slot_rows) for layer, slot_rows in zip(self.layers, masked(x, present), strict=True)]
        return torch.stack(made, dim=1) * present[:, :, None]


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017) in plain tensor operations, so that replicates can be batched.

    Args:
        size: of queries, keys and values; a multiple of `heads`.
        heads: attention maps.
    """

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.value, self.out = (nn.Linear(size, size) for _ in range(3))
        # A bias of the keys adds the same to every score of a query, which the softmax takes away.
        self.key = nn.Linear(size, size, bias=False)

    def forward(self, queries: Tensor, seen: Tensor, there: Tensor) -> Tensor:
        """Return what `queries` (n, q, size) find in `seen` (n, k, size); `there` (n, k) says which keys exist.

        A row without any key finds nothing: zeros before the last layer.
        """
        q, k, v = self._split(self.query(queries)), self._split(self.key(seen)), self._split(self.value(seen))
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        scores = scores.masked_fill(~there[:, None, None, :], -1e9)
        attended = (scores.softmax(dim=-1) * there.any(dim=-1)[:, None, None, None]) @ v
        joined: Tensor = self.out(attended.transpose(1, 2).flatten(2))
        return joined

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], self.heads, -1).transpose(1, 2)


def pairs(n: int) -> Sequence[tuple[int, int]]:
    """Return every two of n slots, in order."""
    return [(i, j) for i in range(n) for j in range(i + 1, n)]


def mean_of(values: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted mean of `values` (n,), 0 where no weight is given."""
    return (values * weight).sum() / weight.sum().clamp(min=1.0)


def number(settings: Mapping[str, Any], key: str, default: float) -> float:
    """Return a setting of a model as a number."""
    return float(settings.get(key, default))


def whole(settings: Mapping[str, Any], key: str, default: int) -> int:
    """Return a setting of a model as a whole number."""
    return int(settings.get(key, default))
