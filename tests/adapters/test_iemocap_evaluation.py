"""IEMOCAP's label files: ratings, lines that nobody wrote by hand, and sizes that no release has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_studies import DATA

from harness.core.errors import ReleaseError
from harness.study.release import Vote
from harness_adapters import iemocap
from harness_adapters._iemocap_transcripts import clean

EXCERPT = DATA / "iemocap"
DIALOG = "IEMOCAP_full_release/Session1/dialog"
LABELS = f"{DIALOG}/EmoEvaluation/Ses01F_impro01.txt"
SCRIPT = f"{DIALOG}/transcriptions/Ses01F_impro01.txt"
F001, M000 = "Ses01F_impro01_F001", "Ses01F_impro01_M000"
MANY = 100_000


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXCERPT, tmp_path / "link"))


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("ratings", "valence", "odd"),
    [
        ("val ; act 3; dom 2;", None, 0),  # left blank
        ("act 3; dom 2;", None, 0),
        ("val 2.5; act 3; dom 2;", "2.5", 0),
        ("val 5.0; act 3; dom 2;", "5.0", 0),
        ("val 0; act 3; dom 2;", None, 1),
        ("val 5.5; act 3; dom 2;", None, 1),
        ("val x; act 3; dom 2;", None, 1),
    ],
)
def test_ratings_are_numbers_from_1_to_5(copy: Path, ratings: str, valence: str | None, odd: int) -> None:
    replace(copy / LABELS, "val 3; act 3; dom  2;", ratings)
    release = iemocap.read(copy)
    row = next(row for row in release.annotations if row.id == F001)
    assert row.votes["valence"] == [*([Vote("A-E3", valence)] if valence else []), Vote("A-E4", "4")]
    assert row.votes["activation"] == [Vote("A-E3", "3"), Vote("A-E4", "3")]
    assert ("1 ratings are not one number from 1 to 5 and are left out of votes" in release.notes) == bool(odd)


@pytest.mark.parametrize("again", ["val 4;", "val 3;"])
def test_a_scale_rated_twice_counts_as_odd(copy: Path, again: str) -> None:
    replace(copy / LABELS, "A-E4:\tval 4; act 3; dom  3;", f"A-E3:\t{again}")
    release = iemocap.read(copy)
    row = next(row for row in release.annotations if row.id == F001)
    assert "valence" not in row.votes  # E4's is gone with its line
    assert row.votes["activation"] == [Vote("A-E3", "3")]
    assert "2 ratings are not one number from 1 to 5 and are left out of votes" in release.notes
    assert f"A-E3: val 3;act 3;dom 2;{again.strip(';')}" in row.native["attributes"]


@pytest.mark.parametrize(
    "name",
    [
        "Ses01F_impro01/../../x_M000",
        "Ses01F_impro01_M" + "0" * 5000,
        "Ses01F_impro" + "_F" * MANY + "x",
        "Ses01F_impro" + "_F1" * MANY,
        "Ses01F_impro01_M\u0663",
        "..",
    ],
)
def test_a_turn_name_is_one_short_word(copy: Path, name: str) -> None:
    replace(copy / LABELS, f"{M000}\texc", f"{name}\texc")
    with pytest.raises(ReleaseError) as caught:
        iemocap.read(copy)
    assert len(str(caught.value)) < 2000
    assert caught.value.path == copy / LABELS


@pytest.mark.parametrize("seconds", ["9" * 400, "1e400", "nan", "inf", "-1.0", "\u0661.5"])
def test_times_are_plain_numbers(copy: Path, seconds: str) -> None:
    replace(copy / LABELS, "[5.0000 - 9.5000]", f"[5.0000 - {seconds}]")
    with pytest.raises(ReleaseError, match="cannot be understood"):
        iemocap.read(copy)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("C-E2:\tExcited;", "C-E2:\tExcited" + " " * MANY + "x;"),
        ("C-E2:\tExcited;", "\n".join(["C-E2:\tExcited;"] * MANY)),
        ("C-E2:\tExcited;", "C-E2:\t" + "Excited;" * MANY),
        ("\t()", "\t(" + "(" * MANY),
        ("A-E3:\tval 3;", "A-E3:\tval " + "3" * MANY + ";"),
    ],
)
def test_an_endless_line_takes_no_endless_time(copy: Path, old: str, new: str) -> None:
    replace(copy / LABELS, old, new)
    assert iemocap.read(copy).rows == 9


@pytest.mark.parametrize(
    "line",
    [
        f"{M000}{' ' * MANY}x",
        f"{M000} [{'1' * MANY}",
        f"{M000} [1{' ' * MANY}-{' ' * MANY}2",
        "Ses01F_" + "[1" * MANY,
        "x" * MANY,
    ],
)
def test_an_endless_line_of_a_transcript_is_passed_over(copy: Path, line: str) -> None:
    text = (copy / SCRIPT).read_text()
    (copy / SCRIPT).write_text(f"{line}\n{text}")
    notes = iemocap.read(copy).notes
    assert "2 transcript lines name no turn and are left out" in notes


def test_an_endless_transcript_is_kept() -> None:
    assert clean("[LAUGHTER] " + "[" * MANY) == ("[" * MANY, ["laughing"])


def test_a_byte_that_is_no_utf8_counts_only_where_somebody_reads_it(copy: Path) -> None:
    path = copy / LABELS
    before, lines = iemocap.read(copy), path.read_bytes().split(b"\n")
    judged = next(at for at, line in enumerate(lines) if line.startswith(b"C-E"))
    lines[judged] += b" (\x93odd\x94)"
    path.write_bytes(b"\n".join([b"% caf\xe9", *lines]))
    assert iemocap.read(copy).annotations == before.annotations
    lines[judged] = lines[judged].replace(b"C-E", b"C-\xe9E", 1)
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(ReleaseError, match=rf"Ses01F_impro01\.txt, line {judged + 1}: is not UTF-8; convert the file"):
        iemocap.read(copy)
