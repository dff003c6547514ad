"""RAVDESS, speech: actors say two sentences in eight emotions, 60 clips an actor.

English (North American); sound alone. The whole speech part has 24 actors and 1,440 clips. A name such as
03-01-05-01-02-01-12 says modality, channel, emotion, intensity, sentence, repetition and actor; odd actors are men.
Clips of songs (channel 02) are counted and left out. There is no official split: six folds by actor.
Origin: Zenodo record 1188976. Paper: Livingstone and Russo, PLoS ONE 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.api import (
    Dropped,
    Published,
    Release,
    Shared,
    UnknownLabelError,
    absent,
    share_emotion,
    share_polarity_of,
    speaker_folds,
)

from ._clips import Clip, find_clips
from ._release import Spoken, balance, release

TITLE = "RAVDESS (speech)"
LANGUAGE = "en"
FAMILY = "ravdess"
LICENCE = "CC BY-NC-SA 4.0"
ACCESS = "Zenodo record 1188976, Audio_Speech_Actors_01-24.zip; no form"
CITATION = (
    "Livingstone and Russo, The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS), "
    "PLoS ONE 13(5): e0196391, 2018"
)
VIEWS = ("multimodal",)
SPACES: Mapping[str, str | None] = {
    "emotion7": "seven of the eight expressions; calm is outside, being neither neutral nor happy",
    "emotion4": "neutral, happy, sad and angry",
    "polarity3": "by category; surprised and calm have none",
    "valence": None,
}

FORM = (
    r"(?P<modality>\d\d)-(?P<channel>\d\d)-(?P<emotion>\d\d)-(?P<intensity>\d\d)-(?P<sentence>\d\d)-"
    r"(?P<repetition>\d\d)-(?P<actor>\d\d)"
)
NATIVE = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgust",
    "08": "surprised",
}
EMOTION = {
    "neutral": "neutral",
    "calm": None,  # made as a second baseline beside neutral; merging the two would blur the larger class
    "happy": "happy",
    "sad": "sad",
    "angry": "anger",
    "fearful": "fear",
    "disgust": "disgust",
    "surprised": "surprise",
}
SONG = "02"
INTENSITY = {"01": "normal", "02": "strong"}


def read(root: Path) -> Release:
    """Read the clips below `root`; ReleaseError if there are none or the index is damaged."""
    found = find_clips("ravdess", root, FORM)
    songs = [clip for clip in found.clips if clip.parts["channel"] == SONG]
    found.dropped += [Dropped(clip.path or clip.name, "song") for clip in songs]
    found.surplus |= {clip.path: "song" for clip in songs if clip.path}
    spoken = [_spoken(clip) for clip in found.clips if clip.parts["channel"] != SONG]
    folds = speaker_folds([clip.parts["actor"] for clip in (one.clip for one in spoken)], balance(spoken), 6)
    return release(found, spoken, folds, LANGUAGE, _published(spoken))


def _spoken(clip: Clip) -> Spoken:
    code = clip.agrees("native", clip.parts["emotion"])
    actor = clip.agrees("speaker", clip.parts["actor"])
    if code not in NATIVE:
        raise UnknownLabelError(clip.source, code, NATIVE, row=clip.line)
    word = NATIVE[code]
    return Spoken(
        clip,
        {"emotion": word},
        _shared(word),
        speaker=actor,
        gender=clip.agrees("gender", "male" if int(actor) % 2 else "female"),
        strata={
            "intensity": INTENSITY.get(clip.parts["intensity"], clip.parts["intensity"]),
            "sentence": clip.parts["sentence"],
        },
    )


def _shared(word: str) -> dict[str, Shared]:
    emotion = EMOTION[word]
    return {**share_emotion(word, emotion), "polarity3": share_polarity_of(word, emotion), "valence": absent()}


def _published(spoken: list[Spoken]) -> tuple[Published, ...]:
    """Return what the record promises of each actor: four clips neutral, eight of every other expression."""
    actors = len({one.speaker for one in spoken})
    counts = {word: actors * (4 if word == "neutral" else 8) for word in EMOTION}
    return (Published(f"Zenodo record 1188976: 60 clips of each of {actors} actors", "emotion", {"all": counts}),)
