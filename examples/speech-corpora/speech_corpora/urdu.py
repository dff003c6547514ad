"""URDU: utterances cut from Urdu talk shows, 100 of each of four emotions.

400 clips; sound alone; spontaneous. A name such as SM1_F10_A010 says speaker (SM a man, SF a woman), file and
emotion. The authors speak of 38 speakers; the names of the files tell 29 apart. There is no official split: five folds
by speaker. Some speakers are heard in one emotion almost alone (SM5: 72 of the 100 neutral clips), so a fold can only
be balanced so far.
Origin: the repository siddiquelatif/URDU-Dataset. Paper: Latif et al., FIT 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.api import Published, Release, UnknownLabelError, absent, share_emotion, share_polarity_of, speaker_folds

from ._clips import Clip, find_clips
from ._release import Spoken, balance, release

TITLE = "URDU"
LANGUAGE = "ur"
FAMILY = "urdu"
LICENCE = "research use only (the authors' repository)"
ACCESS = "GitHub siddiquelatif/URDU-Dataset; no form"
CITATION = "Latif, Qayyum, Usman and Qadir, Cross Lingual Speech Emotion Recognition: Urdu vs. Western Languages, 2018"
VIEWS = ("multimodal",)
SPACES: Mapping[str, str | None] = {
    "emotion7": "the four emotions, one to one; surprise, disgust and fear do not occur",
    "emotion4": "the four emotions, one to one",
    "polarity3": "by category",
    "valence": None,
}

FORM = r"(?P<speaker>S[MF]\d+)_F\d+_(?P<label>[A-Z])\d+"
NATIVE = {"A": "Angry", "H": "Happy", "N": "Neutral", "S": "Sad"}
EMOTION = {"Angry": "anger", "Happy": "happy", "Neutral": "neutral", "Sad": "sad"}
PUBLISHED = Published("counted in the repository", "emotion", {"all": dict.fromkeys(EMOTION, 100)})


def read(root: Path) -> Release:
    """Read the clips below `root`; ReleaseError if there are none or the index is damaged."""
    found = find_clips("urdu", root, FORM)
    spoken = [_spoken(clip) for clip in found.clips]
    folds = speaker_folds([one.clip.parts["speaker"] for one in spoken], balance(spoken))
    return release(found, spoken, folds, LANGUAGE, (PUBLISHED,))


def _spoken(clip: Clip) -> Spoken:
    code = clip.agrees("native", clip.parts["label"])
    speaker = clip.agrees("speaker", clip.parts["speaker"])
    if code not in NATIVE:
        raise UnknownLabelError(clip.source, code, NATIVE, row=clip.line)
    word = NATIVE[code]
    emotion = EMOTION[word]
    shared = {**share_emotion(word, emotion), "polarity3": share_polarity_of(word, emotion), "valence": absent()}
    gender = clip.agrees("gender", "male" if speaker.startswith("SM") else "female")
    return Spoken(clip, {"emotion": word}, shared, speaker=speaker, gender=gender)
