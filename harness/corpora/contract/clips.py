"""Contract checks of files: every clip and file that a release names lies inside it."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import PurePosixPath

from harness.corpora.contract.case import Check, ContractCase, Finding, such
from harness.study.utterance import Modality, Utterance

ALLOWED = "EMOTRANSFER_LINKS"  # folders outside a release that links in it may lead to
WITH_CLIPS = (Modality.AUDIO, Modality.VIDEO)


def stays_inside(case: ContractCase) -> Iterator[Finding]:
    """Clips and files are relative paths that lead to files inside the release."""
    release = case.release
    named = {
        "clips": [path for row in release.utterances for path in (row.audio, row.video) if path is not None],
        "Release.files": release.files,  # may be folders
        "Release.surplus": list(release.surplus),
    }
    inside = _folders(case)
    for what, paths in named.items():
        distinct = list(dict.fromkeys(paths))
        away = [path for path in distinct if not _is_relative(path)]
        yield from such(away, f"{what} are no plain relative paths", "a path below root", "use path.relative_to(root)")
        there = os.path.exists if paths is release.files else os.path.isfile
        lost = [path for path in distinct if _is_relative(path) and not there(case.root / path)]
        yield from such(lost, f"{what} are not there", "None for a clip that is missing", "look before you name a file")
        out = [path for path in distinct if _is_relative(path) and not _is_below(str(case.root / path), inside)]
        yield from such(out, f"{what} lie outside, by a link", f"below root, or in {ALLOWED}", "leave such files out")


def _folders(case: ContractCase) -> list[str]:
    allowed = filter(None, os.environ.get(ALLOWED, "").split(os.pathsep))
    return [os.path.realpath(folder) + os.sep for folder in (str(case.root), *allowed)]


def _is_below(path: str, folders: list[str]) -> bool:
    return os.path.realpath(path).startswith(tuple(folders))


def _is_relative(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and bool(pure.parts) and "\0" not in path


def has_one_use_a_file(case: ContractCase) -> Iterator[Finding]:
    """A file is a clip or surplus, not both."""
    clips = {path for row in case.release.utterances for path in (row.audio, row.video)}
    both = [path for path in case.release.surplus if path in clips]
    yield from such(both, "surplus files are clips of utterances", "either", "name in surplus what no utterance uses")


def has_parts(case: ContractCase) -> Iterator[Finding]:
    """A part names a clip that is there, a span that runs forwards and a side of the picture."""
    odd = [
        f"{row.id} ({name})" for row in case.release.utterances for name in row.parts if not _part_is_sane(row, name)
    ]
    expected = "audio or video with a path, 0 <= start < end, half left, right or None"
    yield from such(odd, "parts are not so", expected, "give a part only where a file holds more than the utterance")


def _part_is_sane(row: Utterance, name: str) -> bool:
    if name not in WITH_CLIPS or getattr(row, name) is None:
        return False
    part = row.parts[name]
    start, end = (0.0 if part.start is None else part.start), (math.inf if part.end is None else part.end)
    return 0 <= start < end and start < math.inf and part.half in (None, "left", "right")


CHECKS: tuple[Check, ...] = (stays_inside, has_one_use_a_file, has_parts)
