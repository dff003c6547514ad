"""The promises every adapter makes, and the JSON lines they are kept in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import HarnessError, ResultError
from harness.study import manifest
from harness.study.labels import Shared, absent, outside
from harness.study.release import Annotation, Dropped, Release, Vote
from harness.study.utterance import Utterance


def utterance(name: str, split: Any = "train", **facts: Any) -> Utterance:
    return Utterance(name, split, "d1", 0, "s1", "zh", "你好，\u2028世界“”", **facts)


def shared(**changes: Shared) -> dict[str, Shared]:
    known = {
        "emotion4": Shared("happy"),
        "emotion7": Shared("happy"),
        "polarity3": Shared("positive"),
        "valence": Shared(0.5),
    }
    return known | changes


def release() -> Release:
    rows = [utterance("a"), utterance("b", "dev"), utterance("c", "test")]
    return Release("made up", 4, rows, [Annotation(row.id, {}, shared()) for row in rows], [Dropped("line 4", "blank")])


def folded(folds: int) -> Release:
    rows = [utterance(f"u{n}", fold=f"Ses{n}") for n in range(folds)]
    return Release("made up", folds, rows, [Annotation(row.id, {}, shared()) for row in rows])


def relabel(**changes: Shared) -> Callable[[Release], object]:
    return lambda made: made.annotations[1].shared.update(changes)


def test_a_sound_release_passes() -> None:
    manifest.validate("tiny", release())
    manifest.validate("tiny", folded(3))


BROKEN: dict[str, Callable[[Release], object]] = {
    r"tiny: 1 ids that repeat: a$": lambda made: setattr(made.utterances[1], "id", "a"),
    r"tiny: 1 utterances without a label row: b$": lambda made: made.annotations.pop(1),
    r"tiny: 1 label rows without an utterance: x$": lambda made: made.annotations.append(Annotation("x", {}, shared())),
    r"tiny: 1 utterances of an unknown split: b$": lambda made: setattr(made.utterances[1], "split", "val"),
    r"tiny: the release has 5 rows, but 3 were kept and 1 dropped; the adapter loses rows": lambda made: setattr(
        made, "rows", 5
    ),
    r"tiny: b \(multimodal\): answers the spaces \['emotion4', 'emotion7', 'polarity3'\]": lambda made: (
        made.annotations[1].shared.pop("valence")
    ),
    r"tiny: b \(audio\): answers the spaces \[\]": lambda made: made.annotations[1].views.update(audio={}),
    r"tiny: b \(multimodal\): 'joy' is no value of emotion7": relabel(emotion7=Shared("joy")),
    r"tiny: b \(multimodal\): 'fear' is no value of emotion4": relabel(emotion4=Shared("fear")),
    r"tiny: b \(multimodal\): 1.5 is no value of valence": relabel(valence=Shared(1.5)),
    r"tiny: b \(multimodal\): nan is no value of valence": relabel(valence=Shared(float("nan"))),
    r"tiny: b \(multimodal\): 'happy' is no value of valence": relabel(valence=Shared("happy")),
    r"tiny: b \(text\): 'joy' is no value of emotion7": lambda made: made.annotations[1].views.update(
        text=shared(emotion7=Shared("joy"))
    ),
    r"tiny: the split dev is empty \(made up\)": lambda made: setattr(made.utterances[1], "split", "train"),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_promise_is_named(message: str) -> None:
    made = release()
    BROKEN[message](made)
    with pytest.raises(HarnessError, match=message):
        manifest.validate("tiny", made)


def test_two_folds_are_too_few() -> None:
    with pytest.raises(HarnessError, match="2 folds; leave-one-out needs at least 3"):
        manifest.validate("tiny", folded(2))


def test_only_the_first_five_of_many_are_listed() -> None:
    made = folded(8)
    made.annotations.clear()
    with pytest.raises(HarnessError, match=r"8 utterances without a label row: u0, u1, u2, u3, u4, \.\.\.$"):
        manifest.validate("tiny", made)


def test_utterances_round_trip(tmp_path: Path) -> None:
    rows = [
        utterance(
            "a", fold="Ses01", gender="female", translations={"en": "hello"}, audio="a/b.wav", start=1.5, end=2.0
        ),
        utterance("中", strata={"kind": "scripted"}, flags=["overlap"]),
        Utterance("c", "test", "d2", 3, None, "en", None),
    ]
    manifest.write_utterances(tmp_path / "u.jsonl", rows)
    assert manifest.read_utterances(tmp_path / "u.jsonl") == rows
    lines = (tmp_path / "u.jsonl").read_text(encoding="utf-8").split("\n")
    assert len(lines) == 4
    assert json.loads(lines[1])["id"] == "中"
    assert "中" in lines[1], "a person can read it"


def test_labels_round_trip_with_views_votes_and_reasons(tmp_path: Path) -> None:
    row = Annotation(
        "a",
        {"emotion": "开心", "val": -0.2},
        shared(valence=absent(), emotion4=outside("sur")),
        views={"text": shared(emotion7=Shared("sad"))},
        votes={"multimodal": [Vote("w1", "happy", 0.9), Vote("w2", "sad")]},
        soft={"emotion7": {"happy": 0.5, "sad": 0.5}},
    )
    manifest.write_labels(tmp_path / "l.jsonl", [row, Annotation("b", {}, shared())])
    read = manifest.read_labels(tmp_path / "l.jsonl")
    assert set(read) == {"a", "b"}
    assert read["a"]["native"] == row.native
    assert read["a"]["reasons"] == {"valence": "not_annotated", "emotion4": "outside_space:sur"}
    assert read["b"]["reasons"] == {}
    assert read["a"]["votes"]["multimodal"]["w1"] == {"label": "happy", "confidence": 0.9}
    assert read["a"]["soft"] == row.soft
    assert manifest.label_of(read["a"], "emotion7") == "happy"
    assert manifest.label_of(read["a"], "emotion7", "text") == "sad"
    assert manifest.label_of(read["a"], "emotion7", "video") is None
    assert manifest.label_of(read["a"], "valence") is None


def test_nan_is_refused_in_a_native_label(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        manifest.write_labels(tmp_path / "l.jsonl", [Annotation("a", {"val": float("nan")}, shared())])
    assert not (tmp_path / "l.jsonl").exists()


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "u.jsonl"
    manifest.write_utterances(path, [utterance("a"), utterance("b"), utterance("c")])
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) - 20], encoding="utf-8")
    with pytest.raises(ResultError, match=r"u\.jsonl, line 3: damaged .*run `dvc repro prepare`"):
        manifest.read_utterances(path)


@pytest.mark.parametrize("line", ['{"id": "a"}', "[]", "5"])
def test_a_line_of_another_version_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "u.jsonl"
    manifest.write_utterances(path, [utterance("a")])
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(ResultError, match=r"u\.jsonl, line 2: not an utterance of this version"):
        manifest.read_utterances(path)


@pytest.mark.parametrize("read", [manifest.read_utterances, manifest.read_labels])
def test_a_missing_file_names_the_command(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(ResultError, match=r"x\.jsonl: cannot be read .*run `dvc repro prepare`"):
        read(tmp_path / "x.jsonl")
