"""Decode the frames of one clip at the rate and size that an encoder asks for."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from harness.corpora.media.clips import Clip, Guard
from harness.corpora.media.frames import read_frames
from harness.features.decoded import Decoded, decoded


def decode(module: ModuleType, encoder: Any, guard: Guard, clip: Clip) -> Decoded:
    """Return the frames of a clip at the encoder's rate and size, or the reason why there are none."""
    del module
    return decoded(lambda reading: read_frames(clip, encoder.fps, guard, encoder.size, reading))
