"""Find the files of a release below the folder a user linked, and read their cells; each complaint names the place."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.api import ReleaseError, Row, Tree, read_csv

_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"([0-9]{1,9})(\.0+)?")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".rar", ".7z")


def check_root(corpus: str, root: Path) -> None:
    """Raise ReleaseError unless `root` is a folder that can be read."""
    try:
        next(root.iterdir(), None)
    except OSError as error:
        raise ReleaseError(
            root, f"cannot be read ({error.strerror})", expected="the folder of the release", todo=_link(corpus)
        ) from error


def no_release(corpus: str, title: str, tree: Tree, markers: str) -> ReleaseError:
    """Return the error for a folder in which the marker files of a corpus were not found."""
    seen = "; ".join((f"holds no {title} release", *packed(tree, "*", "that"), *tree.notes))
    return ReleaseError(tree.root, seen, expected=f"{markers} below it", todo=_link(corpus))


def packed(tree: Tree, pattern: str, what: str) -> list[str]:
    """Say which archives lie there as they were downloaded, where what they hold is missing; no note if none does."""
    archives = [path for path in tree.find(pattern) if path.lower().endswith(ARCHIVES)]
    listed = ", ".join(archives[:5]) + (", ..." if len(archives) > 5 else "")
    return [f"{listed} is there but not unpacked: {what} may be in it"] if archives else []


def nearest(tree: Tree, name: str) -> Path | None:
    """Return the file of this name that lies nearest below the root, or None.

    Raises:
        ReleaseError: two files lie equally near, so that neither is the obvious one.
    """
    path = one_copy(tree, [name]).get(name)
    return None if path is None else tree.path(path)


def one_copy(tree: Tree, names: Sequence[str], below: str = "") -> dict[str, str]:
    """Return name -> file of the names that are there, all of one copy of the release.

    A copy is a folder below which each name stands once, or what is left outside of such folders. Of several copies the
    nearest counts; `further_copies` says what the others hold.

    Args:
        tree: the release.
        names: of files.
        below: a folder; only what lies below it counts, unless nothing does.

    Raises:
        ReleaseError: parts of copies would be mixed, or two copies lie equally near.
    """
    every = {path: name for name in names for path in tree.find(name)}
    found = _within(every, below) or every
    homes = [home for home in _folders(found) if _is_copy(_within(found, home), found)]
    homes = [home for home in homes if not any(_is_below(home, other) for other in homes)]
    copies = [_within(found, home) for home in homes]
    rest = {path: name for path, name in found.items() if not any(path in copy for copy in copies)}
    if _is_copy(rest, found):
        copies.append(rest)
    copies.sort(key=_depth)
    if found and not copies:
        first, second = [path for path in found if list(found.values()).count(found[path]) > 1][:2]
        raise ReleaseError(
            tree.root,
            f"holds parts of two copies, such as {first} and {second}",
            expected=f"one folder with {', '.join(dict.fromkeys(found.values()))}",
            todo="link the folder of one copy",
        )
    if len(copies) > 1 and _depth(copies[0])[0] == _depth(copies[1])[0]:
        both = " and ".join(next(iter(copy)) for copy in copies[:2])
        raise ReleaseError(tree.root, f"holds {both}", todo="link the folder of one")
    return {name: path for path, name in copies[0].items()} if copies else {}


def further_copies(tree: Tree, files: Sequence[str]) -> list[str]:
    """Return a note of the files that have the name of one that was read, and were not read themselves."""
    names = {file.rpartition("/")[2]: file for file in files}
    others = [path for name in names for path in tree.find(name) if path not in files]
    if not others:
        return []
    return [f"{len(others):,} further files of the same names were not read, such as {others[0]}"]


def _within(files: Mapping[str, str], folder: str) -> dict[str, str]:
    return {path: name for path, name in files.items() if _is_below(path, folder)}


def _is_below(path: str, folder: str) -> bool:
    return path != folder and (not folder or path.startswith(f"{folder}/"))


def _folders(files: Mapping[str, str]) -> list[str]:
    """Return every folder that holds one of the files, directly or not; the root is an empty string."""
    parts = [path.split("/")[:-1] for path in files]
    return sorted({"/".join(part[:end]) for part in parts for end in range(len(part) + 1)})


def _is_copy(files: Mapping[str, str], found: Mapping[str, str]) -> bool:
    """Tell whether files hold each of the names that were found, once."""
    return bool(files) and sorted(files.values()) == sorted(set(found.values()))


def _depth(files: Mapping[str, str]) -> tuple[int, str]:
    """Return how deep the nearest of the files lies, and that file."""
    return min((path.count("/"), path) for path in files)


def read_rows(path: Path, required: Sequence[str], *, headerless: Sequence[str] = ()) -> list[Row]:
    """Return the rows of a CSV file; one without any is a ReleaseError."""
    rows = list(read_csv(path, required, headerless=headerless))
    if not rows:
        raise ReleaseError(path, "has a header line and no rows", todo="copy it again from the release")
    return rows


def number(text: str, what: str, path: Path, line: int) -> float | None:
    """Return a cell as a finite number, None if it is blank; anything else is a ReleaseError."""
    if not text.strip():
        return None
    value = decimal(text)
    if value is None:
        raise ReleaseError(path, f"{what} is {text!r}", row=line, expected="a number")
    return value


def decimal(text: str) -> float | None:
    """Return a number as tables write it, such as -0.5 or 1e-3; None for all else that Python takes, such as 1_000."""
    value = float(text) if _DECIMAL.fullmatch(text.strip()) else math.nan
    return value if math.isfinite(value) else None


def index(text: str, what: str, path: Path, line: int) -> int:
    """Return a cell as a count from 0, also one such as 3.0, as tables have it that were numbers in between.

    Anything else is a ReleaseError.
    """
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise ReleaseError(path, f"{what} is {text!r}", row=line, expected="a whole number")
    return int(match[1])


class Seen:
    """The ids met so far and where: `note` refuses an id that comes twice."""

    def __init__(self) -> None:
        self._where: dict[str, tuple[Path, int]] = {}

    def note(self, name: str, path: Path, line: int) -> None:
        """Remember where an id stands, or raise ReleaseError with both places."""
        if name in self._where:
            first, row = self._where[name]
            raise ReleaseError(
                path,
                f"{name!r} stands in {first}, line {row} too",
                row=line,
                expected="every utterance once",
                todo="remove one of the two lines",
            )
        self._where[name] = path, line


def _link(corpus: str) -> str:
    return f"run `python -m harness link {corpus} <folder>` with the folder that holds the release"
