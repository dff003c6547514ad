"""What an adapter returns: utterances, their annotation, and every row that it could not keep.

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
from pathlib import Path
from typing import Any, Protocol

from harness.study.labels import Shared
from harness.study.utterance import Utterance

# What the decoders read. Of one clip in several forms the first counts: it lost least on the way.
AUDIO_SUFFIXES = ("wav", "flac", "aif", "aiff", "m4a", "aac", "opus", "ogg", "mp3", "wma")
VIDEO_SUFFIXES = ("mp4", "m4v", "mov", "avi", "mkv", "webm", "mpg", "mpeg", "flv", "wmv")
MEDIA_SUFFIXES = frozenset((*AUDIO_SUFFIXES, *VIDEO_SUFFIXES))


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
    `votes` are by view, each annotator's classes as published; the annotators' ratings of a scale stand under its name
    ("valence", "activation", "dominance"), in the numbers of the release and for the main view. `soft` is a
    distribution over the classes of a space by its name, or for a further view by "<view>/<space>".
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
    """Everything an adapter read. `rows` counts the rows of the release: utterances plus dropped, always.

    `surplus` names media files of the release that are no utterance's clip and why (path -> reason); those that it
    does not name are counted as `no_utterance`. `media_files` are all files of the release, relative to it, with a
    suffix of MEDIA_SUFFIXES, and `hidden_media` counts those whose names begin with a dot; None: not looked for.
    """

    variant: str
    rows: int
    utterances: list[Utterance]
    annotations: list[Annotation]
    dropped: list[Dropped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    published: tuple[Published, ...] = ()
    surplus: dict[str, str] = field(default_factory=dict)
    media_files: list[str] | None = None
    hidden_media: int | None = None

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
