"""Train a network so that it holds the source and the target alike: labels of the source, features of both.

coral.py  moves features before training: no network needed
mmd.py    mmd: the distance of the two distributions is part of the loss
dann.py   dann: a discriminator learns to tell them apart, and the network to prevent it

All are transductive: they see the features, never the labels, of the target's *train* rows, and need a model per
target. What is aligned is what goes into the last layer. Alignment cannot know classes: where label priors differ it
has to mix them, and a small loss is no promise (Zhao et al. 2019, arXiv 1901.09453).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.core.errors import SettingError
from harness.fusion._fused import Fused
from harness.training.alignment.dann import Discriminator, domain_loss, strength_at
from harness.training.alignment.mmd import mmd

ALIGNMENTS = ("mmd", "dann")
Batch = tuple[Any, Tensor]  # features by slot, and which are present (n, slots); as Feed.batch returns it
Out = Tensor | Fused


class Aligned(nn.Module):
    """A network and what pulls together its hidden representations of two corpora.

    Args:
        model: a network of harness/fusion; its parameters are among those of this one.
        settings: `alignment` ("mmd" or "dann"), `alignment_weight` (of it in the loss, 1), `alignment_hidden` (units of
            the discriminator, 64).
        example: a batch, from which the width of the hidden representation is seen.

    Raises:
        SettingError: there is no such alignment, or the model has no one last layer.
    """

    def __init__(self, model: nn.Module, settings: Mapping[str, Any], example: Batch) -> None:
        super().__init__()
        self.kind, self.weight = str(settings["alignment"]), float(settings.get("alignment_weight", 1))
        if self.kind not in ALIGNMENTS:
            raise SettingError(f"align: no alignment is called {self.kind!r} (known: {', '.join(ALIGNMENTS)})")
        self.model, self.discriminator = model, None
        if self.kind == "dann":
            learning = model.training
            with torch.no_grad():
                width = hidden_of(model.eval(), *example)[1].shape[1]
            model.train(learning)
            made = Discriminator(width, int(settings.get("alignment_hidden", 64)))
            self.discriminator = made.to(example[1].device)

    def loss(self, labelled: Batch, unlabelled: Batch, task: Callable[[Out], Tensor], progress: float) -> Tensor:
        """Return task + alignment_weight * alignment of a batch of the source and a batch of the target.

        Args:
            labelled: of the source.
            unlabelled: of the target.
            task: the loss of what the model says of `labelled`.
            progress: of the training, 0 to 1; dann begins gently.
        """
        out, source = hidden_of(self.model, *labelled)
        _, target = hidden_of(self.model, *unlabelled)
        if torch.is_grad_enabled() and not source.requires_grad:
            raise SettingError(f"align: {self.kind} needs a hidden layer, and the model has none")
        return task(out) + self.alignment(source, target, progress)

    def alignment(self, source: Tensor, target: Tensor, progress: float) -> Tensor:
        """Return the weighted alignment loss of hidden representations (n, width) and (m, width)."""
        if self.discriminator is not None:  # the weight is that of the reversed gradient: it must not slow the learner
            return domain_loss(self.discriminator, source, target, self.weight * strength_at(progress))
        if min(len(source), len(target)) < 2:  # the last batch of an epoch may be one row
            return source.new_zeros(())
        return self.weight * mmd(source, target)


def hidden_of(model: nn.Module, x: Any, present: Tensor) -> tuple[Out, Tensor]:
    """Return what a network says of a batch, and what went into its last layer, (n, width).

    The last layer is the linear one whose output is the scores, whatever its name.

    Raises:
        SettingError: there is none: the scores are put together from several.
    """
    seen: list[tuple[Tensor, Tensor]] = []

    def see(_: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> None:
        seen.append((given[0], made))

    hooks = [layer.register_forward_hook(see) for layer in model.modules() if isinstance(layer, nn.Linear)]
    try:
        out: Out = model(x, present)
    finally:
        for hook in hooks:
            hook.remove()
    scores = out.scores if isinstance(out, Fused) else out
    for given, made in seen:
        if made is scores:
            return out, given
    name = type(model).__module__.rsplit(".", 1)[-1]
    raise SettingError(f"the model {name} has no one last layer whose input could be taken; take another fusion")


def drawn(n: int, size: int, order: torch.Generator) -> Tensor:
    """Return `size` of n row numbers in random order, none twice unless n is too small."""
    return torch.randperm(n, generator=order)[:size] if size <= n else torch.randint(n, (size,), generator=order)
