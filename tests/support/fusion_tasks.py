"""Small tasks for the fusion models, and a loop that trains on one."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from harness.core.plugins import find, names
from harness.fusion._fused import Frames, Fused

SLOTS = ("text", "audio", "video", "also")
SMALL = {"hidden": 16, "layers": 1, "dropout": 0.0, "size": 5, "memory": 12, "factor": 12, "vertex": 8, "align": 6}
NETWORKS = [name for name in names("fusion") if hasattr(find("fusion", name), "Model")]


def batch(module: ModuleType, slots: int, n: int, seed: int = 1, width: int = 6, steps: int = 7) -> tuple[Any, Tensor]:
    """Random features of the level that a model takes; lengths of frames differ, slots have different widths."""
    torch.manual_seed(seed)
    x: dict[str, Any] = {}
    for at, slot in enumerate(SLOTS[:slots]):
        if module.LEVEL == "utterance":
            x[slot] = torch.randn(n, width + at)
        else:
            lengths = torch.randint(1, steps + 1, (n,))
            inside = torch.arange(steps) < lengths[:, None]
            x[slot] = Frames(torch.randn(n, steps, width + at) * inside[:, :, None], lengths)
    return x, torch.ones(n, slots, dtype=torch.bool)


def width_of(x: Any) -> dict[str, int]:
    return {slot: (one.values if isinstance(one, Frames) else one).shape[-1] for slot, one in x.items()}


def model(module: ModuleType, x: Any, outputs: int, seed: int = 1, **settings: Any) -> nn.Module:
    torch.manual_seed(seed)
    made: nn.Module = module.Model(width_of(x), outputs, {**SMALL, **settings})
    return made


def rows(x: Any, which: Any) -> Any:
    """Some utterances of a batch."""
    return {s: Frames(*(p[which] for p in part)) if isinstance(part, Frames) else part[which] for s, part in x.items()}


def said(out: Tensor | Fused) -> Tensor:
    return out.scores if isinstance(out, Fused) else out


def of_task(scores: Tensor, y: Tensor) -> Tensor:
    """The loss of a batch without what the model adds."""
    if scores.shape[1] == 1:
        return (scores[:, 0] - y).square().mean()
    return nn.functional.cross_entropy(scores, y)


def total(out: Tensor | Fused, y: Tensor) -> Tensor:
    """The loss of a batch: of the task, and what the model adds."""
    return of_task(said(out), y) + (out.extra if isinstance(out, Fused) else 0.0)


def taught(
    one: nn.Module, x: Any, present: Tensor, y: Tensor, steps: int, lr: float = 0.01, enough: float = 0.0
) -> nn.Module:
    """Train on all rows at once with Adam, until the loss of the task is below `enough`."""
    one.train()
    optimiser = torch.optim.Adam(one.parameters(), lr)
    for _ in range(steps):
        optimiser.zero_grad()
        out = one(x, present)
        if of_task(said(out).detach(), y) < enough:
            break
        total(out, y).backward()
        optimiser.step()
    return one.eval()


def right(one: nn.Module, x: Any, present: Tensor, y: Tensor) -> float:
    """The share of rows whose class a model finds."""
    with torch.no_grad():
        return float((said(one(x, present)).argmax(dim=1) == y).float().mean())
