"""Decode the sound of one clip at the rate that an encoder asks for."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

from harness.corpora.media.clips import Clip, Guard
from harness.corpora.media.sound import read_sound
from harness.features.decoded import Decoded, decoded


def decode(module: ModuleType, encoder: Any, guard: Guard, clip: Clip) -> Decoded:
    """Return the samples of a clip at the encoder's rate, or the reason why there are none."""
    del encoder
    shortest = math.ceil(module.SHORTEST * module.RATE)
    return decoded(lambda reading: read_sound(clip, module.RATE, guard, reading), shortest)
