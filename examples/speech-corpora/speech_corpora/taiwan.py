"""Taiwan Mandarin speech of three polarities, from friends of the author and clips of YouTube.

652 clips; sound alone. A name such as Pos_male-98 or Neg-Male-1 says class, gender and number; who speaks is not
said. Origin: the repository AkishinoShiame/Chinese-Speech-Emotion-Datasets. Its random train and test part is not
marked in the files: five folds of equal shares of class and gender.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.api import (
    EMOTION4,
    EMOTION7,
    POLARITY3,
    VALENCE,
    Published,
    Release,
    Shared,
    UnknownLabelError,
    absent,
    stratified_folds,
)

from ._clips import Clip, find_clips
from ._release import Spoken, balance, release

TITLE = "Taiwan Mandarin speech emotion"
LANGUAGE = "zh-TW"
FAMILY = "taiwan_speech"
LICENCE = "Apache-2.0"
ACCESS = "GitHub AkishinoShiame/Chinese-Speech-Emotion-Datasets; no form"
CITATION = (
    "Lee, Yeh, Chiu and Chang, A Deep Convolutional Neural Network Based Virtual Elderly Companion Agent, MMSys 2017"
)
VIEWS = ("multimodal",)
SPACES: Mapping[str, str | None] = {
    "emotion7": None,
    "emotion4": None,
    "polarity3": "the three classes; Natural is neutral",
    "valence": None,
}

FORM = r"(?P<label>[A-Z][a-z]+)[_-](?P<gender>[A-Za-z]+)-(?P<number>\d+)"
NATIVE = {"Neg": "Negative", "Nat": "Natural", "Pos": "Positive"}
POLARITY = {"Negative": "negative", "Natural": "neutral", "Positive": "positive"}
GENDER = {"male": "male", "female": "female"}
PUBLISHED = Published(
    "the table of the repository's Readme.md", "label", {"all": {"Positive": 218, "Natural": 214, "Negative": 220}}
)
UNKNOWN_SPEAKERS = "speakers are unknown, so folds may share them and in-domain values may be too high"


def read(root: Path) -> Release:
    """Read the clips below `root`; ReleaseError if there are none or the index is damaged."""
    found = find_clips("taiwan", root, FORM)
    spoken = [_spoken(clip) for clip in found.clips]
    folds = stratified_folds([one.clip.name for one in spoken], balance(spoken))
    return release(found, spoken, folds, LANGUAGE, (PUBLISHED,), [UNKNOWN_SPEAKERS])


def _spoken(clip: Clip) -> Spoken:
    label, gender = clip.parts["label"], clip.parts["gender"].lower()
    for value, known in ((label, NATIVE), (gender, GENDER)):
        if value not in known:
            raise UnknownLabelError(clip.source, value, known, row=clip.line)
    native = clip.agrees("native", NATIVE[label])
    shared: dict[str, Shared] = {space.name: absent() for space in (EMOTION4, EMOTION7, VALENCE)}
    shared[POLARITY3.name] = Shared(POLARITY[native])
    return Spoken(clip, {"label": native}, shared, speaker=None, gender=clip.agrees("gender", gender))
