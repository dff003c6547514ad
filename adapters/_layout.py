"""Find the files of a release below the folder a user linked, and read their cells; each complaint names the place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from harness.api import ReleaseError, Row, Tree, read_csv

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
    paths = tree.find(name)
    near = [path for path in paths if path.count("/") == paths[0].count("/")]
    if len(near) > 1:
        raise ReleaseError(tree.root, f"holds {near[0]} and {near[1]}", todo="link the folder of one")
    return tree.path(paths[0]) if paths else None


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
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ReleaseError(path, f"{what} is {text!r}", row=line, expected="a number")
    return value


def index(text: str, what: str, path: Path, line: int) -> int:
    """Return a cell as a count from 0; anything else is a ReleaseError."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ReleaseError(path, f"{what} is {text!r}", row=line, expected="a whole number")
    return int(text)


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
