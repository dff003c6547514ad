"""The cells, attention and gates of a memory fusion network, which `mfn`, `graph_mfn` and `mfm` share."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from harness.fusion._sequences import LSTM
from harness.fusion._slots import block


class Watch(nn.Module):
    """Delta-memory attention: what to look at in the memories of two steps, and what to propose of it.

    Args:
        size: numbers of both steps' memories together.
        memory: numbers of the multi-view memory.
        hidden: units of its networks.
        dropout: share of units dropped.
    """

    def __init__(self, size: int, memory: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.look = nn.Sequential(block(size, hidden, dropout), nn.Linear(hidden, size))
        self.propose = nn.Sequential(block(size, hidden, dropout), nn.Linear(hidden, memory), nn.Tanh())

    def forward(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Return what was looked at (n, size) and what it proposes (n, memory)."""
        watched = self.look(cells).softmax(dim=1) * cells
        return watched, self.propose(watched)


class Memory(nn.Module):
    """Cells, watch and gates: aligned slots in, last states and multi-view memory out.

    Args:
        widths: slot -> number of features.
        hidden: of each cell.
        memory: numbers of the multi-view memory.
        dropout: share of units dropped.
        watch: what finds the proposal in the cells' memories of two steps, (n, 2 * slots * hidden); by default the
            attention of the paper.
        watched: numbers that `watch` hands to the gates, by default those of the memories.
    """

    def __init__(
        self,
        widths: Mapping[str, int],
        hidden: int,
        memory: int,
        dropout: float,
        watch: nn.Module | None = None,
        watched: int | None = None,
    ) -> None:
        super().__init__()
        self.cells = nn.ModuleList(LSTM(width, hidden) for width in widths.values())
        size = 2 * hidden * len(widths)
        self.watch = watch or Watch(size, memory, 2 * hidden, dropout)
        seen = watched or size
        self.keep, self.take = (
            nn.Sequential(block(seen + memory, 2 * hidden, dropout), nn.Linear(2 * hidden, memory), nn.Sigmoid())
            for _ in range(2)
        )
        self.size = memory

    def forward(self, slots: list[Tensor], present: Tensor) -> Tensor:
        """Return (n, slots * hidden + memory) of slots (n, steps, width); an absent slot's cell stays at zero."""
        cells: list[LSTM] = list(self.cells)  # type: ignore[arg-type]
        now = [cell.seen(frames) for cell, frames in zip(cells, slots, strict=True)]
        states = [cell.start(frames) for cell, frames in zip(cells, slots, strict=True)]
        memory = slots[0].new_zeros(slots[0].shape[0], self.size)
        before = torch.cat([c for _, c in states], dim=1)
        for at in range(slots[0].shape[1]):
            states = [
                self._there(cell.step(inputs[:, at], h, c), present[:, slot, None])
                for slot, (cell, inputs, (h, c)) in enumerate(zip(cells, now, states, strict=True))
            ]
            after = torch.cat([c for _, c in states], dim=1)
            watched, proposed = self.watch(torch.cat([before, after], dim=1))
            seen = torch.cat([watched, memory], dim=1)
            memory = self.keep(seen) * memory + self.take(seen) * proposed
            before = after
        return torch.cat([*(h for h, _ in states), memory], dim=1)

    @staticmethod
    def _there(state: tuple[Tensor, Tensor], present: Tensor) -> tuple[Tensor, Tensor]:
        return state[0] * present, state[1] * present
