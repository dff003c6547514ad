"""Train a network of harness/fusion by gradient descent with early stopping on source dev."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from harness.errors import SettingError
from harness.examples import Examples
from harness.features import Matrix
from harness.labels import ClassSpace, Space

Arrays = dict[str, NDArray[Any]]
Score = Callable[[NDArray[np.float32], NDArray[Any], Space], float]
PREDICT_ROWS = 8192


def train(
    module: ModuleType,
    train: Examples,
    dev: Examples,
    weight: NDArray[np.float64],
    space: Space,
    settings: Mapping[str, Any],
    seed: int,
    score: Score,
) -> tuple[Arrays, float, dict[str, float]]:
    """Train with AdamW and keep the parameters of the best epoch on dev.

    Args:
        module: has `Model(width, outputs, settings)`.
        train, dev: dense examples.
        weight: loss weight per train row.
        space: cross-entropy for classes, squared error for a scale.
        settings: `lr`, `weight_decay`, `batch`, `epochs`, `patience` and those of the model.
        seed: of the first parameters, the order of rows and dropout.
        score: what to maximise on dev.

    Returns:
        the parameters by name, their dev score, and {"epoch": the chosen one, from 1}.

    Raises:
        SettingError: the features are sparse, or the training diverged.
    """
    name = module.__name__.rsplit(".", 1)[-1]
    if sparse.issparse(train.x):
        raise SettingError(f"the model {name} needs dense features; take `fusion: linear` for n-grams")
    device = _device()
    torch.manual_seed(seed)
    x = torch.as_tensor(np.asarray(train.x, dtype=np.float32), device=device)
    y, w = torch.as_tensor(train.y, device=device), torch.as_tensor(weight, dtype=torch.float32, device=device)
    model = module.Model(x.shape[1], _outputs(space), settings).to(device)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=float(settings["lr"]), weight_decay=float(settings["weight_decay"])
    )
    best, kept, chosen = -np.inf, {}, 0
    for epoch in range(1, int(settings["epochs"]) + 1):
        _epoch(model, optimiser, x, y, w, int(settings["batch"]), space)
        scores = _scores(model, dev.x, space)
        if not np.isfinite(scores).all():
            raise SettingError(f"the model {name} diverged in epoch {epoch} (lr {settings['lr']}); lower its lr")
        now = score(scores, dev.y, space)
        if now > best:
            best, chosen = now, epoch
            kept = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
        elif epoch - chosen >= int(settings["patience"]):
            break
    return {name: value.numpy() for name, value in kept.items()}, float(best), {"epoch": float(chosen)}


def predict(
    module: ModuleType, arrays: Arrays, x: Matrix, space: Space, settings: Mapping[str, Any]
) -> NDArray[np.float32]:
    """Return probabilities (n, classes), or numbers (n, 1) inside the scale."""
    model = module.Model(x.shape[1], _outputs(space), settings)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    return _scores(model.to(_device()), x, space)


def _epoch(
    model: nn.Module, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor, w: Tensor, batch: int, space: Space
) -> None:
    model.train()
    for rows in torch.split(torch.randperm(len(x)).to(x.device), batch):
        optimiser.zero_grad()
        loss = (_loss(model(x[rows]), y[rows], space) * w[rows]).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _loss(scores: Tensor, y: Tensor, space: Space) -> Tensor:
    if isinstance(space, ClassSpace):
        return nn.functional.cross_entropy(scores, y, reduction="none")
    return (scores[:, 0] - y.to(scores.dtype)).square()


def _scores(model: nn.Module, x: Matrix, space: Space) -> NDArray[np.float32]:
    model.eval()
    device = next(model.parameters()).device
    with torch.inference_mode():
        rows = torch.as_tensor(np.asarray(x, dtype=np.float32))
        out = torch.cat([model(part.to(device)).cpu() for part in torch.split(rows, PREDICT_ROWS)])
        out = out.softmax(dim=1) if isinstance(space, ClassSpace) else out.clamp(space.low, space.high)
    scores: NDArray[np.float32] = out.numpy()
    return scores


def _outputs(space: Space) -> int:
    return len(space.classes) if isinstance(space, ClassSpace) else 1


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
