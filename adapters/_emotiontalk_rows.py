"""What either form of EmotionTalk says about an utterance, and how its ids, labels and transcripts are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from harness.api import ReleaseError, UnknownLabelError, Vote

VIEWS = ("multimodal", "text", "audio", "video")

_ID = re.compile(r"(G[0-9]{5})_([0-9]{2,6})_([0-9]{2,6})_([0-9]{3,6})")
_TAGS = r"over|interrupted|laughing|sobbing|crying|screaming"
_TAG = re.compile(rf"(?<!\[)\[+/?\s*(?:{_TAGS})\s*/?\]*", re.IGNORECASE)
_REMAINS = re.compile(r"/?over\]|[\[\]]")  # of tags that were typed into each other
_TAG_NAME = re.compile(rf"(?<!\[)\[+/?\s*({_TAGS})", re.IGNORECASE)
_FLAG_OF_TAG = {
    "over": "overlap",
    "laughing": "laughing",
    "crying": "crying",
    "sobbing": "crying",
    "interrupted": "interrupted",
    "screaming": "screaming",
}


class Name(NamedTuple):
    """The parts of an utterance id; both speakers of a dialogue share one count of turns."""

    group: str
    dialogue: str
    speaker: str
    turn: int


@dataclass(slots=True)
class Raw:
    """One utterance, labels as published; a view that is not in `labels` was not annotated, None was left blank."""

    labels: dict[str, str | None] = field(default_factory=dict)
    text: str | None = None
    votes: dict[str, list[Vote]] = field(default_factory=dict)
    sentiment: dict[str, float] = field(default_factory=dict)  # annotator -> vote in -2..2
    native: dict[str, Any] = field(default_factory=dict)  # published fields besides the labels
    start: float | None = None
    end: float | None = None


@dataclass(slots=True)
class Form:
    """One form of the release, read."""

    variant: str
    rows: dict[str, Raw]
    files: list[str]
    notes: list[str]


def parse_id(text: str, path: Path, row: int | None = None) -> Name:
    """Take an id such as `G00001_02_01_002` apart; another shape is a ReleaseError."""
    match = _ID.fullmatch(text)
    if match is None:
        raise ReleaseError(path, f"{text!r} is not an utterance id", row=row, expected="the form G00001_02_01_002")
    group, dialogue, speaker, turn = match.groups()
    return Name(group, f"{group}_{dialogue}", speaker, int(turn))


def is_id(text: str) -> bool:
    """Tell whether a text has the shape of an utterance id."""
    return _ID.fullmatch(text) is not None


def parse_label(value: Any, known: Iterable[str], path: Path, row: int | None = None) -> str | None:
    """Return a label in lower case without edge blanks; None if it was left blank, an error if it is unknown."""
    label = parse_vote(value, path, row)
    if label and label not in known:
        raise UnknownLabelError(path, value, known, row=row)
    return label


def parse_vote(value: Any, path: Path, row: int | None = None) -> str | None:
    """Return what somebody chose in lower case without edge blanks, known or not; None if it was left blank."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ReleaseError(path, f"the label is of type {type(value).__name__}", row=row, expected="a string")
    return value.strip().lower() or None


def clean(transcript: str) -> tuple[str | None, list[str]]:
    """Return a transcript without its tags, None if nothing is left, and the flags that the tags stand for."""
    tags = {_FLAG_OF_TAG[name.lower()] for name in _TAG_NAME.findall(transcript)}
    text = _REMAINS.sub("", _TAG.sub("", transcript)).strip(" \t\r\n\u3000")
    return text or None, [flag for flag in dict.fromkeys(_FLAG_OF_TAG.values()) if flag in tags]
