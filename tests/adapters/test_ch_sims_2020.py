"""CH-SIMS as released in 2020: one file a view, clip ids as whole numbers, splits as row numbers."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.core.errors import ReleaseError
from harness_adapters import ch_sims

CORPORA = os.environ.get("EMOTRANSFER_CORPORA")
real = pytest.mark.skipif(not CORPORA, reason="EMOTRANSFER_CORPORA names no folder with the real annotation")

HEADER = "video_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode"
ROWS = (
    "video_0001,0002,今天下雨。,-0.4,-1.0,0.0,,Negative,train",
    "video_0001,0001,你好啊！,0.6,0.8,0.2,1.0,Positive,valid",
    "video_0002,0001,几点了？,0.0,0.0,0.0,-0.2,Neutral,test",
)


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_2020(root: Path, views: str = "MTAV") -> Path:
    """Write the files of 2020: clip ids are whole numbers there, labels lie one view a file, splits are row numbers."""
    for letter in views:
        column = {"M": 3, "T": 4, "A": 5, "V": 6}[letter]
        cells = [row.split(",") for row in ROWS]
        lines = [f"{row[0]},{int(row[1])},{row[2]},{row[column]}" for row in cells]
        write(root / "metadata" / "sentiment" / f"label_{letter}.csv", "video_id,clip_id,text,label", *lines)
    for number, mode in enumerate(("train", "val", "test")):
        write(root / "metadata" / f"{mode}_index.csv", "index", str(number))
    return root


def test_files_of_2020_read_as_label_csv_does(tmp_path: Path) -> None:
    current = ch_sims.read(write(tmp_path / "current" / "label.csv", HEADER, *ROWS).parent)
    release = ch_sims.read(write_2020(tmp_path / "old"))
    assert release.variant == "v1, files of 2020 (metadata/)"
    assert release.utterances == current.utterances  # the zeros of the clip ids are back
    assert [row.shared for row in release.annotations] == [row.shared for row in current.annotations]
    assert [row.views for row in release.annotations] == [row.views for row in current.annotations]
    assert {row.native["annotation"] for row in release.annotations} == {""}
    assert [table.field for table in release.published] == ["label"]
    assert len(release.files) == 7


def test_files_of_2020_may_lack_views_and_bring_a_translation(tmp_path: Path) -> None:
    write_2020(tmp_path, "MT")
    write(tmp_path / "metadata" / "Translation.csv", "video_id,clip_id,Chinese,English", "video_0001,2,今天,Rain.")
    release = ch_sims.read(tmp_path)
    assert [list(row.views) for row in release.annotations] == [["text"]] * 3
    assert release.utterances[0].translations == {"en": "Rain."}
    assert release.files[-1] == "metadata/Translation.csv"


def test_splits_of_2020_that_leave_a_row_out(tmp_path: Path) -> None:
    write_2020(tmp_path)
    for letter in "MTAV":
        path = tmp_path / "metadata" / "sentiment" / f"label_{letter}.csv"
        path.write_text(path.read_text(encoding="utf-8") + "video_0002,2,多余,0.2\n", encoding="utf-8")
    release = ch_sims.read(tmp_path)
    assert (release.rows, len(release.utterances)) == (4, 3)
    assert release.dropped_by_reason() == {"in no split": 1}
    assert release.dropped[0].where == "metadata/sentiment/label_M.csv, line 5"


@pytest.mark.parametrize(
    ("file", "lines", "problem"),
    [
        ("train_index.csv", ("index", "1"), r"val_index.csv, line 2: 'row 1' stands in .*train_index.csv, line 2 too"),
        ("train_index.csv", ("index", "-1"), "line 2: index is '-1'; expected a whole number"),
        ("train_index.csv", ("index", "3"), "line 2: index 3 is past the last row; expected 0 to 2"),
        ("train_index.csv", ("number", "1"), "column 'index' is missing"),
        ("test_index.csv", ("index",), r"test_index.csv: has a header line and no rows"),
        ("sentiment/label_T.csv", ("video_id,clip_id,text,label", "v,1,a,0"), "label_T.csv: .* only one of it and"),
    ],
)
def test_damaged_files_of_2020(tmp_path: Path, file: str, lines: Sequence[str], problem: str) -> None:
    write_2020(tmp_path)
    write(tmp_path / "metadata" / file, *lines)
    with pytest.raises(ReleaseError, match=problem):
        ch_sims.read(tmp_path)


def test_a_damaged_view_of_2020_is_named_by_its_own_file(tmp_path: Path) -> None:
    path = write_2020(tmp_path) / "metadata" / "sentiment" / "label_A.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("0.2", "inf"), encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"label_A.csv, line 3: label is 'inf'; expected a number"):
        ch_sims.read(tmp_path)


def test_a_missing_index_file_is_named(tmp_path: Path) -> None:
    (write_2020(tmp_path) / "metadata" / "val_index.csv").unlink()
    with pytest.raises(ReleaseError, match=r"val_index.csv is missing below it"):
        ch_sims.read(tmp_path)


@real
def test_the_real_labels_read_from_the_files_of_2020(tmp_path: Path) -> None:
    path = Path(CORPORA or "") / "CH-SIMS" / "label.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    folder = tmp_path / "metadata"
    lines = [f'{row["video_id"]},{int(row["clip_id"])},"{row["text"]}",{row["label"]}' for row in rows]
    write(folder / "sentiment" / "label_M.csv", "video_id,clip_id,text,label", *lines)
    for mode, name in (("train", "train"), ("valid", "val"), ("test", "test")):
        numbers = [str(number) for number, row in enumerate(rows) if row["mode"] == mode]
        write(folder / f"{name}_index.csv", "index", *numbers)
    old, current = ch_sims.read(tmp_path), ch_sims.read(path.parent)
    (table,) = old.published
    split_of = {row.id: row.split for row in old.utterances}
    read = Counter((split_of[row.id], row.native[table.field]) for row in old.annotations)
    assert read == {(split, value): n for split, counts in table.counts.items() for value, n in counts.items()}
    assert [(row.id, row.split, row.turn) for row in old.utterances] == [
        (row.id, row.split, row.turn) for row in current.utterances
    ]
    assert [row.shared for row in old.annotations] == [row.shared for row in current.annotations]
