"""eGeMAPS: 88 functionals of pitch, loudness, spectrum and voice quality by openSMILE (an extra, for research only).

Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set", IEEE Transactions on Affective Computing 2016; set
eGeMAPSv02 of the package `opensmile`. openSMILE's licence allows private and research use, not products.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import SettingError

MODALITY = "audio"
PACKAGES = ("opensmile",)  # its version decides the rows
SHARD = 64  # utterances a piece of work
RATE = 16000  # samples a second of what is encoded
SHORTEST = 0.1  # seconds; openSMILE has no functionals of less

WIDTH = 88


class EGeMAPS:
    """openSMILE with the functionals of eGeMAPSv02."""

    def __init__(self) -> None:
        try:
            import opensmile
        except ImportError as error:
            raise SettingError(
                "the encoder egemaps needs the package opensmile, whose licence is for research; run "
                "`pip install 'emotransfer[opensmile]'`, or use the encoder logmel instead"
            ) from error
        self.smile: Any = opensmile.Smile(
            feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals
        )

    def encode(self, sounds: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return one row of 88 numbers per sound (mono, 16 kHz, -1 to 1)."""
        rows = [self.smile.process_signal(sound, RATE).to_numpy()[0] for sound in sounds]
        return np.array(rows, dtype=np.float32).reshape(len(sounds), WIDTH)


def encoder(**options: object) -> EGeMAPS:
    """Make the encoder; it has no options."""
    return EGeMAPS(**options)
