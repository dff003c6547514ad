"""openSMILE's feature sets, of whole utterances or of their frames (an extra: its licence is for research only)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import SettingError
from harness.encoders._frames import averaged, checked_level, frames_in
from harness.features.matrix import Ragged

RATE = 16000
STEP = 0.01  # seconds from one low-level frame to the next


class Smile:
    """openSMILE with one of its feature sets.

    Args:
        name: of the encoder, for errors.
        feature_set: as the package `opensmile` calls it.
        level: `utterance` for functionals, `frames` for low-level descriptors averaged over `every` seconds.
        every: seconds.

    Raises:
        SettingError: the package is not installed, `level` is unknown, or `every` is less than a frame.
    """

    def __init__(self, name: str, feature_set: str, level: str, every: float) -> None:
        try:
            import opensmile
        except ImportError as error:
            raise SettingError(
                f"the encoder {name} needs the package opensmile, whose licence is for research; run "
                "`pip install 'emotransfer[opensmile]'`, or use the encoder logmel instead"
            ) from error
        self.frames, self.many = checked_level(name, level) == "frames", frames_in(name, every, STEP)
        kinds = opensmile.FeatureLevel
        self.smile: Any = opensmile.Smile(
            feature_set=opensmile.FeatureSet[feature_set],
            feature_level=kinds.LowLevelDescriptors if self.frames else kinds.Functionals,
        )

    @property
    def width(self) -> int:
        """Return the number of features."""
        return int(self.smile.num_features)

    def encode(self, sounds: Iterable[NDArray[np.float32]]) -> NDArray[np.float32] | Ragged:
        """Return one row per sound (mono, 16 kHz, -1 to 1), or its frames."""
        found = (self.smile(sound, RATE)[0] for sound in sounds)  # (features, frames): without a table of pandas
        if self.frames:
            return Ragged.of([averaged(frames.T, self.many) for frames in found], self.width)
        return np.array([frames[:, 0] for frames in found], dtype=np.float32).reshape(-1, self.width)
