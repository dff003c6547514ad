"""A small made-up release of each corpus with chosen defects, read by its adapter and surveyed, once a process."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.paths import WATERMARK
from harness.core.plugins import find
from harness.corpora.media.clips import Guard, clip_of, stated_length
from harness.corpora.media.sound import read_sound
from harness.corpora.media.survey import survey
from harness.corpora.reading.card import card
from harness.corpora.synthetic.release import Plan, write
from harness.corpora.synthetic.world import World
from harness.study.release import Release
from harness.study.utterance import Modality

WORLD = World(utterances=40, dialogues=20, speakers=10)
GUARD = Guard(slack=2.0, longest=60.0)
N = WORLD.utterances
CORPORA = ("emotiontalk", "ch_sims", "m3ed", "iemocap", "meld")
OF_TEXT = (  # defects of the annotation, which are looked at without making clips
    *("c1_controls", "placeholder_name", "misspelt_votes", "apple_stubs of iemocap", "bare_lines", "repeated_turns"),
    *("missing_attributes", "transcript_tags", "nested_archive", "flipped_votes", "headerless", "bom"),
)


@dataclass(frozen=True)
class Made:
    """A release on disk, what its adapter and the survey make of it, and what its watermark says was put in."""

    root: Path
    release: Release
    rows: list[dict[str, Any]]
    card: dict[str, Any]
    counts: dict[str, int]

    def media(self, modality: str, what: str) -> dict[str, int]:
        """The section `what` (states, flags, channels, ...) of a modality in the card."""
        section: dict[str, int] = self.card["media"][modality][what]
        return section

    def files(self, pattern: str) -> list[Path]:
        return sorted(self.root.rglob(pattern))

    def noted(self, words: str) -> int:
        """The number at the head of the one note that holds these words, 0 without such a note."""
        notes = [note for note in self.card["notes"] if words in note]
        assert len(notes) < 2
        return int(notes[0].split()[0].replace(",", "")) if notes else 0


@cache
def folder() -> Path:
    path = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@cache
def made(corpus: str, *defects: str, media: bool = True) -> Made:
    """Write a release with these defects ("all" for all) and read it."""
    root = folder() / "-".join([corpus, *defects, str(media)])
    wanted = "all" if defects == ("all",) else list(defects)
    write(Plan(WORLD, media, wanted), corpus, corpus, root)
    adapter = find("corpus", corpus)
    release = adapter.read(root)
    rows = survey(root, release.utterances, GUARD, 1, folder() / "cache" / root.name)
    counts = json.loads((root / WATERMARK).read_text())["defects"]
    return Made(root, release, rows, card(adapter, release, root, rows), counts)


def truth_of(release: Release) -> list[tuple[Any, ...]]:
    """What no defect may change, in the order of the utterances."""
    return [
        (row.split, row.fold, row.gender, annotation.shared, annotation.views)
        for row, annotation in zip(release.utterances, release.annotations, strict=True)
    ]


def speakers(release: Release) -> Counter[int]:
    """How many utterances the speakers have, without their names."""
    return Counter(Counter(row.speaker for row in release.utterances).values())


def alone(corpus: str, defect: str) -> Made:
    return made(corpus, defect, media=not {defect, f"{defect} of {corpus}"} & set(OF_TEXT))


def clean_of(one: Made, corpus: str) -> Made:
    return made(corpus, media=one.card["media"]["files"] > 0)


def sound_of(of: Made, at: int) -> NDArray[np.float32]:
    """The sound that an encoder is given of the utterance at this place, at 16 kHz."""
    clip = clip_of(of.root, of.release.utterances[at], Modality.AUDIO)
    assert clip is not None
    return read_sound(clip, 16_000, GUARD)


def heard(of: Made, at: int) -> float:
    return len(sound_of(of, at)) / 16_000


def stated(of: Made, at: int) -> float:
    length = stated_length(of.release.utterances[at])
    assert length is not None
    return length


def hit(of: Made, flag: str) -> list[int]:
    """The places of the utterances whose sound bears a flag."""
    ids = {row["id"] for row in of.rows if row["modality"] == "audio" and flag in row["flags"]}
    return [at for at, row in enumerate(of.release.utterances) if row.id in ids]
