"""CH-SIMS: small made-up tables for every layout, and the real labels where EMOTRANSFER_CORPORA names their folder."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.core.errors import HarnessError, ReleaseError, UnknownLabelError
from harness.corpora.synthetic.world import World, draw
from harness.study.labels import POLARITY_OF_EMOTION
from harness.study.manifest import validate
from harness.study.release import Release
from harness_adapters import ch_sims
from harness_adapters._synthetic import ch_sims as synthetic

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


def shared(release: Release, view: str, space: str) -> list[str | float | None]:
    labels = [row.views[view][space] if view != "multimodal" else row.shared[space] for row in release.annotations]
    return [label.reason if label.value is None else label.value for label in labels]


def published(release: Release) -> list[str]:
    """Hold the native labels against every published table of the release; return the fields compared."""
    natives = {row.id: row.native for row in release.annotations}
    for table in release.published:
        for split, counts in table.counts.items():
            read = Counter(natives[row.id][table.field] for row in release.utterances if row.split == split)
            assert read == {label: count for label, count in counts.items() if count}
    return [table.field for table in release.published]


def test_label_csv(tmp_path: Path) -> None:
    write(tmp_path / "CH-SIMS" / "label.csv", HEADER, *ROWS)
    release = ch_sims.read(tmp_path)
    assert (release.variant, release.rows, release.files) == ("v1, label.csv, 9 columns", 3, ["CH-SIMS/label.csv"])
    first = release.utterances[0]
    assert (first.id, first.dialogue, first.speaker, first.text) == (
        "video_0001$_$0002",
        "video_0001",
        None,
        "今天下雨。",
    )
    assert [row.split for row in release.utterances] == ["train", "dev", "test"]
    assert [row.turn for row in release.utterances] == [1, 0, 0]
    assert shared(release, "multimodal", "polarity3") == ["negative", "positive", "neutral"]
    assert shared(release, "multimodal", "valence") == [-0.4, 0.6, 0.0]
    assert shared(release, "multimodal", "emotion7") == ["not_annotated"] * 3
    assert shared(release, "text", "valence") == [-1.0, 0.8, 0.0]
    assert shared(release, "audio", "polarity3") == ["neutral", "positive", "neutral"]
    assert shared(release, "video", "valence") == ["blank", 1.0, -0.2]
    assert shared(release, "video", "polarity3") == ["blank", "positive", "negative"]
    assert release.annotations[0].native == {
        "label": "-0.4",
        "label_T": "-1.0",
        "label_A": "0.0",
        "label_V": "",
        "annotation": "Negative",
    }


def test_a_file_without_header_line(tmp_path: Path) -> None:
    with_header = ch_sims.read(write(tmp_path / "a" / "label.csv", HEADER, *ROWS).parent)
    without = ch_sims.read(write(tmp_path / "b" / "label.csv", *ROWS).parent)
    assert without.utterances == with_header.utterances
    assert without.annotations == with_header.annotations


def test_a_complaint_about_a_file_without_header_line_names_the_right_line(tmp_path: Path) -> None:
    write(tmp_path / "label.csv", ROWS[0], ROWS[1].replace("0.6", "much"), ROWS[2])
    with pytest.raises(ReleaseError, match=r"label.csv, line 2: label is 'much'; expected a number"):
        ch_sims.read(tmp_path)


def test_seven_columns_have_no_views(tmp_path: Path) -> None:
    rows = ("video_0001,0001,你好,0.6,Positive,train,", "video_0001,0002,再见,-0.2,Negative,val,")
    release = ch_sims.read(write(tmp_path / "label.csv", "video_id,clip_id,text,label,annotation,mode,_", *rows).parent)
    assert [row.split for row in release.utterances] == ["train", "dev"]
    assert [row.views for row in release.annotations] == [{}, {}]
    assert release.annotations[0].native["label_T"] == ""
    assert shared(release, "multimodal", "polarity3") == ["positive", "negative"]


def test_the_unlabelled_part_of_v2_is_dropped_with_the_reason(tmp_path: Path) -> None:
    header = HEADER.removesuffix(",mode")
    release = ch_sims.read(write(tmp_path / "meta.csv", header, "aqgy3_0001,00000,你好,,,,,", "v,1,好,,,,,").parent)
    assert (release.rows, release.utterances, release.dropped_by_reason()) == (2, [], {"unlabelled": 2})
    assert release.dropped[1].where == "meta.csv, line 3"


def test_a_suffixed_clip_comes_after_the_clip_it_continues(tmp_path: Path) -> None:
    clips = ("00013", "00012_1", "00012", "00012_0", "00101")
    lines = [f"aqgy4_0005,{clip},好,0.2,,,,Positive,train" for clip in clips]
    release = ch_sims.read(write(tmp_path / "meta.csv", HEADER, *lines).parent)
    assert [row.turn for row in release.utterances] == [3, 2, 0, 1, 4]
    assert {row.dialogue for row in release.utterances} == {"aqgy4_0005"}
    assert release.utterances[1].id == "aqgy4_0005$_$00012_1"
    assert shared(release, "audio", "valence") == ["not_annotated"] * 5


def test_an_annotation_against_the_sign_is_counted_not_refused(tmp_path: Path) -> None:
    write(tmp_path / "label.csv", HEADER, ROWS[0].replace("Negative", "Positive"), *ROWS[1:])
    release = ch_sims.read(tmp_path)
    assert release.notes == ["annotation contradicts the sign of label in 1 rows; annotation is kept"]
    assert shared(release, "multimodal", "polarity3")[0] == "positive"


def test_clips_are_found_also_by_an_id_that_lost_its_zeros(tmp_path: Path) -> None:
    write(tmp_path / "label.csv", HEADER, ROWS[0], ROWS[1].replace("0001,0001", "0001,1"), ROWS[2])
    for path in (
        "Raw/video_0001/0001.mp4",
        "Raw/video_0001/0002.mp4",
        "Raw/video_0002/._0001.mp4",
        "Processed/faces/video_0001/0001.jpg",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    release = ch_sims.read(tmp_path)
    assert [row.video for row in release.utterances] == ["Raw/video_0001/0002.mp4", "Raw/video_0001/0001.mp4", None]
    assert release.utterances[0].audio == "Raw/video_0001/0002.mp4"


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("Positive", "Postive", 3, r"unknown label 'Postive'; did you mean 'Positive'\?; expected one of Negative"),
        ("0.6,", "abc,", 3, "label is 'abc'; expected a number"),
        ("0.6,", "nan,", 3, "label is 'nan'; expected a number"),
        ("0.8,", "5,", 3, "label_T is 5; expected a number from -1 to 1"),
        (",valid", ",later", 3, "mode is 'later'; expected train or valid"),
        (",valid", "", 3, "8 cells; expected 9"),
        ("0001,0001", "0001,0002", 3, r"'video_0001\$_\$0002' stands in .*label.csv, line 2 too"),
        (",label,", ",score,", 1, "column 'label' is missing"),
        (",mode", ",part", 1, "column 'mode' is missing"),
        (",annotation", ",note", 1, "column 'annotation' is missing"),
        ("几点了？", '"几点了？', 4, "is not a CSV file"),
    ],
)
def test_a_damaged_table_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, problem: str) -> None:
    text = "\n".join((HEADER, *ROWS))
    assert old in text
    path = write(tmp_path / "label.csv", text.replace(old, new, 1))
    with pytest.raises(ReleaseError, match=problem) as caught:
        ch_sims.read(tmp_path)
    assert isinstance(caught.value, UnknownLabelError) == problem.startswith("unknown")
    assert (caught.value.path, caught.value.row) == (path, line)


@pytest.mark.parametrize(("text", "problem"), [("", "is empty"), (HEADER, "has a header line and no rows")])
def test_a_table_without_rows_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "label.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ReleaseError, match=f"label.csv: {problem}"):
        ch_sims.read(tmp_path)


def test_v1_and_v2_together_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "CH-SIMS" / "label.csv", HEADER, *ROWS)
    write(tmp_path / "v2" / "meta.csv", HEADER, *ROWS)
    with pytest.raises(ReleaseError, match=r"v1 \(CH-SIMS/label.csv\) and v2 \(v2/meta.csv\).*link the folder of one"):
        ch_sims.read(tmp_path)


@pytest.mark.parametrize("root", ["empty", "not_there", "a_file"])
def test_a_wrong_folder_is_named_with_what_to_do(tmp_path: Path, root: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a_file").touch()
    with pytest.raises(ReleaseError, match="python -m harness link ch_sims <folder>") as caught:
        ch_sims.read(tmp_path / root)
    assert str(tmp_path / root) in str(caught.value)
    assert root != "empty" or "label.csv (v1), meta.csv (v2)" in str(caught.value)


def test_a_synthetic_release_reads_back_as_drawn(tmp_path: Path) -> None:
    drawn = draw(World(utterances=120, dialogues=30, speakers=10), "ch_sims")
    synthetic.write(tmp_path, drawn)
    release = ch_sims.read(tmp_path)
    validate("ch_sims", release)
    assert release.notes == []
    for row, read, label in zip(drawn, release.utterances, release.annotations, strict=True):
        assert read.text == row.text["zh"]
        assert read.translations == {"en": row.text["en"]}
        assert (read.split, read.turn, read.dialogue) == (row.split, row.turn, f"video_{row.dialogue + 1:04d}")
        assert label.shared["valence"].value == row.valence
        sign = "positive" if row.valence > 0 else "negative" if row.valence < 0 else "neutral"
        assert label.shared["polarity3"].value == sign
        for view, emotion in row.views.items():
            assert label.views[view]["polarity3"].value == POLARITY_OF_EMOTION.get(emotion, sign)


@real
@pytest.mark.parametrize(
    ("folder", "sizes", "videos", "everywhere"),
    [("CH-SIMS", (1368, 456, 457), 60, 58), ("CH-SIMS-v2", (2722, 647, 1034), 145, 117)],
)
def test_the_real_tables_give_the_published_counts(
    folder: str, sizes: Sequence[int], videos: int, everywhere: int
) -> None:
    release = ch_sims.read(Path(CORPORA or "") / folder)
    validate("ch_sims", release)
    assert release.rows == len(release.utterances) == sum(sizes)
    assert published(release) == ["annotation", "label"]
    assert Counter(row.split for row in release.utterances) == dict(zip(("train", "dev", "test"), sizes, strict=True))
    splits = defaultdict(set)
    for row in release.utterances:
        splits[row.dialogue].add(row.split)
    assert len(splits) == videos
    assert sum(len(found) == 3 for found in splits.values()) == everywhere
    assert not any("contradicts" in note for note in release.notes)
    assert "label_T, label_A, label_V are empty throughout, so these views are not annotated" in release.notes
    assert all("en" in row.translations or row.flags == ["translation_suspect"] for row in release.utterances)


@real
def test_v1_lies_inside_v2_with_equal_labels_and_splits() -> None:
    first, second = (ch_sims.read(Path(CORPORA or "") / name) for name in ("CH-SIMS", "CH-SIMS-v2"))
    place = {row.id: row.split for row in second.utterances}
    label = {row.id: row.shared for row in second.annotations}
    assert all(place[row.id] == row.split for row in first.utterances)
    assert all(label[row.id] == row.shared for row in first.annotations)
    assert sum(row.flags == ["translation_suspect"] for row in second.utterances) == 3


def test_blanks_are_neither_texts_nor_parts_of_ids(tmp_path: Path) -> None:
    odd = ROWS[1].replace("video_0001,0001,你好啊！", "\u3000video_0001 ,0001\u200b,\u3000\u200b")
    write(tmp_path / "label.csv", HEADER, ROWS[0], odd, ROWS[2], ",,,,,,,,")
    release = ch_sims.read(tmp_path)
    assert [(row.id, row.dialogue, row.text) for row in release.utterances[:2]] == [
        ("video_0001$_$0002", "video_0001", "今天下雨。"),
        ("video_0001$_$0001", "video_0001", None),
    ]
    assert release.rows == 3


@pytest.mark.parametrize("column", ["video_id", "clip_id"])
def test_a_blank_id_is_refused_with_its_line(tmp_path: Path, column: str) -> None:
    old, new = ("video_0001,", "\u3000,") if column == "video_id" else (",0001,", ",\u3000,")
    blank = ROWS[1].replace(old, new, 1)
    write(tmp_path / "label.csv", HEADER, ROWS[0], blank, ROWS[2])
    with pytest.raises(ReleaseError, match=rf"label\.csv, line 3: {column} is blank; expected the name of a clip"):
        ch_sims.read(tmp_path)


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0b", "\x1c"])
def test_an_id_with_a_line_break_in_it_is_refused_by_name(tmp_path: Path, sign: str) -> None:
    write(tmp_path / "label.csv", HEADER, ROWS[0].replace("video_0001", f"video{sign}1"), *ROWS[1:])
    with pytest.raises(HarnessError, match=r"ch_sims: 1 utterances whose id, .* or a line break: 'video\\"):
        validate("ch_sims", ch_sims.read(tmp_path))
