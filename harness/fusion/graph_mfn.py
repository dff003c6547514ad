"""Graph-MFN: the memory fusion network with a graph of all combinations of slots in place of its attention.

Zadeh et al., "Multimodal Language Analysis in the Wild: CMU-MOSEI Dataset and Interpretable Dynamic Fusion Graph",
ACL 2018. A vertex stands for every combination of slots; it sees the vertices of the combinations within it, each
weighed by an efficacy that depends on the input. A summary of all vertices, weighed likewise, makes the proposal and
is what the gates of the memory see. An absent slot's vertex sees a memory that stays zero: a constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn

from harness.fusion._fused import Frames
from harness.fusion._memory import Memory
from harness.fusion._sequences import aligned
from harness.fusion._slots import block, number, whole

DETERMINISTIC = False
LEVEL = "frames"
SETTINGS = {"hidden": "whole", "memory": "whole", "dropout": "share", "aligned_steps": "whole", "vertex": "whole"}
BATCHED = True


class Model(nn.Module):
    """The memory fusion network whose watch is a dynamic fusion graph.

    Args:
        widths: slot -> number of features; n slots make 2^n - 1 vertices.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (32, of each slot's cell), `memory` (32), `vertex` (16, dimensions of a vertex),
            `aligned_steps` (20), `dropout` (0.3).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, memory = whole(settings, "hidden", 32), whole(settings, "memory", 32)
        dropout = number(settings, "dropout", 0.3)
        self.steps = whole(settings, "aligned_steps", 20)
        graph = Graph(len(widths), hidden, whole(settings, "vertex", 16), memory, dropout)
        self.network = Memory(widths, hidden, memory, dropout, graph, watched=2 * hidden)
        self.read = nn.Sequential(
            block(hidden * len(widths) + memory, 2 * hidden, dropout), nn.Linear(2 * hidden, outputs)
        )

    def forward(self, x: Mapping[str, Frames], present: Tensor) -> Tensor:
        """Return scores (n, outputs) of frames by slot; `present` is (n, slots)."""
        scores: Tensor = self.read(self.network(aligned(x, present, self.steps), present))
        return scores


class Graph(nn.Module):
    """The dynamic fusion graph over the cells' memories of two steps.

    Args:
        slots: how many.
        hidden: numbers of a cell's memory.
        vertex: numbers of a vertex.
        memory: numbers of the proposal.
        dropout: share of units dropped.
    """

    def __init__(self, slots: int, hidden: int, vertex: int, memory: int, dropout: float) -> None:
        super().__init__()
        self.slots, self.hidden = slots, hidden
        sets = [frozenset(members) for size in range(1, slots + 1) for members in combinations(range(slots), size)]
        self.within = [[at for at, other in enumerate(sets) if other < subset] for subset in sets]
        self.single = nn.ModuleList(nn.Linear(2 * hidden, vertex) for _ in range(slots))
        self.joint = nn.ModuleList(block(vertex * len(below), vertex, dropout) for below in self.within if below)
        edges = sum(len(below) for below in self.within) + len(sets)  # and one from every vertex to the summary
        self.efficacy = nn.Sequential(
            block(vertex * slots, 2 * hidden, dropout), nn.Linear(2 * hidden, edges), nn.Sigmoid()
        )
        self.summary = block(vertex * len(sets), 2 * hidden, dropout)
        self.propose = nn.Sequential(nn.Linear(2 * hidden, memory), nn.Tanh())

    def forward(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Return the summary of the graph (n, 2 * hidden), for the gates, and the proposal (n, memory).

        Args:
            cells: (n, 2 * slots * hidden), the memories of all slots one step ago, then those of now.
        """
        both = cells.view(-1, 2, self.slots, self.hidden)
        vertices = [layer(both[:, :, slot].flatten(1)) for slot, layer in enumerate(self.single)]
        weights = list(self.efficacy(torch.cat(vertices, dim=1)).split(1, dim=1))
        for below, layer in zip(self.within[self.slots :], self.joint, strict=True):
            vertices.append(layer(torch.cat([weights.pop() * vertices[at] for at in below], dim=1)))
        weighed = [weights.pop() * vertex for vertex in vertices]
        summary = self.summary(torch.cat(weighed, dim=1))
        return summary, self.propose(summary)
