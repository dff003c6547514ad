"""Memory fusion network: a recurrent cell per slot, and a memory that watches what changes between their states.

Zadeh et al., "Memory Fusion Network for Multi-view Sequential Learning", AAAI 2018. At every step attention over the
cells' memories of this step and the one before picks what slots say together; two gates decide what of it the
multi-view memory takes up. Needs aligned sequences: each slot is averaged into the same number of steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from harness.fusion._fused import Frames
from harness.fusion._memory import Memory
from harness.fusion._sequences import aligned
from harness.fusion._slots import block, number, whole

DETERMINISTIC = False
LEVEL = "frames"
SETTINGS = {"hidden": "whole", "memory": "whole", "dropout": "share", "aligned_steps": "whole"}
BATCHED = True


class Model(nn.Module):
    """The memory fusion network and a read-out of its last states and memory.

    Args:
        widths: slot -> number of features.
        outputs: number of classes, or 1 for a scale.
        settings: `hidden` (32, of each slot's cell), `memory` (32), `aligned_steps` (20), `dropout` (0.3).
    """

    def __init__(self, widths: Mapping[str, int], outputs: int, settings: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, memory = whole(settings, "hidden", 32), whole(settings, "memory", 32)
        dropout = number(settings, "dropout", 0.3)
        self.steps = whole(settings, "aligned_steps", 20)
        self.network = Memory(widths, hidden, memory, dropout)
        self.read = nn.Sequential(
            block(hidden * len(widths) + memory, 2 * hidden, dropout), nn.Linear(2 * hidden, outputs)
        )

    def forward(self, x: Mapping[str, Frames], present: Tensor) -> Tensor:
        """Return scores (n, outputs) of frames by slot; `present` is (n, slots)."""
        scores: Tensor = self.read(self.network(aligned(x, present, self.steps), present))
        return scores
