"""One utterance: who said what, when and where, without any label."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from harness.core.plain_text import trimmed

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")


class Modality(StrEnum):
    """The three ways an utterance can be perceived."""

    AUDIO = "audio"
    TEXT = "text"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class MediaPart:
    """What of a media file is the utterance's, where the file holds more than that.

    `start` and `end` are seconds in the file. `half` is the side of the picture that shows the speaker, "left" or
    "right".
    """

    start: float | None = None
    end: float | None = None
    half: str | None = None


@dataclass(slots=True)
class Utterance:
    """One utterance: who said what, when and where, without any label.

    `id` is unique in the corpus. `split` is the official split; `fold` names the left-out part (a session) in a
    corpus without one, whose `split` is then "train" throughout. `turn` orders the utterances of a dialogue.
    `audio` and `video` are paths relative to the release, or None when the clip is not there; `parts` says by modality
    ("audio", "video") which part of that file it is, where it is not all of it. `start` and `end` are seconds on the
    timeline that the release uses; their difference is how long the clip should be.

    A text in which nothing is seen is no text, and a speaker without a name no speaker: both are then None. Blanks
    around a speaker's name are no part of it.
    """

    id: str
    split: Split
    dialogue: str
    turn: int
    speaker: str | None
    language: str
    text: str | None
    fold: str | None = None
    gender: str | None = None
    translations: dict[str, str] = field(default_factory=dict)
    audio: str | None = None
    video: str | None = None
    parts: dict[str, MediaPart] = field(default_factory=dict)
    start: float | None = None
    end: float | None = None
    strata: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take blank texts and names for what they are."""
        if self.text is not None and not trimmed(self.text):
            self.text = None
        if self.speaker is not None:
            self.speaker = trimmed(self.speaker) or None
        if self.translations:
            self.translations = {language: text for language, text in self.translations.items() if trimmed(text)}
