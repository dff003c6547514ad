"""The clips of one corpus, listed by an `index.csv` or lying in the corpus' own folder."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from harness.api import Dropped, ReleaseError, Tree, read_csv

INDEX = "index.csv"
COLUMNS = ("corpus", "id", "file", "speaker", "gender", "native", "emotion", "seconds")
SUFFIXES = (".flac", ".wav")


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip: the parts of its name, and its row of the index where there is one.

    `path` is relative to the release, None if the clip is not there. `source` and `line` are for error messages.
    """

    name: str
    parts: dict[str, str]
    path: str | None
    seconds: float | None
    row: dict[str, str]
    source: Path
    line: int | None

    def agrees(self, column: str, value: str) -> str:
        """Return what the name says, or raise ReleaseError if the index says something else."""
        if self.row.get(column, value) != value:
            raise ReleaseError(
                self.source,
                f"{column} of {self.name} is {self.row[column]!r}",
                row=self.line,
                expected=f"{value!r}, as the name says",
                todo="mend the index or the name",
            )
        return value


@dataclass(slots=True)
class Found:
    """All clips of a release in the order of their names, and what else lies there.

    `audio` are all audio files, `hidden` counts those whose names begin with a dot, `surplus` says why one is no clip.
    """

    audio: list[str]
    hidden: int
    notes: list[str]
    clips: list[Clip] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    surplus: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


def find_clips(corpus: str, root: Path, form: str) -> Found:
    """Find the clips of a corpus below `root`.

    Args:
        corpus: its name in the index, and its folder beside the index.
        root: the release.
        form: a regular expression of the names of its clips, with named groups.

    Raises:
        ReleaseError: there are none, or the index is damaged.
    """
    if not root.is_dir():
        raise ReleaseError(root, "is no folder", expected="the folder of the release", todo=_link(corpus))
    tree = Tree(root)
    audio = [path for path in tree.files if path.lower().endswith(SUFFIXES)]
    found = Found(audio, sum(path.lower().endswith(SUFFIXES) for path in tree.hidden), tree.notes)
    if INDEX in tree:
        _from_index(found, corpus, root, form)
    else:
        _from_names(found, root, form)
    if not found.clips:
        raise ReleaseError(
            root, f"holds no clip of {corpus}", expected=f"{INDEX}, or the corpus' own folder", todo=_link(corpus)
        )
    found.clips.sort(key=lambda clip: clip.name)
    for last, clip in zip(found.clips, found.clips[1:], strict=False):
        if clip.name == last.name:
            first, again = (one.path if one.line is None else f"line {one.line}" for one in (last, clip))
            raise ReleaseError(clip.source, f"{clip.name} is there twice: {first} and {again}", todo="remove one")
    return found


def _from_index(found: Found, corpus: str, root: Path, form: str) -> None:
    path, there = root / INDEX, frozenset(found.audio)
    for row in read_csv(path, COLUMNS):
        if row["corpus"] != corpus:
            continue
        match = re.fullmatch(form, row["id"])
        if match is None:
            raise ReleaseError(path, f"the id {row['id']!r} is no name of a clip of {corpus}", row=row.line)
        file = f"{corpus}/{row['file']}"
        seconds = _seconds(row["seconds"], path, row.line)
        found.clips.append(
            Clip(row["id"], match.groupdict(), file if file in there else None, seconds, row, path, row.line)
        )
    used = {clip.path for clip in found.clips}
    found.surplus = {
        file: "not_in_index" if file.startswith(f"{corpus}/") else "other_corpus"
        for file in found.audio
        if file not in used
    }
    found.files = [INDEX]


def _from_names(found: Found, root: Path, form: str) -> None:
    for file in found.audio:
        name = file.rpartition("/")[2].rpartition(".")[0]
        match = re.fullmatch(form, name)
        if match is None:
            found.dropped.append(Dropped(file, "name_of_no_clip"))
            found.surplus[file] = "name_of_no_clip"
        else:
            found.clips.append(Clip(name, match.groupdict(), file, None, {}, root / file, None))


def _seconds(text: str, path: Path, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ReleaseError(path, f"seconds is {text!r}", row=line, expected="a number above 0")
    return value


def _link(corpus: str) -> str:
    return f"run `python -m harness link {corpus} <folder>` with the folder that holds it"
