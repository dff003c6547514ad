"""eGeMAPS: 88 functionals of pitch, loudness, spectrum and voice quality by openSMILE (an extra, for research only).

Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set", IEEE Transactions on Affective Computing 2016; set
eGeMAPSv02 of the package `opensmile`. openSMILE's licence allows private and research use, not products.
"""

from __future__ import annotations

from harness.encoders._opensmile import RATE as RATE
from harness.encoders._opensmile import Smile

MODALITY = "audio"
PACKAGES = ("opensmile",)  # its version decides the rows
SHARD = 16  # utterances per piece of work, a second or so
SHORTEST = 0.1  # seconds; openSMILE has no functionals of less


def encoder(level: str = "utterance", every: float = 0.1) -> Smile:
    """Make the encoder: 88 functionals, or at level `frames` 25 descriptors averaged over `every` seconds."""
    return Smile("egemaps", "eGeMAPSv02", level, every)
