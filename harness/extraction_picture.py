"""The frames of one clip as an encoder asks for them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from harness.extraction_clips import Decoded, decoded
from harness.media import Clip, Guard
from harness.media_picture import read_frames


def decode(module: ModuleType, encoder: Any, guard: Guard, clip: Clip) -> Decoded:
    """Return the frames of a clip at the encoder's rate and size, or the reason why there are none."""
    del module
    return decoded(lambda reading: read_frames(clip, encoder.fps, guard, encoder.size, reading))
