"""Read the text files of a release so that every complaint names the file and the line."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.errors import ReleaseError


class Row(dict[str, str]):
    """One line of a table by column name; `line` is its 1-based line in the file."""

    line: int
    path: Path


def read_text(path: Path) -> str:
    """Return a file's text, decoded as UTF-8 with or without a byte order mark."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ReleaseError(path, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ReleaseError(
            path, f"is not UTF-8 (byte {error.start}: {error.reason})", todo="convert the file to UTF-8"
        ) from error


def read_csv(path: Path, required: Sequence[str], *, headerless: Sequence[str] = ()) -> Iterator[Row]:
    """Yield the rows of a CSV file as strings.

    Args:
        path: the file.
        required: columns that must be there.
        headerless: the columns of a file whose first line is already data; recognised by its first cell not being
            the first of these names.

    Raises:
        ReleaseError: a required column is missing, or a line has too few or too many cells.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        header = next(reader)
        first: list[list[str]] = []
        if headerless and (header or [""])[0].strip() != headerless[0]:
            first, header = [header], list(headerless)
        header = [cell.strip() for cell in header]
        missing = [column for column in required if column not in header]
        if missing:
            raise ReleaseError(
                path,
                f"column {', '.join(map(repr, missing))} is missing",
                row=1,
                expected="the columns " + ", ".join(required),
                todo="the file has " + ", ".join(header),
            )
        for cells in itertools.chain(first, reader):
            if not cells:
                continue
            if len(cells) != len(header):
                raise ReleaseError(
                    path, f"{len(cells)} cells", row=reader.line_num, expected=f"{len(header)} ({', '.join(header)})"
                )
            row = Row(zip(header, cells, strict=True))
            row.line, row.path = reader.line_num, path
            yield row
    except StopIteration:
        raise ReleaseError(path, "is empty", expected="a header line and rows") from None
    except csv.Error as error:
        raise ReleaseError(path, f"is not a CSV file ({error})", row=reader.line_num) from error


def read_json(path: Path) -> Any:
    """Return the content of a JSON file; a truncated or damaged one is a ReleaseError that names the place."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ReleaseError(
            path,
            f"is not valid JSON ({error.msg})",
            row=error.lineno,
            todo="the file may be truncated; copy it again from the release",
        ) from error


def visible(paths: Iterable[Path]) -> list[Path]:
    """Sort paths and leave out dot files: AppleDouble stubs (`._x`) look like annotation and are not."""
    return sorted(path for path in paths if not path.name.startswith("."))


def find_below(root: Path, name: str, depth: int = 4) -> list[Path]:
    """Find files or folders of this name (a glob pattern is allowed) at most `depth` levels below `root`.

    Nearer ones come first, so that a second copy deeper in the tree never shadows the first.
    """
    found: list[Path] = []
    for level in range(depth + 1):
        pattern = "/".join(["*"] * level + [name])
        found += [path for path in visible(root.glob(pattern)) if not _hidden(path, root)]
    return found


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def media_index(root: Path, suffixes: Sequence[str]) -> dict[str, str]:
    """Map each media file's stem below `root` to its path relative to `root`.

    Of two files with one stem the shorter path wins; dot files are left out.
    """
    index: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            stem, dot, suffix = name.rpartition(".")
            if dot and stem and not name.startswith(".") and suffix.lower() in suffixes:
                path = (Path(folder) / name).relative_to(root).as_posix()
                if stem not in index or len(path) < len(index[stem]):
                    index[stem] = path
    return index
