"""Video models of the Hugging Face Hub: VideoMAE.

Tong et al., "VideoMAE: Masked Autoencoders are Data-Efficient Learners for Self-Supervised Video Pre-Training" (arXiv
2203.12602). The model sees a fixed number of frames (16), spread evenly over the clip; a clip of fewer shows some of
them twice. A frame of level `frames` is one tubelet in time (two frames), the mean over its patches.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError
from harness.encoders import _hub
from harness.encoders._crops import NO_FACE, checked_crop, encoded
from harness.encoders._pictures import Pictures
from harness.features.matrix import Matrix

MODALITY = "video"
PACKAGES = ("transformers", "torch", "torchvision", "scikit-image")  # their versions decide the rows
SHARD = 64  # utterances per piece of work
GPU = True
ready = _hub.ready  # what `doctor` asks
resolved = _hub.resolved  # the commit that a name such as `main` means decides the rows too
made_with = _hub.made_with  # so do the precision and the device that `auto` stands for
NOTHING = NO_FACE
Clip = NDArray[np.uint8]


class Videos(_hub.Pretrained):
    """A video model and how its hidden states become features.

    Args:
        fps: frames per second that are decoded, of which those that are seen are taken.
        batch: clips that are encoded at once.
        crop: `face`, or `none` to see whole frames.
        shared: those of `Pretrained`, of which `model` is needed.
    """

    size = None

    def __init__(
        self,
        *,
        fps: float = 8.0,
        batch: int = 4,
        crop: str = "none",
        **shared: Any,
    ) -> None:
        super().__init__(**shared)
        self.fps, self.batch, self.crop = float(fps), batch, checked_crop(crop)
        self.prepare = _hub.part("AutoImageProcessor", self.source)
        self.config: Any = self.network.config
        if not hasattr(self.config, "tubelet_size"):
            raise SettingError(f"the model {self.source.model} is no video model that hf_video knows")

    def encode(self, clips: Iterable[Clip]) -> Matrix:
        """Return one row per clip (frames, height, width, 3), float32; with level frames Ragged."""
        return encoded(clips, self.crop, self._of_pictures)

    def _of_pictures(self, clips: Iterable[Pictures]) -> Matrix:
        pieces: list[NDArray[np.float32]] = []
        group: list[Pictures] = []
        for clip in clips:
            group.append([clip[at] for at in shown(len(clip), self.config.num_frames)])
            if len(group) == self.batch:
                pieces += self._rows(group)
                group = []
        if group:
            pieces += self._rows(group)
        return self.pooling.matrix(pieces, self.config.hidden_size)

    def _rows(self, clips: list[Pictures]) -> list[NDArray[np.float32]]:
        import torch

        values = torch.cat([self.prepare(list(clip), return_tensors="pt")["pixel_values"] for clip in clips])
        with torch.inference_mode():
            given = values.to(self.network.device, self.network.dtype)
            states = self.pooling.states(self.network(pixel_values=given, output_hidden_states=True).hidden_states)
            steps = self.config.num_frames // self.config.tubelet_size
            return self.pooling.rows(states.unflatten(1, (steps, -1)).mean(dim=2))


def encoder(**options: Any) -> Videos:
    """Make the encoder of one row of `encoders` in params.yaml."""
    return Videos(**options)


def shown(frames: int, wanted: int) -> NDArray[np.int64]:
    """Return which of a clip's frames are seen: the middle of each of `wanted` equal parts."""
    places: NDArray[np.int64] = ((2 * np.arange(wanted) + 1) * frames // (2 * wanted)).astype(np.int64)
    return places
