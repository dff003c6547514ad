"""MELD: small made-up tables for every variant, and the real tables where EMOTRANSFER_CORPORA names their folder."""

from __future__ import annotations

import csv
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from harness.core.errors import ReleaseError, UnknownLabelError
from harness.corpora.synthetic.world import World, draw
from harness.study.manifest import validate
from harness.study.release import Release
from harness.study.utterance import SPLITS
from harness_adapters import meld
from harness_adapters._synthetic import meld as synthetic

CORPORA = os.environ.get("EMOTRANSFER_CORPORA")
real = pytest.mark.skipif(not CORPORA, reason="EMOTRANSFER_CORPORA names no folder with the real annotation")

HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
FIRST = '1,"Well, it’s late.",Ann,sadness,negative,0,0,4,7,"00:20:57,256","00:21:00,049"'
SECOND = '2,Oh!,Ben,surprise,positive,0,1,4,7,"1:21:01,927","1:21:03,28"'


def write_tables(root: Path, train: str = f"{FIRST}\n{SECOND}\n", header: str = HEADER) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        rows = train if split == "train" else f"{FIRST}\n"
        (root / f"{split}_sent_emo.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    return root


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def published(release: Release) -> None:
    """Hold the native labels against every published table of the release."""
    assert release.published
    natives = {row.id: row.native for row in release.annotations}
    for table in release.published:
        for split, counts in table.counts.items():
            read = Counter(natives[row.id][table.field] for row in release.utterances if row.split == split)
            assert read == {label: count for label, count in counts.items() if count}


def test_ids_times_and_labels(tmp_path: Path) -> None:
    release = meld.read(write_tables(tmp_path))
    first, second, dev, test = release.utterances
    assert [row.id for row in release.utterances] == [
        *("train_dia0_utt0", "train_dia0_utt1", "dev_dia0_utt0", "test_dia0_utt0")
    ]
    assert (first.split, dev.split, test.split) == SPLITS
    assert (second.dialogue, second.turn, second.speaker, second.gender) == ("train_dia0", 1, "Ben", None)
    assert (first.text, first.start, first.end) == ("Well, it’s late.", 1257.256, 1260.049)
    assert (second.start, second.end) == (4861.927, 4863.28)  # two digits after the comma are hundredths
    surprise = release.annotations[1].shared
    assert (surprise["emotion7"].value, surprise["polarity3"].value) == ("surprise", "positive")
    assert surprise["emotion4"].reason == "outside_space:surprise"
    assert surprise["valence"].reason == "not_annotated"
    assert release.annotations[0].native == {
        **{"Emotion": "sadness", "Sentiment": "negative", "Dialogue_ID": "0", "Utterance_ID": "0"},
        **{"Season": "4", "Episode": "7"},
    }
    assert release.variant == "three tables, current text"


def test_tables_may_lie_where_the_archives_put_them(tmp_path: Path) -> None:
    write_tables(tmp_path / "MELD.Raw")
    folder = tmp_path / "MELD.Raw" / "train" / "train_splits"
    folder.mkdir(parents=True)
    (tmp_path / "MELD.Raw" / "train_sent_emo.csv").rename(folder.parent / "train_sent_emo.csv")
    (folder / "._train_sent_emo.csv").write_bytes(b"\x00\xff")
    release = meld.read(tmp_path)
    assert release.rows == 4
    assert release.files[0] == "MELD.Raw/train/train_sent_emo.csv"


def test_the_nearer_of_two_copies_is_read(tmp_path: Path) -> None:
    write_tables(tmp_path)
    write_tables(tmp_path / "older", FIRST.replace("late", "early") + "\n")
    assert meld.read(tmp_path).utterances[0].text == "Well, it’s late."


def test_two_copies_equally_near_are_refused(tmp_path: Path) -> None:
    write_tables(tmp_path / "one")
    write_tables(tmp_path / "two")
    with pytest.raises(ReleaseError, match=r"one/train_sent_emo.csv and two/train_sent_emo.csv; link the folder of"):
        meld.read(tmp_path)


def test_older_text_is_repaired(tmp_path: Path) -> None:
    write_tables(tmp_path, "1,It\x92s a \x93test\x94 \x96 caf\xe9\xa0\x85,Ren\x92e,joy,positive,0,0,1,1,0:00:01,000\n")
    path = tmp_path / "train_sent_emo.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("0:00:01,000", '"0:00:01,000","0:00:02,000"'), "utf-8")
    release = meld.read(tmp_path)
    assert (release.utterances[0].text, release.utterances[0].speaker) == ("It’s a “test” – café\xa0…", "Ren’e")
    assert release.variant == "three tables, text with C1 controls"
    assert release.notes[0].startswith("6 C1 control characters")


def test_dyadic_tables_name_clips_and_translations_by_their_old_ids(tmp_path: Path) -> None:
    header = HEADER.replace("Sr No.,", "").replace("Season", "Old_Dialogue_ID,Old_Utterance_ID,Season")
    line = '"So, well.",Ann,joy,positive,{},{},3,4,1,1,"00:00:01,000","00:00:02,000"\n'
    for split in SPLITS:
        rows = line.format(0, 0) + line.format(1, 0)
        (tmp_path / f"{split}_sent_emo_dya.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    (tmp_path / "translation_zh.csv").write_text("split,Dialogue_ID,Utterance_ID,text_zh\ntrain,3,4,那么\n", "utf-8")
    touch(tmp_path / "train_splits" / "dia3_utt4.mp4")
    release = meld.read(tmp_path)
    assert (release.variant, release.published) == ("three tables, dyadic, current text", ())
    assert [(row.id, row.video, row.translations) for row in release.utterances[:2]] == [
        ("train_dia0_utt0", "train_splits/dia3_utt4.mp4", {"zh": "那么"}),
        ("train_dia1_utt0", "train_splits/dia3_utt4.mp4", {"zh": "那么"}),
    ]
    assert "3 rows repeat another of their split (same episode, start and text)" in release.notes


def test_clips_are_those_of_the_split_and_the_cut_that_is_right(tmp_path: Path) -> None:
    write_tables(tmp_path)
    touch(
        tmp_path / "train" / "train_splits" / "dia0_utt0.mp4",
        tmp_path / "output_repeated_splits_test" / "dia0_utt0.mp4",
        tmp_path / "output_repeated_splits_test" / "final_videos_testdia0_utt0.mp4",
        tmp_path / "dev_splits_complete" / "._dia0_utt0.mp4",
        tmp_path / "audio" / "train" / "dia0_utt1.flac",
    )
    first, second, dev, test = meld.read(tmp_path).utterances
    assert (first.audio, first.video) == ("train/train_splits/dia0_utt0.mp4",) * 2
    assert (second.audio, second.video) == ("audio/train/dia0_utt1.flac", None)
    assert (dev.audio, dev.video) == (None, None)
    assert test.video == "output_repeated_splits_test/final_videos_testdia0_utt0.mp4"


def test_suspect_and_unmatched_translations_are_counted(tmp_path: Path) -> None:
    write_tables(tmp_path)
    rows = ("train,0,0,dia0_utt0,很晚了。,Late.,", "train,0,1,dia0_utt1,抱歉。,Oh!,1", "dev,9,9,dia9_utt9,没有,None,")
    header = "split,Dialogue_ID,Utterance_ID,clip,text_zh,text_en,zh_suspect"
    (tmp_path / "translation_zh.csv").write_text("\n".join((header, *rows)), encoding="utf-8")
    release = meld.read(tmp_path)
    assert [row.translations for row in release.utterances] == [{"zh": "很晚了。"}, {}, {}, {}]
    assert [row.flags for row in release.utterances] == [[], ["translation_suspect"], [], []]
    assert [note.partition(" of ")[0] for note in release.notes] == ["1 translations", "1 rows", *release.notes[2:]]
    assert release.notes[2] == "2 utterances have no translation in translation_zh.csv"


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        (
            "surprise",
            "suprise",
            3,
            r"unknown label 'suprise'; did you mean 'surprise'\?; expected one of joy, surprise",
        ),
        ("positive", "mixed", 3, "unknown label 'mixed'.*one of negative, neutral, positive"),
        ("0,1,4,7", "0,0,4,7", 3, r"'train_dia0_utt0' stands in .*train_sent_emo.csv, line 2 too"),
        ("0,1,4,7", "0,one,4,7", 3, "Utterance_ID is 'one'; expected a whole number"),
        ("1:21:03,28", "1:21", 3, "EndTime is '1:21'; expected a time like"),
        ("Emotion", "Mood", 1, "column 'Emotion' is missing"),
        (',"1:21:01,927","1:21:03,28"', "", 3, "9 cells; expected 11"),
        ('"1:21:03,28"', '"1:21:03', 3, "is not a CSV file"),
    ],
)
def test_a_damaged_table_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, problem: str) -> None:
    path = write_tables(tmp_path) / "train_sent_emo.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1).rstrip("\n"), encoding="utf-8")
    with pytest.raises(ReleaseError, match=problem) as caught:
        meld.read(tmp_path)
    assert isinstance(caught.value, UnknownLabelError) == problem.startswith("unknown")
    assert (caught.value.path, caught.value.row) == (path, line)


