"""EmotionTalk's label pack, on a made-up one: its tables, its arrays, and every way they can disagree."""

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_studies import DATA

from harness.core.errors import ReleaseError
from harness.study.labels import SPACES, Shared
from harness.study.release import Annotation, Release
from harness.study.utterance import Utterance
from harness_adapters import emotiontalk

EXCERPT = DATA / "emotiontalk"
ABSENT = Shared(None, "not_annotated")
FIRST = "G00002_01_05_001"
SECOND = "G00002_01_06_002"
DEV = "G00001_03_01_010"
TEST = "G00003_02_02_004"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the made-up label pack, two folders deep as in the authors' repository, with its arrays."""
    folder = tmp_path / "EmotionTalk" / "dataset" / "mm-process"
    shutil.copytree(EXCERPT, folder)
    write_array(folder / "mm_label.npz", {FIRST: (1, -1.6), SECOND: (1, 0.8), DEV: (3, -0.4), TEST: (4, -10)})
    write_array(folder / "audio_label.npz", {FIRST: (0, -10), SECOND: (1, -10), DEV: (6, -10), TEST: (5, -10)})
    return tmp_path


def write_array(path: Path, entries: Mapping[str, tuple[Any, Any]], move: Mapping[str, str] | None = None) -> None:
    members: dict[str, dict[str, Any]] = {"train_corpus": {}, "val_corpus": {}, "test_corpus": {}}
    home = {"G00001": "val_corpus", "G00003": "test_corpus"}
    for id_, (code, value) in entries.items():
        member = (move or {}).get(id_, home.get(id_[:6], "train_corpus"))
        members[member][id_] = {"emo": code, "val": value}
    arrays = {}
    for name, content in members.items():
        arrays[name] = np.empty((), dtype=object)
        arrays[name][()] = content
    np.savez(path, **arrays)


def by_id(release: Release) -> dict[str, tuple[Utterance, Annotation]]:
    pairs = zip(release.utterances, release.annotations, strict=True)
    return {utterance.id: (utterance, annotation) for utterance, annotation in pairs}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new).encode())


