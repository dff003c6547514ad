"""EmotionTalk: the facts of the real label pack, every form of the release, and what is said about damaged ones."""

import json
import os
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from small_studies import DATA

from harness.core.errors import ReleaseError
from harness.corpora.synthetic.world import Drawn, World, draw
from harness.study.labels import Shared
from harness.study.release import Release
from harness_adapters import emotiontalk
from harness_adapters._emotiontalk_rows import clean
from harness_adapters._synthetic.emotiontalk import write

EXCERPT = DATA / "emotiontalk"
CODES = {"neutral": 0, "happy": 1, "sad": 2, "angry": 3, "surprised": 4, "disgusted": 5, "fearful": 6}
ABSENT = Shared(None, "not_annotated")
FIRST = "G00002_01_05_001"
SECOND = "G00002_01_06_002"


def tables_by_split(release: Release, field: str) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for utterance, annotation in zip(release.utterances, release.annotations, strict=True):
        counts[utterance.split][annotation.native[field]] += 1
    return {split: dict(labels) for split, labels in counts.items()}


@pytest.fixture(scope="module")
def real() -> Release:
    if "EMOTRANSFER_CORPORA" not in os.environ:
        pytest.skip("EMOTRANSFER_CORPORA is unset: the real label pack is not here")
    return emotiontalk.read(Path(os.environ["EMOTRANSFER_CORPORA"]) / "EmotionTalk")


CODES_BY_VIEW = {  # neutral, happy, sad, angry, surprised, disgusted, fearful
    "multimodal": [6853, 3592, 1153, 3698, 1661, 1371, 922],
    "text": [7903, 1620, 1183, 3698, 2712, 1111, 1023],
    "audio": [9378, 2105, 1110, 3820, 1363, 818, 656],
    "video": [6608, 4451, 964, 4190, 1084, 1563, 390],
}


class TestRealPack:
    def test_every_row_is_an_utterance_with_an_annotation(self, real: Release) -> None:
        assert real.rows == len(real.utterances) == len(real.annotations) == 19250
        assert not real.dropped
        assert len({utterance.id for utterance in real.utterances}) == 19250
        assert [utterance.id for utterance in real.utterances] == [annotation.id for annotation in real.annotations]
        assert real.variant == "label pack (text, multimodal, audio, video)"
        assert len(real.files) == 8

    def test_published_counts_of_all_four_views(self, real: Release) -> None:
        assert [table.field for table in real.published] == ["multimodal", "text", "audio", "video"]
        for table in real.published:
            assert tables_by_split(real, table.field) == table.counts

    def test_published_totals_by_hand(self, real: Release) -> None:
        totals = {view: Counter(annotation.native[view] for annotation in real.annotations) for view in CODES_BY_VIEW}
        assert {view: [totals[view][label] for label in CODES] for view in CODES_BY_VIEW} == CODES_BY_VIEW
        splits = Counter(utterance.split for utterance in real.utterances)
        assert splits == {"train": 15413, "dev": 1908, "test": 1929}

    def test_dialogues_and_speakers(self, real: Release) -> None:
        dialogues, speakers = defaultdict(set), defaultdict(set)
        for utterance in real.utterances:
            dialogues[utterance.split].add(utterance.dialogue)
            speakers[utterance.split].add(utterance.speaker)
        assert {split: len(names) for split, names in dialogues.items()} == {"train": 587, "dev": 71, "test": 84}
        assert len(set().union(*dialogues.values())) == 742
        assert len(set().union(*speakers.values())) == 19
        assert speakers["dev"] & speakers["test"] == {"02", "13"}
        assert not speakers["train"] & (speakers["dev"] | speakers["test"])

    def test_transcripts_are_clean_and_flagged(self, real: Release) -> None:
        assert all(utterance.text and not set("[]") & set(utterance.text) for utterance in real.utterances)
        assert all(utterance.text == utterance.text.strip(" \u3000") for utterance in real.utterances if utterance.text)
        assert sum(bool(utterance.flags) for utterance in real.utterances) == 9137
        assert Counter(flag for utterance in real.utterances for flag in utterance.flags) == {
            "overlap": 8500,
            "interrupted": 1078,
            "laughing": 500,
            "crying": 161,
            "screaming": 7,
        }

    def test_the_published_value_is_kept_but_never_valence(self, real: Release) -> None:
        assert any("2,001 of 3,592 happy rows" in note for note in real.notes)
        assert any("valence is not annotated" in note for note in real.notes)
        values = [annotation.native["val"] for annotation in real.annotations]
        assert min(values) == -2
        assert max(values) == 2
        assert {annotation.shared["valence"] for annotation in real.annotations} == {ABSENT}


