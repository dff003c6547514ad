"""ComParE: 6,373 functionals of 65 acoustic descriptors by openSMILE (an extra, for research only).

Schuller et al., "The INTERSPEECH 2016 Computational Paralinguistics Challenge", Interspeech 2016; set ComParE_2016 of
the package `opensmile`. openSMILE's licence allows private and research use, not products.
"""

from __future__ import annotations

from harness.encoders._opensmile import RATE as RATE
from harness.encoders._opensmile import Smile

MODALITY = "audio"
PACKAGES = ("opensmile",)  # its version decides the rows
SHARD = 16  # utterances per piece of work, a few seconds
SHORTEST = 0.1  # seconds; openSMILE has no functionals of less


def encoder(level: str = "utterance", every: float = 0.1) -> Smile:
    """Make the encoder: 6,373 functionals, or at level `frames` 65 descriptors averaged over `every` seconds."""
    return Smile("compare", "ComParE_2016", level, every)
