"""Image models that live in the package `timm`: EVA-02."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from harness.encoders import _hub
from harness.errors import SettingError


def network(source: _hub.Source, precision: str) -> tuple[Any, Callable[[Any], Any], int]:
    """Return the network, frozen, on its device; what prepares a picture for it; and its numbers a picture.

    Raises:
        SettingError: the package or the model is not there, or its weights do not fit.
    """
    try:
        import timm
        from PIL import Image
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
        given, own = config.get("pretrained_cfg", {}), config.get("model_args", {})
        model = timm.create_model(config["architecture"], num_classes=0, checkpoint_path=str(weights), **own)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        problem = " ".join(str(error).split())
        raise SettingError(f"the model {source.model} in {folder} does not load with timm: {problem}") from error
    shown = timm.data.create_transform(**timm.data.resolve_data_config(given, model=model))
    model = model.eval().requires_grad_(False).to(_hub.device(), _hub.kind_of_number(precision))
    return model, lambda picture: shown(Image.fromarray(picture)), int(model.num_features)
