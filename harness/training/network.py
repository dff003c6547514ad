"""Train a network of harness/fusion by gradient descent with early stopping on source dev."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from harness.core import epochs, exact
from harness.core.errors import SettingError
from harness.fusion._fused import Fused
from harness.study.labels import ClassSpace, Space
from harness.training.alignment.align import Aligned, drawn
from harness.training.batches import Batch, Feed
from harness.training.selection import DevRows, EpochsKept, SelectedModel

Arrays = dict[str, NDArray[Any]]
PREDICT_ROWS = {"utterance": 8192, "frames": 512}
ALIGNED_FROM = 0.5  # of the epochs; before that dann has hardly begun, and source dev would choose a model without it


@dataclass(frozen=True, slots=True)
class Taught:
    """Features with truth, and how much each row weighs in the loss."""

    feed: Feed
    y: NDArray[Any]
    weight: NDArray[np.float64]


def train(
    module: ModuleType,
    train: Taught,
    dev: Feed,
    on_dev: DevRows,
    space: Space,
    settings: Mapping[str, Any],
    seed: int,
    unlabelled: Feed | None = None,
) -> SelectedModel:
    """Train with AdamW, and select an epoch on dev.

    Args:
        module: has `Model(widths, outputs, settings)`.
        train, dev: what is fitted, and the features of what the epoch is selected on.
        on_dev: the truth of these rows, and the rule of selection.
        space: cross-entropy for classes, squared error for a scale.
        settings: `lr`, `weight_decay`, `batch`, `epochs`, `patience`, `clip` (largest norm of the gradient, 0: any),
            `drop_modality` (share of a row's features left out while training), and those of the model.
        seed: of the first parameters, the order of rows, and what is dropped.
        unlabelled: train rows of a target, for the `alignment` of the settings (alignment/align.py); each step draws as
            many of them as of the source, and the epoch is chosen from the second half.

    Returns:
        the parameters by name, their dev score, and {"epoch": the selected one, from 1}.

    Raises:
        SettingError: the training diverged.
    """
    feed = train.feed
    y, w = on(feed.device, train.y), on(feed.device, train.weight.astype(np.float32))
    model, order = start(module, feed.widths, space, settings, seed)
    model.to(feed.device)
    target = None if unlabelled is None else _Target(model, unlabelled, settings, seed)
    learning = [*model.parameters(), *(target.parameters() if target else ())]
    optimiser = torch.optim.AdamW(  # fused: one pass over the parameters instead of a dozen
        learning, lr=float(settings["lr"]), weight_decay=float(settings["weight_decay"]), fused=True
    )
    kept, most = EpochsKept(on_dev), int(settings["epochs"])
    for epoch in range(1, most + 1):
        model.train()
        losses = []
        for which in batches(len(feed), int(settings["batch"]), order):
            rows = which.to(feed.device)
            labelled = dropped(*feed.batch(rows), settings)
            task = partial(loss_of, y=y[rows], w=w[rows], space=space)
            loss = target.loss(labelled, task, (epoch - 1) / most) if target else task(model(*labelled))
            _step(optimiser, loss, learning, float(settings.get("clip", 0)))
            losses.append(loss.detach())
        if target and epoch < most * ALIGNED_FROM:
            continue
        scores = scores_of(model, dev, space)
        if not np.isfinite(scores).all():
            raise diverged(module, epoch, settings)
        now = on_dev.score(scores)
        kept.saw(epoch, now, float(torch.stack(losses).mean()), seed, feed.device.type)
        if now > kept.best:
            state = {name: value.detach().cpu().clone().numpy() for name, value in model.state_dict().items()}
            kept.add(epoch, now, state, scores)
        elif epoch - kept.last >= int(settings["patience"]):
            break
    return kept.selected()


def _step(optimiser: torch.optim.Optimizer, loss: Tensor, learning: list[nn.Parameter], clip: float) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if clip:
        nn.utils.clip_grad_norm_(learning, clip)
    optimiser.step()
    epochs.step()


class _Target:
    """The rows of a target that a network is aligned with, and what aligns it."""

    def __init__(self, model: nn.Module, feed: Feed, settings: Mapping[str, Any], seed: int) -> None:
        self.feed, self.settings = feed, settings
        self.order = torch.Generator().manual_seed(seed)
        self.aligned = Aligned(model, settings, feed.batch(torch.arange(min(len(feed), 2), device=feed.device)))

    def parameters(self) -> list[nn.Parameter]:
        """Return what is learned beside the model."""
        discriminator = self.aligned.discriminator
        return [] if discriminator is None else list(discriminator.parameters())

    def loss(self, labelled: Batch, task: Callable[[Tensor | Fused], Tensor], progress: float) -> Tensor:
        """Return the loss of a batch of the source, and of as many rows of the target."""
        rows = drawn(len(self.feed), len(labelled[1]), self.order).to(self.feed.device)
        return self.aligned.loss(labelled, dropped(*self.feed.batch(rows), self.settings), task, progress)


def predict(
    module: ModuleType, arrays: Arrays, feed: Feed, space: Space, settings: Mapping[str, Any]
) -> NDArray[np.float32]:
    """Return probabilities (n, classes), or numbers (n, 1) inside the scale."""
    model = module.Model(feed.widths, outputs_of(space), settings)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    return scores_of(model.to(feed.device), feed, space)


def start(
    module: ModuleType, widths: Mapping[str, int], space: Space, settings: Mapping[str, Any], seed: int
) -> tuple[nn.Module, torch.Generator]:
    """Return a new model and what its rows are shuffled by; the seed decides both, and all that is drawn later."""
    torch.manual_seed(seed)
    return module.Model(widths, outputs_of(space), settings), torch.Generator().manual_seed(seed)


def batches(n: int, size: int, order: torch.Generator) -> tuple[Tensor, ...]:
    """Return the rows of one epoch in random order, `size` at a time."""
    return torch.split(torch.randperm(n, generator=order), size)


def dropped(x: Any, present: Tensor, settings: Mapping[str, Any]) -> tuple[Any, Tensor]:
    """Return a batch in which a share `drop_modality` of the features is left out, never all of a row."""
    share = float(settings.get("drop_modality", 0))
    if not share or present.shape[-1] == 1:
        return x, present
    kept = present & (torch.rand(present.shape, device=present.device) >= share)
    return x, torch.where(kept.any(dim=-1, keepdim=True), kept, present)


def loss_of(out: Tensor | Fused, y: Tensor, w: Tensor, space: Space) -> Tensor:
    """Return the weighted mean loss of a batch, with the model's auxiliary loss."""
    scores, extra = out if isinstance(out, Fused) else (out, None)
    if isinstance(space, ClassSpace):
        loss = nn.functional.cross_entropy(scores, y, reduction="none")
    else:
        loss = (scores[:, 0] - y.to(scores.dtype)).square()
    mean = (loss * w).mean()
    return mean if extra is None else mean + extra


def scores_of(model: nn.Module, feed: Feed, space: Space) -> NDArray[np.float32]:
    """Return what the model says of every row, dropout off."""
    model.eval()
    batches = [np.zeros((0, outputs_of(space)), np.float32)]
    with torch.inference_mode():
        for which in torch.split(torch.arange(len(feed), device=feed.device), rows_at_once(model, feed)):
            batches.append(as_scores(model(*feed.batch(which)), space))
    return np.concatenate(batches)


def rows_at_once(model: nn.Module, feed: Feed) -> int:
    """Return how many rows a model is given at a time where it is not trained: what its largest tensor allows."""
    return min(int(getattr(model, "at_once", PREDICT_ROWS[feed.level])), PREDICT_ROWS[feed.level])


def as_scores(out: Tensor | Fused, space: Space) -> NDArray[np.float32]:
    """Return probabilities, or numbers inside the scale, of what a model says."""
    scores = out.scores if isinstance(out, Fused) else out
    scores = scores.softmax(dim=-1) if isinstance(space, ClassSpace) else scores.clamp(space.low, space.high)
    values: NDArray[np.float32] = scores.cpu().numpy()
    return values


def diverged(module: ModuleType, epoch: int, settings: Mapping[str, Any]) -> SettingError:
    """Return the error of a training whose scores are no numbers any more."""
    name = module.__name__.rsplit(".", 1)[-1]
    return SettingError(f"the model {name} diverged in epoch {epoch} (lr {settings['lr']}); lower its lr")


def on(device: torch.device, array: NDArray[Any]) -> Tensor:
    """Return an array as a tensor on a device."""
    return torch.from_numpy(array).to(device)


def outputs_of(space: Space) -> int:
    """Return how many scores a model gives in a label space."""
    return len(space.classes) if isinstance(space, ClassSpace) else 1


def device() -> torch.device:
    """Return the GPU if torch sees one, with arithmetic in full fp32 there, else the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    exact.set_exact()
    return torch.device("cuda")
