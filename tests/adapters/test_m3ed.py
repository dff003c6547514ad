"""M3ED: the facts of the real label table, both forms of the release, and what is said about damaged ones."""

import os
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from small_studies import DATA

from harness.core.errors import ReleaseError
from harness.corpora.synthetic.world import World, draw
from harness.study.labels import Shared
from harness.study.release import Annotation, Release
from harness.study.utterance import Utterance
from harness_adapters import m3ed
from harness_adapters._m3ed_rows import seconds
from harness_adapters._synthetic.m3ed import write

EXCERPT = DATA / "m3ed"
ABSENT = Shared(None, "not_annotated")
BLANK = Shared(None, "blank")
HAPPY, ANGRY, EMPTY, SURPRISED = "chazhuang_2_10", "chazhuang_2_9", "yeyu_1_1", "xiao_jie_3_4"


def by_id(release: Release) -> dict[str, tuple[Utterance, Annotation]]:
    pairs = zip(release.utterances, release.annotations, strict=True)
    return {utterance.id: (utterance, annotation) for utterance, annotation in pairs}


@pytest.fixture(scope="module")
def corpora() -> Path:
    if "EMOTRANSFER_CORPORA" not in os.environ:
        pytest.skip("EMOTRANSFER_CORPORA is unset: the real label table is not here")
    return Path(os.environ["EMOTRANSFER_CORPORA"]) / "M3ED"


@pytest.fixture(scope="module")
def real(corpora: Path) -> Release:
    return m3ed.read(corpora)


class TestRealTable:
    def test_every_row_is_an_utterance_with_an_annotation(self, real: Release) -> None:
        assert real.variant == "EmoBox label table"
        assert real.rows == len(real.utterances) == len(real.annotations) == len(by_id(real)) == 24437
        assert not real.dropped
        assert any("leaves out 12 of the authors' 24,449 utterances" in note for note in real.notes)

    def test_published_counts(self, real: Release) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for utterance, annotation in by_id(real).values():
            counts[utterance.split][annotation.native["final_main_emo"]] += 1
        assert [{**counts}] == [table.counts for table in real.published]
        totals = sum(counts.values(), Counter())
        assert [totals[label] for label in m3ed.EMOTION] == [2286, 10021, 3957, 1497, 5231, 395, 1050]

    def test_dialogues_speakers_and_turns(self, real: Release) -> None:
        dialogues, speakers = defaultdict(set), defaultdict(set)
        for utterance in real.utterances:
            dialogues[utterance.split].add(utterance.dialogue)
            speakers[utterance.split].add(utterance.speaker)
        assert {split: len(names) for split, names in dialogues.items()} == {"train": 685, "dev": 126, "test": 179}
        assert sum(len(names) for names in speakers.values()) == len(set().union(*speakers.values())) == 635
        places = [(utterance.dialogue, utterance.turn) for utterance in real.utterances]
        assert places == sorted(places)

    def test_nothing_but_labels(self, real: Release) -> None:
        assert {utterance.text for utterance in real.utterances} == {None}
        assert {annotation.shared["valence"] for annotation in real.annotations} == {ABSENT}

    def test_published_totals_of_the_authors(self) -> None:
        counts = m3ed.PUBLISHED_TOTALS.counts["all"]
        assert counts["Neutral"] == 10028
        assert sum(counts.values()) == 24449

    def test_two_real_records_in_the_official_schema(self, corpora: Path, tmp_path: Path) -> None:
        shutil.copy(corpora / "annotation_schema_sample.json", tmp_path / "annotation.json")
        shutil.copytree(corpora / "splitInfo", tmp_path / "splitInfo")
        utterance, annotation = by_id(m3ed.read(tmp_path))["shaonianpai_1_1"]
        assert (utterance.split, utterance.gender, utterance.start, utterance.end) == ("train", "female", 0.04, 1.12)
        assert annotation.soft["emotion7"]["neutral"] == 1


@pytest.fixture
def table(tmp_path: Path) -> Path:
    shutil.copy(EXCERPT / "labels_emobox.csv", tmp_path)
    return tmp_path


class TestTable:
    def test_labels_without_transcripts(self, table: Path) -> None:
        read = m3ed.read(table)
        rows = by_id(read)
        assert read.published == (m3ed.PUBLISHED_EMOBOX,)
        assert [utterance.id for utterance in read.utterances] == [ANGRY, HAPPY, SURPRISED, EMPTY]
        happy, annotation = rows[HAPPY]
        assert (happy.split, happy.speaker, happy.text) == ("train", "chazhuang_老周", None)
        assert annotation.native == {"final_main_emo": "Happy"}
        assert (rows[EMPTY][0].split, rows[EMPTY][0].speaker) == ("dev", "yeyu_1_A")
        assert rows[EMPTY][1].shared["emotion7"] == BLANK
        assert (annotation.votes, annotation.soft) == ({}, {})

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            (",Happy,", ",Joy,", "line 3: unknown label 'Joy'; expected one of Happy, Neutral"),
            ("emotion,split", "emotion,part", "line 1: column 'split' is missing"),
            (",val,", ",valid,", "line 4: 'valid' is not a split; expected train, val or test"),
            (f"{HAPPY},", f"{ANGRY},", f"line 3: {ANGRY} stands in line 2 too"),
            (
                "yeyu_1_1,yeyu,",
                "yeyu_1_1,yeye,",
                "line 4: yeyu_1_1 has movie 'yeye', dialogue 'yeyu_1'; expected 'yeyu'",
            ),
            ("yeyu_1_1,", "yeyu,", "line 4: 'yeyu' is not an utterance id"),
            (",阿秀", "", "line 5: 12 cells; expected 13"),
        ],
    )
    def test_damaged_table(self, table: Path, old: str, new: str, said: str) -> None:
        path = table / "labels_emobox.csv"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(ReleaseError) as caught:
            m3ed.read(table)
        assert f"labels_emobox.csv, {said}" in str(caught.value)