class TestPack:
    def test_four_tables_and_two_arrays(self, pack: Path) -> None:
        release = emotiontalk.read(pack)
        rows = by_id(release)
        assert release.variant == "label pack (text, multimodal, audio, video)"
        assert release.files[0] == "EmotionTalk/dataset/mm-process/audio.csv"
        assert [utterance.id for utterance in release.utterances] == [DEV, FIRST, SECOND, TEST]
        utterance, annotation = rows[DEV]
        assert (utterance.split, utterance.dialogue, utterance.speaker, utterance.turn) == (
            "dev",
            "G00001_03",
            "01",
            10,
        )
        assert (utterance.gender, utterance.audio, utterance.video, utterance.start) == (None, None, None, None)
        assert annotation.native == {
            "multimodal": "angry", "text": "sad", "audio": "fearful", "video": "sad", "val": -0.4,
        }  # fmt: skip
        assert annotation.shared == {
            "emotion7": Shared("anger"), "emotion4": Shared("anger"),
            "polarity3": Shared("negative"), "valence": ABSENT,
        }  # fmt: skip
        assert annotation.views["audio"]["emotion4"] == Shared(None, "outside_space:fearful")
        assert set(annotation.views) == {"text", "audio", "video"}
        assert all(set(view) == set(SPACES) for view in (annotation.shared, *annotation.views.values()))
        assert rows[TEST][0].split == "test"
        assert rows[TEST][1].native["val"] is None
        assert rows[TEST][1].shared["polarity3"] == Shared(None, "outside_space:surprised")
        assert any("1 of 2 happy rows" in note for note in release.notes)

    def test_transcripts(self, pack: Path) -> None:
        texts = {
            id_: (utterance.text, utterance.flags) for id_, (utterance, _) in by_id(emotiontalk.read(pack)).items()
        }
        assert texts == {
            FIRST: ("早上好，我来了。", ["overlap"]),
            SECOND: ("你也早", ["laughing"]),
            DEV: ("我的伞不见了", ["overlap", "crying", "interrupted"]),
            TEST: ("下雪了？", ["overlap", "screaming"]),
        }

    def test_a_view_may_be_missing(self, pack: Path) -> None:
        for name in ("mm.csv", "mm_label.npz", "video.csv"):
            next(pack.rglob(name)).unlink()
        release = emotiontalk.read(pack)
        _, annotation = by_id(release)[FIRST]
        assert release.variant == "label pack (text, audio)"
        assert [table.field for table in release.published] == ["text", "audio"]
        assert set(annotation.shared.values()) == {ABSENT}
        assert set(annotation.views["video"].values()) == {ABSENT}
        assert annotation.views["audio"]["emotion7"] == Shared("neutral")
        assert annotation.native == {"multimodal": None, "text": "neutral", "audio": "neutral", "video": None}

    def test_arrays_alone_are_enough(self, pack: Path) -> None:
        full = by_id(emotiontalk.read(pack))
        for name in ("transcription.csv", "mm.csv", "audio.csv", "video.csv"):
            next(pack.rglob(name)).unlink()
        release = emotiontalk.read(pack)
        assert release.variant == "label pack (multimodal, audio)"
        for id_, (utterance, annotation) in by_id(release).items():
            assert utterance.text is None
            assert annotation.shared == full[id_][1].shared
            assert annotation.views["audio"] == full[id_][1].views["audio"]

    def test_a_blank_label_is_absent_with_its_reason(self, pack: Path) -> None:
        edit(next(pack.rglob("video.csv")), f"{FIRST}.mp4,neutral", f"{FIRST}.mp4,")
        _, annotation = by_id(emotiontalk.read(pack))[FIRST]
        assert annotation.views["video"]["emotion7"] == Shared(None, "blank")
        assert annotation.native["video"] is None

    @pytest.mark.parametrize(
        ("file", "old", "new", "said"),
        [
            ("mm.csv", ".mp4,angry", ".mp4,angri", r"mm\.csv, line 4: unknown label 'angri'; did you mean 'angry'\?"),
            ("video.csv", "emotion", "label", r"video\.csv, line 1: column 'emotion' is missing"),
            ("audio.csv", TEST, FIRST, rf"audio\.csv, line 5: {FIRST} stands in line 2 too"),
            ("audio.csv", f"{TEST}.wav", "one.wav", r"line 5: 'one' is not an utterance id; expected the form G00001_"),
            ("transcription.csv", "name,emotion,chinese", "name,emotion", r"column 'chinese' is missing"),
            (
                "mm.csv",
                f"{FIRST}.mp4,happy",
                f"{FIRST}.mp4,sad",
                rf"mm_label\.npz: calls {FIRST} 'happy'; expected 'sad'",
            ),
            (
                "mm.csv",
                f"{TEST}.mp4",
                "G00003_09_02_001.mp4",
                rf"mm_label\.npz: calls {TEST} 'surprised'; expected None",
            ),
        ],
    )
    def test_damaged_tables(self, pack: Path, file: str, old: str, new: str, said: str) -> None:
        edit(next(pack.rglob(file)), old, new)
        with pytest.raises(ReleaseError, match=said):
            emotiontalk.read(pack)

    @pytest.mark.parametrize(
        ("entries", "move", "said"),
        [
            ({FIRST: (1, 0), SECOND: (1, 0), DEV: (3, 0)}, {}, f"lacks {TEST}; expected every utterance of mm.csv"),
            ({DEV: (3, 0)}, {DEV: "train_corpus"}, f"{DEV} stands in train; expected it in dev"),
            ({DEV: (7, 0)}, {}, f"the entry of {DEV} is damaged"),
            ({DEV: (True, 0)}, {}, f"the entry of {DEV} is damaged"),
            ({DEV: (3, "x")}, {}, f"the entry of {DEV} is damaged"),
            *(
                ({DEV: (3, value)}, {}, f"the entry of {DEV} is damaged")
                for value in (math.nan, math.inf, 10**400, True)
            ),
            ({"x": (3, 0)}, {}, "'x' is not an utterance id"),
        ],
    )
    def test_damaged_arrays(
        self, pack: Path, entries: Mapping[str, tuple[Any, Any]], move: Mapping[str, str], said: str
    ) -> None:
        write_array(next(pack.rglob("mm_label.npz")), entries, move)
        with pytest.raises(ReleaseError, match=rf"mm_label\.npz: {said}"):
            emotiontalk.read(pack)
