"""ASED: Amharic sentences spoken in five emotions; each clip was accepted by at least five of eight judges.

Sound alone; acted. The whole release has 65 speakers and 2,474 clips. A name such as a5-07-02-02-20 says emotion,
sentence, repetition, gender (01 a woman, 02 a man) and speaker. A few names give a speaker the other gender: there
either number may be wrong, so the gender is left open and the row is flagged. Most sentences belong to one emotion, so
words betray the class. There is no official split: five folds by speaker.
Origin: the repository wgwangang/ASED_V1. Paper: Retta et al., arXiv 2201.02710.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.api import (
    Published,
    Release,
    ReleaseError,
    UnknownLabelError,
    absent,
    share_emotion,
    share_polarity_of,
    speaker_folds,
)

from ._clips import Clip, find_clips
from ._release import Spoken, balance, release

TITLE = "ASED"
LANGUAGE = "am"
FAMILY = "ased"
LICENCE = "freely shared for research (the authors' repository)"
ACCESS = "GitHub wgwangang/ASED_V1; no form"
CITATION = "Retta et al., A New Amharic Speech Emotion Dataset and Classification Benchmark, arXiv 2201.02710"
VIEWS = ("multimodal",)
SPACES: Mapping[str, str | None] = {
    "emotion7": "the five emotions, one to one; surprise and disgust do not occur",
    "emotion4": "neutral, happy, sad and angry; fearful is outside",
    "polarity3": "by category",
    "valence": None,
}

FORM = r"(?P<label>[a-z])\d-(?P<sentence>\d\d)-(?P<repetition>\d\d)-(?P<gender>\d\d)-(?P<speaker>\d\d)"
NATIVE = {"n": "neutral", "f": "fearful", "h": "happy", "s": "sad", "a": "angry"}
EMOTION = {"neutral": "neutral", "fearful": "fear", "happy": "happy", "sad": "sad", "angry": "anger"}
GENDER = {"01": "female", "02": "male"}
CONTRADICTED = "gender_contradicted"
# Speakers 1 to 26, the part that an index lists; the authors give no count per emotion of the whole.
LISTED = Published(
    "counted in index.csv (speakers 1 to 26)",
    "emotion",
    {"all": {"neutral": 220, "fearful": 188, "happy": 188, "sad": 172, "angry": 184}},
)


def read(root: Path) -> Release:
    """Read the clips below `root`; ReleaseError if there are none or the index is damaged."""
    found = find_clips("ased", root, FORM)
    spoken = _without_contradictions([_spoken(clip) for clip in found.clips])
    folds = speaker_folds([one.clip.parts["speaker"] for one in spoken], balance(spoken))
    odd = [one.clip.name for one in spoken if CONTRADICTED in one.flags]
    notes = [f"{len(odd)} names give a speaker the other gender, such as {odd[0]}"] if odd else []
    return release(found, spoken, folds, LANGUAGE, (LISTED,) if found.files else (), notes)


def _spoken(clip: Clip) -> Spoken:
    code, gender = clip.agrees("native", clip.parts["label"]), clip.parts["gender"]
    if code not in NATIVE:
        raise UnknownLabelError(clip.source, code, NATIVE, row=clip.line)
    if gender not in GENDER:
        raise ReleaseError(clip.source, f"the gender of {clip.name} is {gender!r}", row=clip.line, expected="01 or 02")
    word = NATIVE[code]
    emotion = EMOTION[word]
    shared = {**share_emotion(word, emotion), "polarity3": share_polarity_of(word, emotion), "valence": absent()}
    return Spoken(
        clip,
        {"emotion": word},
        shared,
        speaker=clip.agrees("speaker", clip.parts["speaker"]),
        gender=clip.agrees("gender", GENDER[gender]),
        strata={"sentence": clip.parts["sentence"]},
    )


def _without_contradictions(spoken: list[Spoken]) -> list[Spoken]:
    """Leave the gender open where it is not the one that most clips of the speaker have."""
    heard: dict[str | None, Counter[str | None]] = {}
    for one in spoken:
        heard.setdefault(one.speaker, Counter())[one.gender] += 1
    return [
        one
        if one.gender == heard[one.speaker].most_common(1)[0][0]
        else replace(one, gender=None, flags=(*one.flags, CONTRADICTED))
        for one in spoken
    ]
