"""EmotionTalk: clips in every layout of its folders, votes by view, and records that nobody recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import ReleaseError
from harness.study.release import Annotation, Release, Vote
from harness.study.utterance import Utterance
from harness_adapters import emotiontalk
from harness_adapters._emotiontalk_rows import clean

FIRST, SECOND = "G00002_01_05_001", "G00002_01_06_002"
BELOW = f"G00002/G00002_01/G00002_01_05/{FIRST}"
MANY = 100_000


def write_record(root: Path, view: str, id_: str = FIRST, **fields: Any) -> Path:
    """Write one made-up JSON file of the release."""
    path = root / view / "json" / id_[:6] / id_[:9] / id_[:12] / f"{id_}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"emotion_result": "happy", **fields}, ensure_ascii=False), encoding="utf-8")
    return path


def touch(root: Path, files: Iterable[str]) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()


def only(release: Release) -> tuple[Utterance, Annotation]:
    (utterance,), (annotation,) = release.utterances, release.annotations
    return utterance, annotation


class TestClips:
    @pytest.mark.parametrize("home", ["Audio", "Audio/Audio", "copy/Emotiontalk/Audio"])
    def test_sound_beside_the_labels_however_deep(self, tmp_path: Path, home: str) -> None:
        write_record(tmp_path / Path(home).parent, "Audio", paragraphs={"startTime": 5.0, "endTime": 6.5})
        touch(tmp_path, [f"{home}/wav/{BELOW}.wav"])
        utterance, _ = only(emotiontalk.read(tmp_path))
        assert (utterance.audio, utterance.video) == (f"{home}/wav/{BELOW}.wav", None)
        assert (utterance.start, utterance.end) == (5.0, 6.5)  # on the dialogue's recording ...
        assert utterance.parts == {}  # ... while the clip is the utterance alone

    def test_without_a_wav_the_film_is_heard(self, tmp_path: Path) -> None:
        write_record(tmp_path, "Text")
        film = f"Multimodal/mp4/{BELOW}.mp4"
        touch(tmp_path, [film, "Audio/wav/._G00002_01_05_001.wav"])
        utterance, _ = only(emotiontalk.read(tmp_path))
        assert (utterance.audio, utterance.video) == (film, film)
        touch(tmp_path, [f"Audio/wav/{BELOW}.wav"])
        assert only(emotiontalk.read(tmp_path))[0].audio == f"Audio/wav/{BELOW}.wav"

    def test_other_clips_and_archives_are_explained(self, tmp_path: Path) -> None:
        write_record(tmp_path, "Multimodal")
        film, again = f"Multimodal/mp4/{BELOW}.mp4", f"Multimodal/unpacked/mp4/{BELOW}.mp4"
        foreign, odd = f"Multimodal/mp4/{SECOND}.mp4", "Multimodal/mp4/intro.mp4"
        touch(tmp_path, [film, again, foreign, odd, "Multimodal/more.zip", "Audio.tar", "Video.tar"])
        release = emotiontalk.read(tmp_path)
        assert only(release)[0].video == film
        assert release.surplus == {again: "superseded", foreign: "unlabelled"}
        assert sorted(release.media_files or ()) == sorted([film, again, foreign, odd])
        assert "3 archives lie in the release and were not opened, such as Audio.tar" in release.notes

    @pytest.mark.parametrize("where", ["../../../secret/", "/etc/", "a\\..\\..\\", "file:///etc/"])
    def test_a_file_name_in_a_record_is_compared_and_never_opened(self, tmp_path: Path, where: str) -> None:
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / f"{FIRST}.wav").touch()
        write_record(tmp_path / "release", "Audio", file_path=f"{where}{FIRST}.wav")
        assert only(emotiontalk.read(tmp_path / "release"))[0].audio is None


def test_votes_and_soft_labels_of_every_view(tmp_path: Path) -> None:
    text = {"A": {"emotion": "sad", "Confidence_degree": "3"}, "B": {"emotion": "happy", "Confidence_degree": "1"}}
    fused = {"A": {"emotion": "happy", "Continuous_label": "1"}, "B": {"emotion": "happy", "sentiment": -0.5}}
    write_record(tmp_path, "Text", data=text)
    write_record(tmp_path, "Multimodal", data=fused)
    write_record(tmp_path, "Audio", data=text)
    write_record(tmp_path, "Video")
    _, annotation = only(emotiontalk.read(tmp_path))
    assert annotation.votes == {
        "text": [Vote("A", "sad", 3.0), Vote("B", "happy", 1.0)],
        "audio": [Vote("A", "sad", 3.0), Vote("B", "happy", 1.0)],
        "multimodal": [Vote("A", "happy"), Vote("B", "happy")],
        "valence": [Vote("A", "1"), Vote("B", "-0.5")],
    }
    assert set(annotation.soft) == {"emotion7", "text/emotion7", "audio/emotion7"}
    assert (annotation.soft["text/emotion7"]["sad"], annotation.soft["emotion7"]["happy"]) == (0.75, 1)


@pytest.mark.parametrize("confidences", [("0", "8"), ("-2", "2"), ("", "8")])
def test_confidences_that_weigh_nothing_are_no_weights(tmp_path: Path, confidences: tuple[str, str]) -> None:
    votes = zip("AB", ("sad", "happy"), confidences, strict=True)
    write_record(tmp_path, "Text", data={a: {"emotion": e, "Confidence_degree": c} for a, e, c in votes})
    assert only(emotiontalk.read(tmp_path))[1].soft["text/emotion7"]["sad"] == 0.5


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"paragraphs": {"startTime": "NaN"}}, "'paragraphs.startTime' is 'NaN'; expected a number"),
        ({"paragraphs": {"startTime": "1e400"}}, "'paragraphs.startTime' is '1e400'; expected a number"),
        ({"paragraphs": {"startTime": 10**400}}, "'paragraphs.startTime' is '1000"),
        ({"paragraphs": {"startTime": [1]}}, "'paragraphs.startTime' is of type list; expected a number"),
        ({"paragraphs": {"startTime": float("nan")}}, "holds the number NaN"),
        ({"data": {"A": {"emotion": ["sad"]}}}, "the label is of type list"),
        ({"data": {"A": {"Continuous_label": 1, "sentiment": 2}}}, "'data.A' holds two continuous votes"),
        ({"file_path": ["x"]}, "its file name is of type list"),
        ({"file_path": "x" * MANY}, "says that it is about 'xxx"),
        ({"emotion_result": "x" * MANY}, "unknown label 'xxx"),
    ],
)
def test_odd_values_are_one_clear_error(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    path = write_record(tmp_path, "Multimodal", **fields)
    with pytest.raises(ReleaseError) as caught:
        emotiontalk.read(tmp_path)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_oddities_that_change_no_label_are_counted(tmp_path: Path) -> None:
    path = write_record(tmp_path, "Audio", speaker_id=["05"], paragraphs={"startTime": 3, "endTime": 2})
    path.write_text(path.read_text().replace('"emotion_result"', '"emotion_result": "sad", "emotion_result"'))
    release = emotiontalk.read(tmp_path)
    assert only(release)[1].native["audio"] == "happy"
    for count in (
        "1 files name another speaker_id than",
        "1 objects in the files say a key twice",
        "1 utterances end at their start or before it",
    ):
        assert any(note.startswith(count) for note in release.notes)


@pytest.mark.parametrize("id_", ["G00002_01_05_" + "1" * 200, "G00002_01_05_٠٠١", "readme"])
def test_ids_are_short_and_plain(tmp_path: Path, id_: str) -> None:
    write_record(tmp_path, "Text", id_)
    with pytest.raises(ReleaseError, match="is not an utterance id"):
        emotiontalk.read(tmp_path)


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    write_record(tmp_path, "Text")
    folder = tmp_path / "Text" / "json"
    os.mkfifo(folder / f"{SECOND}.json")
    (folder / "G00002_01_05_003.json").mkdir()
    (folder / "G00002_01_05_004.json").symlink_to("/etc/hostname")
    release = emotiontalk.read(tmp_path)
    assert release.rows == 1
    assert any("1 entries are neither files nor folders" in note for note in release.notes)
    assert any("1 links lead out of the release" in note for note in release.notes)


@pytest.mark.parametrize("text", ["[" * MANY, "[ " * MANY, "[over" + " " * MANY + "x", "[over]" * MANY + "x"])
def test_an_endless_transcript_takes_no_endless_time(text: str) -> None:
    cleaned, _ = clean(text)
    assert cleaned is None or not set("[]") & set(cleaned)


def test_folders_without_a_label_hold_no_release(tmp_path: Path) -> None:
    (tmp_path / "Audio" / "json").mkdir(parents=True)
    with pytest.raises(ReleaseError, match="its json folders hold no label; expected"):
        emotiontalk.read(tmp_path)
