"""Train several replicates of one network as one: stacked parameters, one batched pass (for a GPU).

Seeds, learning rates and weight decays may differ; everything else is shared. Each replicate draws its own order of
rows, stops by itself on source dev, and is the model that `network.train` would give up to rounding and to what
dropout draws. A model that says `BATCHED = True` can be run so.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from harness.core import epochs
from harness.fusion._fused import Frames, Fused
from harness.study.labels import Space
from harness.training import network
from harness.training.batches import Feed
from harness.training.network import Taught
from harness.training.selection import DevRows, EpochsKept, SelectedModel

FREE = ("lr", "weight_decay")  # settings in which replicates of one batch may differ
BETAS, EPSILON = (0.9, 0.999), 1e-8  # as torch.optim.AdamW
Stack = dict[str, Tensor]


def train(
    module: ModuleType,
    train: Taught,
    dev: Feed,
    on_dev: DevRows,
    space: Space,
    settings: Sequence[Mapping[str, Any]],
    seeds: Sequence[int],
) -> list[SelectedModel]:
    """Train one replicate per seed; arguments, results and errors are those of `network.train`, one each."""
    feed, shared = train.feed, settings[0]
    y, w = network.on(feed.device, train.y), network.on(feed.device, train.weight.astype(np.float32))
    made = [network.start(module, feed.widths, space, own, seed) for own, seed in zip(settings, seeds, strict=True)]
    state = stack_module_state([model.to(feed.device) for model, _ in made])
    stack: Stack = {name: value.detach() for name, value in state[0].items()}
    orders, base = [order for _, order in made], copy.deepcopy(made[0][0])
    slope = _slope(base, state[1], space)
    optimiser = _AdamW(stack, settings)
    kept = [EpochsKept(on_dev) for _ in seeds]
    for epoch in range(1, int(shared["epochs"]) + 1):
        base.train()
        losses = []
        parts = [network.batches(len(feed), int(shared["batch"]), order) for order in orders]
        for which in zip(*parts, strict=True):
            rows = torch.stack(which).to(feed.device)
            x, present = network.dropped(*_batch(feed, rows), shared)
            slopes, loss = slope(stack, x, present, y[rows], w[rows])
            optimiser.step(stack, _clipped(slopes, shared))
            losses.append(loss)
            epochs.step()
        mean_loss = torch.stack(losses).mean(dim=0).tolist()
        waited = [epoch - of_replicate.last for of_replicate in kept]
        scores = _scores(base, stack, state[1], dev, space)
        for at, of_replicate in enumerate(kept):
            if waited[at] > int(shared["patience"]):
                continue
            if not np.isfinite(scores[at]).all():
                raise network.diverged(module, epoch, settings[at])
            now = on_dev.score(scores[at])
            of_replicate.saw(epoch, now, mean_loss[at], seeds[at], feed.device.type)
            if now > of_replicate.best:
                own = {**stack, **state[1]}
                arrays = {name: value[at].cpu().numpy().copy() for name, value in own.items()}
                of_replicate.add(epoch, now, arrays, scores[at])
        if all(epoch - of_replicate.last >= int(shared["patience"]) for of_replicate in kept):
            break
    return [of_replicate.selected() for of_replicate in kept]


def _slope(base: torch.nn.Module, buffers: Stack, space: Space) -> Any:
    def loss(stack: Stack, held: Stack, x: Any, present: Tensor, y: Tensor, w: Tensor) -> Tensor:
        return network.loss_of(functional_call(base, (stack, held), (x, present)), y, w, space)

    batched = vmap(grad_and_value(loss), in_dims=(0, 0, 0, 0, 0, 0), randomness="different")
    return lambda stack, x, present, y, w: batched(stack, buffers, x, present, y, w)


def _batch(feed: Any, rows: Tensor) -> tuple[Any, Tensor]:
    """Return the batches of all replicates, (replicates, b, ...), from one look into the features."""
    x, present = feed.batch(rows.flatten())

    def by_replicate(flat: Tensor) -> Tensor:
        return flat.view(*rows.shape, *flat.shape[1:])

    shaped = {
        slot: Frames(*map(by_replicate, values)) if isinstance(values, Frames) else by_replicate(values)
        for slot, values in x.items()
    }
    return shaped, by_replicate(present)


def _scores(base: torch.nn.Module, stack: Stack, buffers: Stack, feed: Any, space: Space) -> NDArray[np.float32]:
    base.eval()

    def one(own: Stack, held: Stack, x: Any, present: Tensor) -> Tensor:
        out = functional_call(base, (own, held), (x, present))
        scores: Tensor = out.scores if isinstance(out, Fused) else out
        return scores

    forward = vmap(one, in_dims=(0, 0, None, None))
    batches = []
    replicates = len(next(iter(stack.values())))
    at_once = max(network.rows_at_once(base, feed) // replicates, 1)  # all replicates hold their part at a time
    with torch.no_grad():
        for which in torch.split(torch.arange(len(feed), device=feed.device), at_once):
            batches.append(network.as_scores(forward(stack, buffers, *feed.batch(which)), space))
    return np.concatenate(batches, axis=1)


def _clipped(slopes: Stack, settings: Mapping[str, Any]) -> Stack:
    """Shorten each replicate's gradient to the largest norm allowed."""
    if not (largest := float(settings.get("clip", 0))):
        return slopes
    squares = torch.stack([value.flatten(1).square().sum(dim=1) for value in slopes.values()])
    factor = (largest / (squares.sum(dim=0).sqrt() + 1e-6)).clamp(max=1)
    return {name: value * _column(factor, value) for name, value in slopes.items()}


def _column(per_replicate: Tensor, like: Tensor) -> Tensor:
    return per_replicate.view(-1, *(1,) * (like.ndim - 1))


class _AdamW:
    """AdamW over stacked parameters, with a learning rate and a weight decay per replicate."""

    def __init__(self, stack: Stack, settings: Sequence[Mapping[str, Any]]) -> None:
        like = next(iter(stack.values()))
        self.lr, self.decay = (torch.tensor([float(own[k]) for own in settings], device=like.device) for k in FREE)
        self.first, self.second = ({name: torch.zeros_like(v) for name, v in stack.items()} for _ in range(2))
        self.steps = 0

    def step(self, stack: Stack, slopes: Stack) -> None:
        self.steps += 1
        first, two = (1 - beta**self.steps for beta in BETAS)
        for name, value in stack.items():
            lr, decay = _column(self.lr, value), _column(self.decay, value)
            self.first[name].lerp_(slopes[name], 1 - BETAS[0])
            self.second[name].mul_(BETAS[1]).addcmul_(slopes[name], slopes[name], value=1 - BETAS[1])
            update = (self.first[name] / first) / ((self.second[name] / two).sqrt() + EPSILON)
            stack[name] = value * (1 - lr * decay) - lr * update
