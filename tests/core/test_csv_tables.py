"""Tables that were cut or are of other columns are refused: what is left of a number is a number, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core import csv_tables
from harness.core.errors import ResultError

COLUMNS = ("name", "low", "high")
TEXT = csv_tables.text(COLUMNS, [["a, b", 0.5, None], ['"c"\nd', None, 0.25]])


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    (path := tmp_path / "worth.csv").write_text(TEXT, encoding="utf-8")
    assert csv_tables.read(path, "score", COLUMNS) == [
        {"name": "a, b", "low": "0.500000", "high": ""},
        {"name": '"c"\nd', "low": "", "high": "0.250000"},
    ]


@pytest.mark.parametrize("length", range(len(TEXT.splitlines(keepends=True)[0]), len(TEXT)))
def test_a_table_that_was_cut_anywhere_else_than_between_two_lines_is_refused(tmp_path: Path, length: int) -> None:
    (path := tmp_path / "worth.csv").write_text(TEXT[:length], encoding="utf-8")
    if TEXT[:length].endswith("\n") and TEXT[:length].count('"') % 4 != 3:
        csv_tables.read(path, "score", COLUMNS)
        return
    with pytest.raises(ResultError, match=r"worth\.csv: damaged .*; run `dvc repro score`"):
        csv_tables.read(path, "score", COLUMNS)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"name,low\n", "its columns are not those of this version"),
        (b"", "its columns are not those of this version"),
        (b"name,low,high\na,1,2,3\n", r"damaged \(a line does not have all columns\)"),
        (b"name,low,high\n\xff,1,2\n", r"damaged \(it is not text in UTF-8\)"),
        (None, r"cannot be read \(No such file or directory\)"),
    ],
)
def test_a_table_that_is_no_table_of_this_version_is_refused(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    path = tmp_path / "worth.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ResultError, match=rf"worth\.csv: {expected}; run `dvc repro score`"):
        csv_tables.read(path, "score", COLUMNS)
