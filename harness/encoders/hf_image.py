"""Image models of the Hugging Face Hub over sampled frames: CLIP, DINOv2, data2vec-vision; EVA-02 by `timm`.

Radford et al. (arXiv 2103.00020), Oquab et al. (2304.07193), Baevski et al. (2202.03555), Fang et al. (2303.11331).
Each frame is prepared by the model's own image processor and becomes one vector; an utterance is pooled over frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.core.errors import SettingError
from harness.encoders import _hub, _timm
from harness.encoders._crops import NO_FACE, checked_crop, encoded
from harness.encoders._pictures import Clip, in_batches
from harness.features.matrix import Matrix

MODALITY = "video"
PACKAGES = ("transformers", "torch", "timm", "torchvision", "scikit-image")  # their versions decide the rows
SHARD = 64  # utterances per piece of work
GPU = True
ready = _hub.ready  # what `doctor` asks
resolved = _hub.resolved  # the commit that a name such as `main` means decides the rows too
made_with = _hub.made_with  # so do the precision and the device that `auto` stands for
NOTHING = NO_FACE
FROM = ("image", "cls", "patches")


class Images(_hub.Pretrained):
    """An image model and how its frames become features.

    Args:
        library: transformers, or timm.
        of: what stands for a frame: `image`, the embedding that CLIP compares with texts; `cls`, the state of the
            class token; `patches`, the mean over patches.
        fps: frames per second that are looked at.
        batch: frames that are encoded at once.
        crop: `face`, or `none` to see whole frames.
        shared: those of `Pretrained`, of which `model` is needed.
    """

    size = None

    def __init__(
        self,
        *,
        library: str = "transformers",
        of: str = "cls",
        fps: float = 2.0,
        batch: int = 64,
        crop: str = "none",
        **shared: Any,
    ) -> None:
        if of not in FROM:
            raise SettingError(f"of is {of!r}; it is one of {', '.join(FROM)}")
        super().__init__(load=_timm.network if library == "timm" else None, **shared)
        self.fps, self.batch, self.of, self.crop = float(fps), batch, of, checked_crop(crop)
        if library == "timm":
            self.prepare: Any = _timm.preparation(self.network)
            self.width, self.look = int(self.network.num_features), self._by_timm
            return
        self.prepare = _hub.part("AutoImageProcessor", self.source)
        config: Any = getattr(self.network.config, "vision_config", self.network.config)
        if not hasattr(config, "patch_size") or (of == "image" and not hasattr(self.network, "get_image_features")):
            raise SettingError(f"the model {self.source.model} is no image model of which hf_image knows `{of}`")
        self.width = int(self.network.config.projection_dim if of == "image" else config.hidden_size)
        self.look = self._by_transformers

    def encode(self, clips: Iterable[Clip]) -> Matrix:
        """Return one row per clip (frames, height, width, 3), float32; with level frames Ragged."""
        return encoded(
            clips, self.crop, lambda shown: in_batches(shown, self.look, self.batch, self.pooling, self.width)
        )

    def _by_transformers(self, pictures: list[Clip]) -> Any:
        import torch

        values = self.prepare(images=pictures, return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            given = values.to(self.network.device, self.network.dtype)
            if self.of == "image":
                found = self.network.get_image_features(pixel_values=given)
                return getattr(found, "pooler_output", found).float()
            seer = getattr(self.network, "vision_model", self.network)
            states = self.pooling.states(seer(pixel_values=given, output_hidden_states=True).hidden_states)
            return states[:, 0] if self.of == "cls" else states[:, 1:].mean(dim=1)

    def _by_timm(self, pictures: list[Clip]) -> Any:
        import torch

        values = torch.stack([self.prepare(picture) for picture in pictures])
        with torch.inference_mode():
            first = next(self.network.parameters())
            states = self.network.forward_features(values.to(first.device, first.dtype)).float()
            skip = self.network.num_prefix_tokens
            return states[:, 0] if self.of == "cls" else states[:, skip:].mean(dim=1)


def encoder(**options: Any) -> Images:
    """Make the encoder of one row of `encoders` in params.yaml."""
    return Images(**options)
