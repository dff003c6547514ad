"""What the frame-level models share: slots aligned to the same steps, and recurrent cells in plain tensor operations.

The cells are written out, not `nn.LSTM`, so that replicates can be batched and a memory can look into every step.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from harness.fusion._fused import Frames


def shares(lengths: Tensor, frames: int, steps: int) -> Tensor:
    """Return how much frame t counts in step s, (n, steps, frames): steps cut a sequence into parts of equal length.

    Step s is the mean of the frames from s L / S to (s + 1) L / S, rounded down, one at least; a sequence without
    frames has no shares.
    """
    step = torch.arange(steps, device=lengths.device)
    begin = torch.div(step * lengths[:, None], steps, rounding_mode="floor")
    end = torch.maximum(torch.div((step + 1) * lengths[:, None], steps, rounding_mode="floor"), begin + 1)
    at = torch.arange(frames, device=lengths.device)
    inside = (at >= begin[:, :, None]) & (at < end[:, :, None]) & (lengths > 0)[:, None, None]
    return inside / (end - begin)[:, :, None]


def aligned(x: Mapping[str, Frames], present: Tensor, steps: int) -> list[Tensor]:
    """Return each slot at the same steps, (n, steps, width), zero where it is absent."""
    made = []
    for at, frames in enumerate(x.values()):
        lengths = torch.where(present[:, at], frames.lengths, 0)
        clean = torch.where(inside(lengths, frames.values.shape[1])[:, :, None], frames.values, 0.0)
        made.append(shares(lengths, frames.values.shape[1], steps) @ clean)
    return made


def inside(lengths: Tensor, frames: int) -> Tensor:
    """Return which frames (n, frames) belong to a sequence and are no padding."""
    return torch.arange(frames, device=lengths.device) < lengths[:, None]


class LSTM(nn.Module):
    """One layer of long short-term memory; its gates are those of `torch.nn.LSTM`, in the same order.

    Args:
        width: features per step.
        hidden: of the state.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.seen, self.held = nn.Linear(width, 4 * hidden), nn.Linear(hidden, 4 * hidden, bias=False)
        with torch.no_grad():
            self.seen.bias[hidden : 2 * hidden] = 1.0  # remember at first

    def start(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the first state (h, c), zeros (n, hidden)."""
        zero = x.new_zeros(x.shape[0], self.hidden)
        return zero, zero

    def step(self, now: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next state; `now` (n, 4 hidden) is `seen` of this step's input."""
        i, f, g, o = (now + self.held(h)).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c

    def forward(self, x: Tensor) -> Tensor:
        """Return the state after every step, (n, steps, hidden), of inputs (n, steps, width)."""
        now, (h, c) = self.seen(x), self.start(x)
        states = []
        for at in range(x.shape[1]):
            h, c = self.step(now[:, at], h, c)
            states.append(h)
        return torch.stack(states, dim=1)
