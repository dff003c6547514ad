"""Read and write result tables as CSV: numbers with six decimals; an absent number is an empty cell, never NaN."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.core.errors import ResultError


def text(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    """Return the text of a table.

    Raises:
        ResultError: a number is not finite, or a line has more or fewer cells than there are columns.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for line in lines:
        if len(line) != len(columns):
            raise ResultError(f"a line of {len(line)} cells in a table of {len(columns)} columns: {', '.join(columns)}")
        writer.writerow([_cell(name, value) for name, value in zip(columns, line, strict=True)])
    return out.getvalue()


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):  # numpy's float64, too
        if not math.isfinite(value):
            raise ResultError(f"column {column}: {value} is no result (NaN is never a score): leave it out and say why")
        return f"{value:.6f}".replace("-0.000000", "0.000000")
    return str(value)


def read(path: Path, stage: str, columns: Sequence[str] | None = None) -> list[dict[str, str]]:
    """Return the lines of a table as column -> text.

    Args:
        path: of the file.
        stage: that writes it, for the error.
        columns: that the table must have; where None, those of its first line.

    Raises:
        ResultError: the file cannot be read, has other columns, or was cut.
    """
    again = f"run `dvc repro {stage}`"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            whole = file.read()
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error.strerror}); {again}") from error
    except UnicodeDecodeError as error:
        raise ResultError(f"{path}: damaged (it is not text in UTF-8); {again}") from error
    rows = csv.DictReader(io.StringIO(whole, newline=""))
    if columns is not None and rows.fieldnames != list(columns):
        raise ResultError(f"{path}: its columns are not those of this version; {again}")
    lines = list(rows)
    if any(None in line or None in line.values() for line in lines):  # csv takes it, with None in their places
        raise ResultError(f"{path}: damaged (a line does not have all columns); {again}")
    if not whole.endswith("\n"):  # or a number that lost its last digits would pass
        raise ResultError(f"{path}: damaged (its last line is cut); {again}")
    return lines


def number(line: Mapping[str, str], column: str) -> float | None:
    """Return a cell as a number, None where it is empty."""
    return float(line[column]) if line[column] else None