class TestRoot:
    def test_wrong_folder(self, tmp_path: Path) -> None:
        (tmp_path / "json").mkdir()
        with pytest.raises(ReleaseError) as caught:
            emotiontalk.read(tmp_path)
        for part in (str(tmp_path), "Audio, Multimodal, Text or Video", "transcription.csv", "mm_label.npz"):
            assert part in str(caught.value)
        assert "python -m harness link emotiontalk <folder>" in str(caught.value)

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ReleaseError, match=r"nowhere: cannot be read .*run `python -m harness link emotiontalk"):
            emotiontalk.read(tmp_path / "nowhere")


class TestTranslation:
    @pytest.fixture
    def pack(self, tmp_path: Path) -> Path:
        shutil.copytree(EXCERPT, tmp_path / "mm-process")
        return tmp_path

    def test_rows_are_matched_counted_and_flagged(self, pack: Path) -> None:
        rows = f"id,text_en,en_suspect\n{FIRST},Good morning.,\n{SECOND},As an AI,1\nG00009_01_01_001,Nobody,\n"
        (pack / "translation_en.csv").write_text(rows)
        release = emotiontalk.read(pack)
        utterances = {utterance.id: utterance for utterance in release.utterances}
        assert utterances[FIRST].translations == {"en": "Good morning."}
        assert utterances[SECOND].translations == {}
        assert utterances[SECOND].flags == ["laughing", "translation_suspect"]
        assert utterances["G00001_03_01_010"].translations == {}
        suspect = "1 translations of translation_en.csv are marked as suspect"
        assert any(note.startswith(suspect) for note in release.notes)
        assert "1 rows of translation_en.csv match no utterance" in release.notes
        assert "translation_en.csv" in release.files

    def test_a_repeated_id(self, pack: Path) -> None:
        (pack / "translation_en.csv").write_text(f"id,text_en\n{FIRST},a\n{FIRST},b\n")
        twice = rf"translation_en\.csv, line 3: '{FIRST}' stands in .*translation_en\.csv, line 2 too"
        with pytest.raises(ReleaseError, match=twice):
            emotiontalk.read(pack)


@pytest.mark.parametrize(
    ("transcript", "text", "flags"),
    [
        ("[over/呀[/over]", "呀", ["overlap"]),
        ("[over[/over]]好", "好", ["overlap"]),
        ("[over/蓝，你感觉][/over]", "蓝，你感觉", ["overlap"]),
        ("[LAUGHING] 好 [screaming/]", "好", ["laughing", "screaming"]),
        ("[crying][Sobbing]", None, ["crying"]),
        ("好 over 了", "好 over 了", []),
        ("", None, []),
    ],
)
def test_clean(transcript: str, text: str | None, flags: list[str]) -> None:
    assert clean(transcript) == (text, flags)


class TestWriter:
    @pytest.fixture
    def drawn(self) -> list[Drawn]:
        return draw(World(utterances=120, dialogues=30, speakers=10), "emotiontalk")

    def test_round_trip(self, drawn: list[Drawn], tmp_path: Path) -> None:
        write(tmp_path, drawn)
        release = emotiontalk.read(tmp_path)
        read = {
            (utterance.split, utterance.text, utterance.turn - 1): (utterance, annotation)
            for utterance, annotation in zip(release.utterances, release.annotations, strict=True)
        }
        assert release.rows == len(read) == len(drawn)
        assert any("vote check passed" in note for note in release.notes)
        dialogues: dict[int, str] = {}
        for row in drawn:
            utterance, annotation = read[row.split, row.text["zh"], row.turn]
            assert dialogues.setdefault(row.dialogue, utterance.dialogue) == utterance.dialogue
            assert utterance.speaker == f"{row.speaker + 1:02d}"
            assert utterance.translations == {"en": row.text["en"]}
            assert (utterance.start, utterance.end) == (row.start, row.end)
            assert annotation.shared["emotion7"] == Shared(row.emotion)
            assert annotation.shared["valence"] == Shared(row.valence)
            assert {view: answers["emotion7"].value for view, answers in annotation.views.items()} == row.views
            assert sum(annotation.soft["emotion7"].values()) == pytest.approx(1)
        assert len(set(dialogues.values())) == len(dialogues) == 30

    def test_written_votes_hold_a_plus_one(self, drawn: list[Drawn], tmp_path: Path) -> None:
        write(tmp_path, drawn)
        for path in (tmp_path / "Multimodal").rglob("*.json"):
            record = json.loads(path.read_text(encoding="utf-8"))
            cast = [int(vote["Continuous_label"]) for vote in record["data"].values()]
            assert len(cast) == 5
            assert set(cast) <= {-2, -1, 0, 1, 2}
            assert sum(cast) / 5 == pytest.approx(record["Continuous label_result"])
            assert 1 in cast or abs(sum(cast)) >= 8
