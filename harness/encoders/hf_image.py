"""Image models of the Hugging Face Hub over sampled frames: CLIP, DINOv2, data2vec-vision; EVA-02 by `timm`.

Radford et al. (arXiv 2103.00020), Oquab et al. (2304.07193), Baevski et al. (2202.03555), Fang et al. (2303.11331).
Each frame is prepared by the model's own image processor and becomes one vector; an utterance is pooled over frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from harness.encoders import _hub, _timm
from harness.encoders._pictures import Clip, in_batches
from harness.encoders._pooling import Pooling
from harness.errors import SettingError
from harness.features import Matrix

MODALITY = "video"
PACKAGES = ("transformers", "torch", "timm")  # their versions decide the rows
SHARD = 64  # utterances a piece of work
GPU = True
FROM = ("image", "cls", "patches")


class Images:
    """An image model and how its frames become features.

    Args:
        model: Hub id or folder.
        revision: commit of the Hub id.
        library: transformers, or timm.
        of: what stands for a frame: `image`, the embedding that CLIP compares with texts; `cls`, the state of the
            class token; `patches`, the mean over patches.
        layer: hidden state, or several to be averaged; for `cls` and `patches`.
        pooling: over frames: mean, mean_std, first or last.
        level: utterance, or frames to keep them.
        every: frames that are averaged to one where they are kept.
        fps: frames a second that are looked at.
        batch: frames that are encoded at once.
        precision: fp32, bf16, or auto: bf16 on a GPU.
        trust_remote_code: whether Python files of the model may run.
    """

    size = None

    def __init__(
        self,
        model: str,
        revision: str = "main",
        library: str = "transformers",
        of: str = "cls",
        layer: int | Sequence[int] = -1,
        pooling: str = "mean",
        level: str = "utterance",
        every: int = 1,
        fps: float = 2.0,
        batch: int = 64,
        precision: str = "auto",
        trust_remote_code: bool = False,
    ) -> None:
        if of not in FROM:
            raise SettingError(f"of is {of!r}; it is one of {', '.join(FROM)}")
        source = _hub.Source(model, revision, trust_remote_code)
        self.resolved = _hub.resolved({"model": model, "revision": revision})
        self.pooling, self.fps, self.batch, self.of = Pooling(layer, pooling, level, every), float(fps), batch, of
        if library == "timm":
            made = _timm.network(source, precision)
            self.network, self.width = made[0], made[2]
            self.prepare: Any = made[1]
            self.look = self._by_timm
            return
        self.network = _hub.network(source, precision)
        self.prepare = _hub.part("AutoImageProcessor", source)
        config: Any = getattr(self.network.config, "vision_config", self.network.config)
        if not hasattr(config, "patch_size") or (of == "image" and not hasattr(self.network, "get_image_features")):
            raise SettingError(f"the model {model} is no image model of which hf_image knows `{of}`")
        self.width = int(self.network.config.projection_dim if of == "image" else config.hidden_size)
        self.look = self._by_transformers

    def encode(self, clips: Iterable[Clip]) -> Matrix:
        """Return one row per clip (frames, height, width, 3), float32; with level frames Ragged."""
        return in_batches(clips, self.look, self.batch, self.pooling, self.width)

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
