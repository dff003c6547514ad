"""Tables of a release: rows in which nothing is seen are none, and what is wrong with a file is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import ReleaseError
from harness.corpora.reading.csv_file import read_csv, read_text

COLUMNS = ("id", "text")


def rows_of(path: Path, content: bytes) -> list[dict[str, str]]:
    path.write_bytes(content)
    return [dict(row) for row in read_csv(path, COLUMNS)]


@pytest.mark.parametrize("last", ["", "\n", ",\n", " ,\t\n", ",,,,\n\n,\n", "\u3000,\u200b", "\n\n \n"])
def test_rows_of_blanks_are_no_rows(tmp_path: Path, last: str) -> None:
    found = rows_of(tmp_path / "x.csv", f"id,text\n1,a\n{last}".encode())
    assert found == [{"id": "1", "text": "a"}]


def test_a_row_with_anything_in_it_is_kept_in_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,text\n,\n1,\n\n,b\n")
    assert [(row.line, dict(row)) for row in read_csv(tmp_path / "x.csv", COLUMNS)] == [
        (3, {"id": "1", "text": ""}),
        (5, {"id": "", "text": "b"}),
    ]


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0b", "\x1c"])
def test_a_line_ends_where_the_file_says(tmp_path: Path, sign: str) -> None:
    assert rows_of(tmp_path / "x.csv", f"id,text\n1,a{sign}b\n".encode()) == [{"id": "1", "text": f"a{sign}b"}]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id,text\n1,a\n2,\x93b\x94\n", r"x\.csv, line 3: is not UTF-8 \(byte 14: .*\); convert the file to UTF-8"),
        ("id,text\n".encode("utf-16"), r"x\.csv, line 1: is UTF-16; convert the file to UTF-8"),
        (b"id;text\n1;a,b\n", r"line 1: column 'id', 'text' is missing; .*; its cells are parted by semicolons; save"),
        (b"text\tid\n", r"its cells are parted by tabs; save the table with commas"),
        (b"a,b\n", r"; the file has a, b$"),
    ],
)
def test_what_a_file_is_that_cannot_be_read(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(ReleaseError, match=told):
        rows_of(tmp_path / "x.csv", content)


def test_an_error_of_a_text_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"a\r\nb\n\xff")
    with pytest.raises(ReleaseError, match=r"x\.txt, line 3: is not UTF-8"):
        read_text(tmp_path / "x.txt")
