"""What an adapter gives back: utterances, their annotation, and every row it could not keep.

An adapter is one module with these facts and one function (`docs/add-a-corpus.md`):

    TITLE, LANGUAGE, FAMILY, LICENCE, ACCESS, CITATION    strings
    VIEWS      the label views the corpus can have, the main one first
    SPACES     space name -> how the corpus answers it, or None for "not annotated"
    read(root) -> Release
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

from harness.labels import Shared

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
MAIN_VIEW = "multimodal"


class Modality(StrEnum):
    """The three ways an utterance can be perceived."""

    AUDIO = "audio"
    TEXT = "text"
    VIDEO = "video"


@dataclass(slots=True)
class Utterance:
    """One utterance: who said what, when and where, without any label.

    `id` is unique in the corpus. `split` is the official split; `fold` names the left-out part (a session) in a
    corpus without one, whose `split` is then "train" throughout. `turn` orders the utterances of a dialogue.
    `audio` and `video` are paths relative to the release, or None when the clip is not there. `start` and `end`
    are seconds on the timeline that the release uses.
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
    start: float | None = None
    end: float | None = None
    strata: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Vote:
    """One annotator's native label (several joined as published) and confidence, if given."""

    annotator: str
    label: str
    confidence: float | None = None


@dataclass(slots=True)
class Annotation:
    """The labels of one utterance.

    `native` holds every label field as published. `shared` answers every space for the main view; `views` answers
    every space for each further view (text, audio, video) of a corpus that was labelled once per modality.
    `votes` are by view; `soft` is a distribution over the classes of a space.
    """

    id: str
    native: dict[str, Any]
    shared: dict[str, Shared]
    views: dict[str, dict[str, Shared]] = field(default_factory=dict)
    votes: dict[str, list[Vote]] = field(default_factory=dict)
    soft: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row of the release that is not an utterance here, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Published:
    """A table of counts somebody published, to hold against what was read: split -> native label -> rows."""

    source: str
    field: str
    counts: Mapping[str, Mapping[str, int]]


@dataclass(slots=True)
class Release:
    """Everything an adapter read. `rows` counts the rows of the release: utterances plus dropped, always."""

    variant: str
    rows: int
    utterances: list[Utterance]
    annotations: list[Annotation]
    dropped: list[Dropped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    published: tuple[Published, ...] = ()

    def dropped_by_reason(self) -> dict[str, int]:
        """Count the dropped rows by reason."""
        return dict(sorted(Counter(row.reason for row in self.dropped).items()))


class Adapter(Protocol):
    """The module `adapters/<corpus>.py`."""

    TITLE: str
    LANGUAGE: str
    FAMILY: str
    LICENCE: str
    ACCESS: str
    CITATION: str
    VIEWS: tuple[str, ...]
    SPACES: Mapping[str, str | None]

    def read(self, root: Path) -> Release:
        """Read the release below `root`, or raise ReleaseError."""