@pytest.mark.parametrize(
    ("time", "expected"), [("00:00:01:05", 1.2), ("01:02:03:42", 3723 + 1.68), ("00:40:44:0", 2444.0), (" ", None)]
)
def test_seconds(time: str, expected: float | None) -> None:
    assert seconds(time, "x") == expected


def test_wrong_and_missing_folders(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError) as caught:
        m3ed.read(tmp_path)
    for part in (str(tmp_path), "annotation.json with the folder splitInfo", "labels_emobox.csv", "harness link m3ed"):
        assert part in str(caught.value)
    with pytest.raises(ReleaseError, match=r"nowhere: cannot be read .*run `python -m harness link m3ed <folder>`"):
        m3ed.read(tmp_path / "nowhere")


def test_writer_round_trip(tmp_path: Path) -> None:
    drawn = draw(World(utterances=120, dialogues=30, speakers=10), "m3ed")
    write(tmp_path, drawn)
    read = m3ed.read(tmp_path)
    rows = {(utterance.split, utterance.text, utterance.turn - 1): utterance.id for utterance in read.utterances}
    assert read.rows == len(rows) == len(drawn)
    assert not read.notes
    assert [utterance.text for utterance in read.utterances if utterance.dialogue == "juji1_1"] == [
        row.text["zh"] for row in drawn if row.dialogue == 0
    ]
    dialogues: dict[int, str] = {}
    for row in drawn:
        utterance, annotation = by_id(read)[rows[row.split, row.text["zh"], row.turn]]
        assert dialogues.setdefault(row.dialogue, utterance.dialogue) == utterance.dialogue
        assert utterance.speaker == f"juji{row.fold}_说话人{row.speaker + 1}"
        assert (utterance.gender, utterance.translations) == (row.gender, {"en": row.text["en"]})
        assert 0 <= row.start - (utterance.start or 0) < 0.04
        assert 0 <= (utterance.end or 0) - row.end < 0.04
        assert annotation.shared["emotion7"] == Shared(row.emotion)
        assert [m3ed.EMOTION[vote.label] for vote in annotation.votes["multimodal"]] == list(row.votes.values())
    assert len(set(dialogues.values())) == len(dialogues) == 30


def emobox(root: Path, **changes: list[str]) -> None:
    """Write EmoBox's three lists with two rows each; `changes` are the lines of a list in place of these."""
    for name, movie in (("train", "anjia"), ("valid", "yeyu"), ("test", "xiao_jie")):
        rows = [
            f'{{"key": "m3ed-{movie}_1_{n}", "wav": "downloads/m3ed/modality_speech/{letter}_{movie}_1_{n}.wav", '
            f'"length": 0.7, "emo": "{label}"}}'
            for n, letter, label in ((1, "A", "Anger"), (2, "B", "Neutral"))
        ]
        (root / f"m3ed_{name}_fold_1.jsonl").write_text("\n".join(changes.get(name, rows)) + "\n", encoding="utf-8")


def test_the_lists_that_emobox_publishes_are_read(tmp_path: Path) -> None:
    emobox(tmp_path)
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "B_yeyu_1_2.wav").touch()
    release = m3ed.read(tmp_path)
    assert (release.variant, release.rows) == ("EmoBox lists", 6)
    rows = by_id(release)
    row, labels = rows["yeyu_1_2"]
    assert (row.split, row.dialogue, row.turn, row.speaker, row.text) == ("dev", "yeyu_1", 2, "yeyu_1_B", None)
    assert row.audio == "clips/B_yeyu_1_2.wav"
    assert labels.shared["emotion7"] == Shared("neutral")
    assert rows["xiao_jie_1_1"][0].split == "test"
    assert release.published == (m3ed.PUBLISHED_EMOBOX,)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"key": "m3ed-anjia_1_1", "wav": "x/A_anjia_1_1.wav"}', "line 1: has no text under 'emo'"),
        ('{"key": "m3ed-anjia_1_1", "wav": "x/A_anjia_1_2.wav", "emo": "Sad"}', "anjia_1_1 has the clip"),
        ('{"key": "m3ed-anjia", "wav": "x/A_anjia.wav", "emo": "Sad"}', "'anjia' is not an utterance id"),
        ('{"key": "m3ed-anjia_1_1", "wav": "A_anjia_1_1.wav", "emo": "Joy"}', "unknown label 'Joy'"),
        ('{"key": "m3ed-yeyu_1_1", "wav": "A_yeyu_1_1.wav", "emo": "Sad"}', "yeyu_1_1 stands there or in another list"),
        ('{"key": ', "is not valid JSON"),
        ("[1]", "has no text under 'key'"),
    ],
)
def test_a_damaged_line_of_emobox_is_named(tmp_path: Path, line: str, said: str) -> None:
    emobox(tmp_path, train=[line])
    with pytest.raises(ReleaseError) as caught:
        m3ed.read(tmp_path)
    assert said in str(caught.value)
    assert "_fold_1.jsonl, line 1" in str(caught.value)


def test_a_list_of_emobox_that_is_missing_is_named(tmp_path: Path) -> None:
    emobox(tmp_path)
    (tmp_path / "m3ed_valid_fold_1.jsonl").unlink()
    with pytest.raises(ReleaseError, match=r"m3ed_valid_fold_1\.jsonl is missing below it; expected m3ed_train_fold_1"):
        m3ed.read(tmp_path)
