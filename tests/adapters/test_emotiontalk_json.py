"""EmotionTalk's JSON tree: where its folders may lie, what its fields may be, and what is said about damaged ones."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from small_studies import DATA

from harness.core.errors import ReleaseError, UnknownLabelError
from harness.study.labels import Shared
from harness.study.release import Annotation, Release, Vote
from harness.study.utterance import Utterance
from harness_adapters import emotiontalk

EXCERPT = DATA / "emotiontalk"
ABSENT = Shared(None, "not_annotated")
FIRST = "G00002_01_05_001"
SECOND = "G00002_01_06_002"


def by_id(release: Release) -> dict[str, tuple[Utterance, Annotation]]:
    pairs = zip(release.utterances, release.annotations, strict=True)
    return {utterance.id: (utterance, annotation) for utterance, annotation in pairs}


def write_record(root: Path, view: str, id_: str, **changes: Any) -> Path:
    """Write one made-up JSON file of the release; a key whose value is None is left out."""
    fields: dict[str, Any] = {
        "data": {"A": {"emotion": "happy", "Confidence_degree": "8"}},
        "speaker_id": id_.split("_")[2],
        "emotion_result": "happy",
        "content": "[over/]早[/over]上好" if view in ("Text", "Audio") else None,
        "paragraphs": {"startTime": 1.0, "endTime": "2.5", "duration": 1.5} if view == "Audio" else None,
        "file_path": f"G/{id_}.wav",
    }
    path = root / view / "json" / id_[:6] / id_[:9] / id_[:12] / f"{id_}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in (fields | changes).items() if value is not None}
    path.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    return path


def votes(*sentiments: Any, key: str = "Continuous_label") -> dict[str, Any]:
    return {letter: {"emotion": "happy", key: vote} for letter, vote in zip("ABCDE", sentiments, strict=False)}


class TestJsonTree:
    def test_one_utterance_in_all_four_folders(self, tmp_path: Path) -> None:
        data = {
            "A": {"emotion": "Happy ", "Confidence_degree": "8", "Continuous_label": "1"},
            "B": {"emotion": "surprised", "Confidence_degree": 2, "Continuous_label": 2},
            "C": {"emotion": None, "Confidence_degree": "", "Continuous_label": ""},
        }
        write_record(tmp_path, "Multimodal", FIRST, data=data, **{"Continuous label_result": "1.5"})
        write_record(tmp_path, "Text", FIRST, emotion_result="sad", file_path=None, file_name=FIRST)
        write_record(tmp_path, "Audio", FIRST, emotion_result=" Neutral")
        write_record(tmp_path, "Video", FIRST, emotion_result="disgusted", file_path=None, file=f"a\\{FIRST}.mp4")
        for stub in ("._x.json", ".trash/x.json"):
            (tmp_path / "Multimodal" / "json" / stub).parent.mkdir(exist_ok=True)
            (tmp_path / "Multimodal" / "json" / stub).write_bytes(b"\x00")
        (tmp_path / "Multimodal" / "more.zip").write_bytes(b"PK")
        release = emotiontalk.read(tmp_path)
        utterance, annotation = by_id(release)[FIRST]
        assert release.variant == "JSON tree (multimodal, text, audio, video)"
        assert release.files == ["Audio/json", "Multimodal/json", "Text/json", "Video/json"]
        assert (utterance.text, utterance.flags, utterance.start, utterance.end) == ("早上好", ["overlap"], 1.0, 2.5)
        assert annotation.native == {
            "multimodal": "happy", "text": "sad", "audio": "neutral", "video": "disgusted",
            "Continuous label_result": 1.5,
        }  # fmt: skip
        assert annotation.votes["multimodal"] == [Vote("A", "happy", 8.0), Vote("B", "surprised", 2.0)]
        assert annotation.soft["emotion7"] == {
            "happy": 0.8, "surprise": 0.2, "sad": 0, "disgust": 0, "anger": 0, "fear": 0, "neutral": 0,
        }  # fmt: skip
        assert annotation.shared["valence"] == Shared(0.75)
        assert annotation.views["text"]["valence"] == ABSENT
        assert "vote check passed: 1 of 2 continuous votes are +1, so valence is their mean / 2" in release.notes

    @pytest.mark.parametrize("layout", ["Audio/Audio", "copy/emotiontalk/Audio", "./Audio", "audio"])
    def test_any_folder_alone_and_any_depth(self, tmp_path: Path, layout: str) -> None:
        write_record(tmp_path, "Audio", FIRST)
        (tmp_path / "Audio").rename(tmp_path / "moved")
        (tmp_path / layout).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "moved").rename(tmp_path / layout)
        release = emotiontalk.read(tmp_path)
        _, annotation = by_id(release)[FIRST]
        assert release.variant == "JSON tree (audio)"
        assert annotation.views["audio"]["emotion7"] == Shared("happy")
        assert set(annotation.shared.values()) == {ABSENT}
        assert list(annotation.soft) == ["audio/emotion7"]
        assert [table.field for table in release.published] == ["audio"]
        assert emotiontalk.read(tmp_path / layout).variant == "JSON tree (audio)"  # the folder itself as root

    @pytest.mark.parametrize(
        ("data", "value", "reason", "note"),
        [
            (votes(1, -1, -2, 0, 0), -0.2, None, "vote check passed: 1 of 5"),
            (votes("2", "1", "2", "2", "2", key="sentiment"), 0.9, None, "vote check passed: 1 of 5"),
            (votes(-1, -1, 2, 0, 0), None, "vote_check_failed", "vote check failed: none of 5 continuous votes is +1"),
            (votes(), None, "not_annotated", "valence is not annotated"),
            ([{"emotion": "sad", "sentiment": 1}, {"emotion": "sad"}], 0.5, None, "vote check passed: 1 of 1"),
        ],
    )
    def test_vote_check(self, tmp_path: Path, data: Any, value: float | None, reason: str | None, note: str) -> None:
        write_record(tmp_path, "Multimodal", FIRST, data=data)
        write_record(tmp_path, "Multimodal", SECOND, data=None)
        release = emotiontalk.read(tmp_path)
        assert by_id(release)[FIRST][1].shared["valence"] == Shared(value, reason)
        assert by_id(release)[SECOND][1].shared["valence"] == ABSENT
        assert any(note in line for line in release.notes)

    def test_soft_label_without_confidence_counts_heads(self, tmp_path: Path) -> None:
        data = [{"emotion": "sad", "Confidence_degree": "9"}, {"emotion": "angry"}]
        write_record(tmp_path, "Multimodal", FIRST, data=data)
        soft = by_id(emotiontalk.read(tmp_path))[FIRST][1].soft["emotion7"]
        assert (soft["sad"], soft["anger"]) == (0.5, 0.5)

    def test_the_tree_wins_over_the_pack(self, tmp_path: Path) -> None:
        shutil.copytree(EXCERPT, tmp_path / "mm-process")
        write_record(tmp_path, "Text", FIRST)
        release = emotiontalk.read(tmp_path)
        assert release.rows == 1
        assert any("label pack (audio.csv, mm.csv, transcription.csv, video.csv)" in note for note in release.notes)

    def test_clips_are_found_where_they_are(self, tmp_path: Path) -> None:
        write_record(tmp_path, "Audio", FIRST)
        write_record(tmp_path, "Audio", SECOND)
        for clip in (
            f"Audio/wav/G00002/{FIRST}.wav",
            f"Multimodal/mp4/G00002/{FIRST}.mp4",
            f"Audio/wav/._{SECOND}.wav",
        ):
            (tmp_path / clip).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / clip).touch()
        rows = by_id(emotiontalk.read(tmp_path))
        assert rows[FIRST][0].audio == f"Audio/wav/G00002/{FIRST}.wav"
        assert rows[FIRST][0].video == f"Multimodal/mp4/G00002/{FIRST}.mp4"
        assert (rows[SECOND][0].audio, rows[SECOND][0].video) == (None, None)

    def test_oddities_are_noted(self, tmp_path: Path) -> None:
        write_record(tmp_path, "Text", FIRST, speaker_id="09")
        write_record(tmp_path, "Audio", FIRST, content="早", speaker_id=5)
        write_record(tmp_path, "Text", "G00042_01_05_001")
        release = emotiontalk.read(tmp_path)
        assert by_id(release)["G00042_01_05_001"][0].split == "train"
        assert by_id(release)[FIRST][0].speaker == "05"
        notes = "\n".join(release.notes)
        assert "1 files name another speaker_id" in notes
        assert "1 transcripts differ between the modalities" in notes
        assert "the groups G00042 are not among the official 15" in notes

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"file_path": "G/G00002_01_05_009.wav"}, "says that it is about 'G/G00002_01_05_009.wav'"),
            ({"emotion_result": None}, "key 'emotion_result' is missing; expected it among data, speaker_id"),
            ({"emotion_result": 3}, "the label is of type int; expected a string"),
            ({"emotion_result": "joy"}, "unknown label 'joy'; expected one of happy, surprised, sad"),
            ({"data": "A"}, "'data' is of type str; expected annotator -> vote"),
            ({"data": {"A": "happy"}}, "'data.A' is of type str; expected an object"),
            ({"data": {"A": {"emotion": "sad", "Confidence_degree": "high"}}}, "'data.A.Confidence_degree' is 'high'"),
            ({"data": votes(3)}, "'data.A.continuous_label' is 3; expected a vote from -2 to 2"),
            ({"data": votes(True)}, "'data.A.continuous_label' is 'True'; expected a number"),
            ({"paragraphs": [1, 2]}, "'paragraphs' is of type list; expected startTime and endTime"),
            ({"paragraphs": {"startTime": "x"}}, "'paragraphs.startTime' is 'x'; expected a number"),
        ],
    )
    def test_damaged_records(self, tmp_path: Path, changes: dict[str, Any], said: str) -> None:
        write_record(tmp_path, "Multimodal", FIRST, **changes)
        with pytest.raises(ReleaseError) as caught:
            emotiontalk.read(tmp_path)
        assert f"{FIRST}.json: {said}" in str(caught.value)

    def test_unknown_labels_have_their_own_error(self, tmp_path: Path) -> None:
        write_record(tmp_path, "Video", FIRST, emotion_result="joy")
        with pytest.raises(UnknownLabelError):
            emotiontalk.read(tmp_path)

    def test_a_vote_in_an_unknown_word_is_kept_and_counted(self, tmp_path: Path) -> None:
        write_record(tmp_path, "Multimodal", FIRST, data={"A": {"emotion": "Joy"}, "B": {"emotion": "sad"}})
        release = emotiontalk.read(tmp_path)
        [row] = release.annotations
        assert [vote.label for vote in row.votes["multimodal"]] == ["joy", "sad"]
        assert row.soft["emotion7"]["sad"] == 1
        assert "votes in unknown words are kept as published and left out of soft labels: 'joy' 1" in release.notes

    def test_truncated_and_repeated_files(self, tmp_path: Path) -> None:
        path = write_record(tmp_path, "Text", FIRST)
        again = write_record(tmp_path / "Text", "Text", FIRST)
        with pytest.raises(ReleaseError, match=f"labels {FIRST} a second time; expected only .*{path.name}") as caught:
            emotiontalk.read(tmp_path)
        assert str(again) in str(caught.value)
        assert str(path) in str(caught.value)
        shutil.rmtree(tmp_path / "Text" / "Text")
        path.write_bytes(path.read_bytes()[:-3])
        with pytest.raises(ReleaseError, match=rf"{FIRST}\.json, line 1: is not valid JSON"):
            emotiontalk.read(tmp_path)
        path.write_text("[]")
        with pytest.raises(ReleaseError, match="holds a value of type list; expected one JSON object"):
            emotiontalk.read(tmp_path)
        path.rename(path.with_name("readme.json"))
        with pytest.raises(ReleaseError):
            emotiontalk.read(tmp_path)