@pytest.mark.parametrize(("text", "problem"), [("", "is empty"), (HEADER + "\n", "has a header line and no rows")])
def test_a_table_without_rows_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (write_tables(tmp_path) / "dev_sent_emo.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ReleaseError, match=rf"dev_sent_emo.csv: {problem}"):
        meld.read(tmp_path)


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    (write_tables(tmp_path) / "test_sent_emo.csv").unlink()
    with pytest.raises(ReleaseError, match=r"test_sent_emo.csv is missing below it; expected the tables of train, dev"):
        meld.read(tmp_path)


@pytest.mark.parametrize("root", ["empty", "not_there", "a_file"])
def test_a_wrong_folder_is_named_with_what_to_do(tmp_path: Path, root: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a_file").touch()
    with pytest.raises(ReleaseError, match="python -m harness link meld <folder>") as caught:
        meld.read(tmp_path / root)
    assert str(tmp_path / root) in str(caught.value)
    assert root != "empty" or "train_sent_emo.csv" in str(caught.value)


def test_a_synthetic_release_reads_back_as_drawn(tmp_path: Path) -> None:
    drawn = draw(World(utterances=120, dialogues=30, speakers=10), "meld")
    synthetic.write(tmp_path, drawn)
    release = meld.read(tmp_path)
    validate("meld", release)
    assert release.notes == []
    order = sorted(drawn, key=lambda row: SPLITS.index(row.split))
    assert release.rows == len(order) == 120
    for row, read, label in zip(order, release.utterances, release.annotations, strict=True):
        assert read.text == row.text["en"]
        assert read.translations == {"zh": row.text["zh"]}
        assert (read.split, read.turn, read.speaker) == (row.split, row.turn, f"Speaker {row.speaker}")
        assert (read.start, read.end) == (row.start, row.end)
        assert label.shared["emotion7"].value == row.emotion
        sign = "positive" if row.valence > 0 else "negative" if row.valence < 0 else "neutral"
        assert label.shared["polarity3"].value == sign
    assert len({(row.dialogue, read.dialogue) for row, read in zip(order, release.utterances, strict=True)}) == 30


@real
def test_the_real_tables_give_the_published_counts() -> None:
    release = meld.read(Path(CORPORA or "") / "MELD")
    validate("meld", release)
    assert release.rows == len(release.utterances) == 13_708
    published(release)
    assert Counter(row.split for row in release.utterances) == {"train": 9989, "dev": 1109, "test": 2610}
    dialogues = {row.dialogue for row in release.utterances}
    assert Counter(name.partition("_")[0] for name in dialogues) == {"train": 1038, "dev": 114, "test": 280}
    assert "10 rows repeat another of their split (same episode, start and text)" in release.notes
    assert "14 translations of translation_zh.csv are marked as suspect" in " ".join(release.notes)
    assert sum("zh" in row.translations for row in release.utterances) == 13_694


@real
def test_polarity_is_the_sentiment_column_and_surprise_has_either_sign() -> None:
    release = meld.read(Path(CORPORA or "") / "MELD")
    pairs = Counter((row.shared["emotion7"].value, row.shared["polarity3"].value) for row in release.annotations)
    assert (pairs["surprise", "positive"], pairs["surprise", "negative"]) == (780, 856)
    assert pairs["happy", "positive"] == 2308
    assert pairs["neutral", "neutral"] == 6436


@real
def test_two_digits_after_the_comma_are_hundredths_as_the_clips_say() -> None:
    """The three clips whose EndTime has two digits last as long as that reading; 28 ms would be far off."""
    folder = Path(CORPORA or "") / "MELD"
    if not (folder / "clip_durations_emobox.csv").is_file():
        pytest.skip("clip_durations_emobox.csv is not there")
    spans = {row.id: (row.end or 0) - (row.start or 0) for row in meld.read(folder).utterances}
    with (folder / "clip_durations_emobox.csv").open(encoding="utf-8", newline="") as file:
        clips = {
            f"{row['split']}_dia{row['Dialogue_ID']}_utt{row['Utterance_ID']}": row["clip_seconds"]
            for row in csv.DictReader(file)
        }
    for name in ("train_dia437_utt2", "test_dia187_utt2", "test_dia233_utt8"):
        assert spans[name] == pytest.approx(float(clips[name]), abs=0.01)


@real
def test_the_older_tables_read_as_the_current_ones_but_for_hard_spaces() -> None:
    folder = Path(CORPORA or "") / "MELD"
    new, old = meld.read(folder), meld.read(folder / "legacy_c1_controls")
    assert (new.variant, old.variant) == ("three tables, current text", "three tables, text with C1 controls")
    published(old)
    pairs = list(zip(new.utterances, old.utterances, strict=True))
    assert Counter(a.split for a, b in pairs if a.text != b.text) == {"train": 3, "dev": 1, "test": 1}
    assert all((a.text or "") == (b.text or "").replace("\xa0", " ") for a, b in pairs)
    assert all((a.id, a.speaker, a.start, a.end) == (b.id, b.speaker, b.start, b.end) for a, b in pairs)
    assert "5,399 C1 control characters" in old.notes[0]


@real
def test_the_real_tables_read_from_the_layout_of_the_archives(tmp_path: Path) -> None:
    folder = Path(CORPORA or "") / "MELD"
    for split, place in (("train", "MELD.Raw/train"), ("dev", "MELD.Raw"), ("test", "MELD.Raw")):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / f"{split}_sent_emo.csv", tmp_path / place)
    published(meld.read(tmp_path))


def test_capitals_and_numbers_with_a_point_are_what_they_were(tmp_path: Path) -> None:
    write_tables(tmp_path)
    before = meld.read(tmp_path)
    for split in ("train", "dev", "test"):
        path = tmp_path / f"{split}_sent_emo.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        path.unlink()
        (at,) = (at for at, name in enumerate(rows[0]) if name == "Dialogue_ID")
        for row in rows[1:]:
            row[at], row[at + 1] = f"{row[at]}.0", f"{row[at + 1]}.0"
        with (tmp_path / f"{split.upper()}_SENT_EMO.CSV").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    after = meld.read(tmp_path)
    assert [(row.id, row.turn, row.text) for row in after.utterances] == [
        (row.id, row.turn, row.text) for row in before.utterances
    ]
