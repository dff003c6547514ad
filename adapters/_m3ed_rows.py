"""What either form of M3ED says about an utterance, and how its ids, times, genders and label lists are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.api import ReleaseError, Split, UnknownLabelError, Vote

from ._votes import misspelt

FINAL = "final_main_emo"
FRAMES_PER_SECOND = 25

# Greedy: a movie's name may hold underscores, and nothing that parts paths or lines: an id is one short word.
_ID = re.compile(r"([^\s/\\\x00-\x1f\x7f]{1,200})_([0-9]{1,9})_([0-9]{1,9})")
_TIME = re.compile(r"([0-9]{1,9}):([0-9]{1,9}):([0-9]{1,9}):([0-9]{1,9})")


@dataclass(slots=True)
class Raw:
    """One utterance, labels as published; `final` is None where it was left blank."""

    id: str
    split: Split
    dialogue: str
    letter: str  # "A" or "B", as the clip's name begins
    speaker: str | None
    final: str | None
    native: dict[str, Any]
    votes: list[Vote] = field(default_factory=list)
    text: str | None = None
    gender: str | None = None
    start: float | None = None
    end: float | None = None

    @property
    def turn(self) -> int:
        """Return the utterance's place in its dialogue."""
        return int(self.id.rpartition("_")[2])


@dataclass(slots=True)
class Form:
    """One form of the release, read."""

    variant: str
    rows: list[Raw]
    files: list[str]
    notes: list[str]


def parse_id(text: str, path: Path | str, row: int | None = None) -> tuple[str, str]:
    """Return movie and dialogue of an id such as `anjia_1_12`; another shape is a ReleaseError."""
    match = _ID.fullmatch(text)
    if match is None:
        raise ReleaseError(path, f"{text!r} is not an utterance id", row=row, expected="the form movie_1_12")
    return match[1], f"{match[1]}_{match[2]}"


def is_clip(stem: str) -> bool:
    """Tell whether a text has the shape of a clip's name such as `A_anjia_1_12`."""
    return stem[:2] in ("A_", "B_") and _ID.fullmatch(stem[2:]) is not None


def name_speaker(movie: str, dialogue: str, letter: str, name: str) -> str | None:
    """Return a speaker that is unique in the corpus; one without a name is a stranger in each dialogue."""
    if name.strip():
        return f"{movie}_{name.strip()}"
    return f"{dialogue}_{letter}" if letter else None


def seconds(time: str, path: Path | str) -> float | None:
    """Convert HH:MM:SS:FF to seconds; FF counts frames at 25 per second and may exceed them. A blank is None."""
    if not time.strip():
        return None
    match = _TIME.fullmatch(time.strip())
    if match is None:
        raise ReleaseError(path, f"{time!r} is not a time", expected="HH:MM:SS:FF with FF in frames at 25 per second")
    hours, minutes, whole, frames = map(int, match.groups())
    return 3600 * hours + 60 * minutes + whole + frames / FRAMES_PER_SECOND


def parse_gender(text: str) -> str | None:
    """Return "female" or "male" for one of the words, its first letter, or a typing error of it; None for another."""
    word = text.strip().lower()
    return {"f": "female", "m": "male"}.get(word) or misspelt(word, ("female", "male"), alike=0.7)


def parse_final(value: str, known: Mapping[str, str], path: Path | str, row: int | None = None) -> str | None:
    """Return the deciding label; None if it was left blank, an error if it is unknown."""
    label = value.strip()
    if label and label not in known:
        raise UnknownLabelError(path, value, known, row=row)
    return label or None


def split_labels(votes: str) -> list[str]:
    """Return the words of a vote as published: they are joined by commas, or by whatever an annotator typed instead."""
    return re.findall(r"[^\W_]+", votes)
