"""Read the text files of a release so that every complaint names the file and the line."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.core.errors import ReleaseError
from harness.core.plain_text import trimmed

LARGEST = 2**30  # bytes of a table; the largest of a release has about 20 MB


class Row(dict[str, str]):
    """One line of a table by column name; `line` is its 1-based line in the file."""

    line: int
    path: Path


def read_text(path: Path, *, tolerant: bool = False) -> str:
    """Return a file's text, decoded as UTF-8 with or without a byte order mark.

    Args:
        path: the file.
        tolerant: bytes that are no UTF-8 become single surrogates, for files with comments that nobody reads; whoever
            reads a line calls `refuse_other_bytes` for it.

    Raises:
        ReleaseError: the file cannot be read, or is not UTF-8.
    """
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise ReleaseError(path, f"has {size:,} bytes", expected=f"at most {LARGEST:,} of annotation")
        content = path.read_bytes()
        return content.decode("utf-8-sig", "surrogateescape" if tolerant else "strict")
    except OSError as error:
        raise ReleaseError(path, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        raise ReleaseError(
            path,
            "is UTF-16" if is_utf16 else f"is not UTF-8 (byte {error.start}: {error.reason})",
            row=1 + content.count(b"\n", 0, error.start),
            todo="convert the file to UTF-8",
        ) from error


def refuse_other_bytes(text: str, path: Path, row: int) -> None:
    """Raise ReleaseError for a text of a tolerant `read_text` in which a byte was no UTF-8."""
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ReleaseError(path, "is not UTF-8", row=row, todo="convert the file to UTF-8")


def read_csv(path: Path, required: Sequence[str], *, headerless: Sequence[str] = ()) -> Iterator[Row]:
    """Yield the rows of a CSV file as strings; one in whose cells nothing is seen is none.

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
                todo=_hint(header, required),
            )
        twice = [column for column, count in Counter(filter(None, header)).items() if count > 1]
        if twice:
            raise ReleaseError(path, f"column {', '.join(map(repr, twice))} stands there twice", row=1)
        for cells in itertools.chain(first, reader):
            if not any(map(trimmed, cells)):  # an empty line, or one of blank cells, as spreadsheets leave at the end
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


def _hint(header: Sequence[str], required: Sequence[str]) -> str:
    """Return what to do about a header in which columns are missing."""
    for sign, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if set(required) <= {cell.strip().strip('"') for cell in ",".join(header).split(sign)}:
            return f"its cells are parted by {name}; save the table with commas"
    return "the file has " + ", ".join(header)
