"""Image models that live in the package `timm`: EVA-02."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from harness.core.errors import SettingError
from harness.encoders import _hub


def network(source: _hub.Source, precision: str, device: str) -> Any:
    """Return the network, frozen, on its device.

    Raises:
        SettingError: the package or the model is not there, or its weights do not fit.
    """
    try:
        import timm
    except (ImportError, RuntimeError) as error:  # torchvision, which timm imports, fails so beside another torch
        raise SettingError(
            f"image models with `library: timm` need the package timm ({' '.join(str(error).split())}); run `pip "
            "install timm`, with the torchvision that was made for your torch"
        ) from error
    folder = source.folder()
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise SettingError(f"{folder}: holds no model.safetensors, the only weights that are read of a timm model")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        made = timm.create_model(
            config["architecture"], num_classes=0, checkpoint_path=str(weights), **config.get("model_args", {})
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        problem = " ".join(str(error).split())
        raise SettingError(f"the model {source.model} in {folder} does not load with timm: {problem}") from error
    made.pretrained_cfg = {**made.pretrained_cfg, **config.get("pretrained_cfg", {})}
    return made.eval().requires_grad_(False).to(device, _hub.kind_of_number(precision))


def preparation(network: Any) -> Callable[[Any], Any]:
    """Return what makes a network's input of a picture (height, width, 3)."""
    import timm
    from PIL import Image

    shown = timm.data.create_transform(**timm.data.resolve_data_config(network.pretrained_cfg, model=network))
    return lambda picture: shown(Image.fromarray(picture))
