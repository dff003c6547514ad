"""A file of predictions made elsewhere, read as columns: CSV or Parquet, by the ending of its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from harness.core.errors import ReleaseError, SettingError

CSV, PARQUET = ".csv", ".parquet"
UNKNOWN = -1  # the number of a text that is not known
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of texts: `codes` (rows,) are places in `names`, the different texts."""

    codes: Codes
    names: list[str]

    def text(self, row: int) -> str:
        """Return the text of a row."""
        return self.names[int(self.codes[row])]

    def numbers(self, known: Mapping[str, int]) -> Codes:
        """Return the number (rows,) that each text has in a mapping, UNKNOWN where it has none."""
        return np.array([known.get(name, UNKNOWN) for name in self.names], dtype=np.int64)[self.codes]


class PredictionsFile:
    """The columns of one file.

    Args:
        path: the file; its ending says what it is.

    Raises:
        SettingError: it ends neither in .csv nor in .parquet.
        ReleaseError: it cannot be read, has no row, or a column twice.
    """

    def __init__(self, path: Path) -> None:
        kind = path.suffix.lower()
        if kind not in (CSV, PARQUET):
            raise SettingError(
                f"{path}: predictions are read from a file that ends in {CSV} or {PARQUET}; "
                "save a sheet as CSV, in UTF-8 and with commas"
            )
        self.path, self._unit = path, "line" if kind == CSV else "row"
        try:
            table = _csv(path) if kind == CSV else pq.ParquetFile(path).read(use_threads=False)
        except OSError as error:
            todo = "put it there, or take its row out of params.yaml"
            raise ReleaseError(path, f"cannot be read ({error.strerror or error})", todo=todo) from error
        except (pa.ArrowException, ValueError) as error:
            expected = "rows of cells with commas between them, in UTF-8" if kind == CSV else ""
            todo = "save it as CSV in UTF-8" if kind == CSV else "write it again: it may have been cut off"
            problem = f"is no {kind[1:].upper()} file that can be read ({error})"
            raise ReleaseError(path, problem, expected=expected, todo=todo) from error
        twice = [name for name, count in Counter(table.column_names).items() if count > 1]
        if twice:
            raise ReleaseError(path, f"the column {', '.join(map(repr, twice))} stands there twice", todo="keep one")
        first = 2 if kind == CSV else 1  # as an editor counts lines, below the header
        self._lines = np.arange(first, first + len(table))
        if kind == CSV:
            table = self._without_blank_lines(table)
        if not len(table):
            raise ReleaseError(path, "has no row", expected="a row for each utterance that was predicted")
        self.names: list[str] = table.column_names
        self._table = table

    def __len__(self) -> int:
        return len(self._lines)

    def texts(self, name: str, absent: str = "") -> Coded:
        """Return a column of texts; `absent` stands in empty cells, and everywhere if there is no such column."""
        if name not in self.names:
            return Coded(np.zeros(len(self), dtype=np.int64), [absent])
        column = self._table[name].combine_chunks()
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if not (_is_text(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind)):
            problem = f"the column {name!r} is of the type {kind}"
            raise ReleaseError(self.path, problem, expected="text", todo="write the column as text")
        texts = pc.fill_null(column.cast(pa.string()), "")
        coded = pc.if_else(pc.equal(texts, ""), absent, texts).dictionary_encode()
        return Coded(coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist())

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a column of numbers (rows,); empty cells are NaN.

        Raises:
            ReleaseError: a cell is no number, or infinite.
        """
        column = self._table[name].combine_chunks()
        if _is_text(column.type):
            column = pc.utf8_trim_whitespace(column)
            column = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column)
        if pa.types.is_boolean(column.type):
            raise ReleaseError(self.path, f"the column {name!r} is of the type bool", expected="numbers")
        if not _are_numbers(column):
            bad = next(row for row in range(len(column)) if not _are_numbers(column[row : row + 1]))
            raise self.error(bad, f"{name} is {str(column[bad])!r}, no number", "a number with a decimal point")
        values: NDArray[np.float64] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        self.refuse(np.isinf(values), f"{name} is not finite")
        return values

    def refuse(
        self, bad: NDArray[np.bool_], problem: str | Callable[[int], str], expected: str = "", todo: str = "",
        rows: Codes | None = None,
    ) -> None:  # fmt: skip
        """Raise the error of the first bad row, which counts the others; no bad row, no error.

        Args:
            bad: (rows,), or (n,) where `rows` names the n rows it is about.
            problem: what is wrong, or a function that says it of a row.
            expected: what should have been there.
            todo: what the user can do.
            rows: those that `bad` is about.
        """
        bad_rows = np.flatnonzero(bad)
        if len(bad_rows):
            at = int(bad_rows[0] if rows is None else rows[bad_rows[0]])
            more = f" (and {len(bad_rows) - 1} more like it)" if len(bad_rows) > 1 else ""
            words = problem if isinstance(problem, str) else problem(at)
            raise self.error(at, words + more, expected, todo)

    def error(self, at: int, problem: str, expected: str = "", todo: str = "") -> ReleaseError:
        """Return the error of one row (counted from 0), which says where the row stands in the file."""
        return ReleaseError(f"{self.path}, {self.place(at)}", problem, expected=expected, todo=todo)

    def place(self, at: int) -> str:
        """Return "line 7" of a CSV file as an editor counts, or "row 6" of a Parquet file, counted from 1."""
        return f"{self._unit} {self._lines[at]}"

    def _without_blank_lines(self, table: pa.Table) -> pa.Table:
        filled = np.zeros(len(table), dtype=bool)
        for column in table.columns:
            filled |= pc.not_equal(column, "").to_numpy()
        self._lines = self._lines[filled]
        return table if filled.all() else table.filter(pa.array(filled))


def _csv(path: Path) -> pa.Table:
    """Read every cell as text: an id 007 stays what it is, and a number that is none can be named with its line."""
    read = pa.csv.ReadOptions(use_threads=False)  # errors then name the row
    parse = pa.csv.ParseOptions(ignore_empty_lines=False, newlines_in_values=False)
    with path.open("rb") as file:
        names = pa.csv.open_csv(file, read, parse).schema.names
    convert = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    return pa.csv.read_csv(path, read, parse, convert)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _are_numbers(column: pa.Array) -> bool:
    try:
        column.cast(pa.float64())
    except (pa.ArrowException, ValueError):
        return False
    return True
