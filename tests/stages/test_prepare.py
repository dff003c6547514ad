"""`prepare` and the clips of a release: media.jsonl, the section of the card, and the lines that are printed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import soundfile
from clips import sine, write_picture
from small_studies import params_of, stage

from harness.core import paths
from harness.core.files import read_json
from harness.corpora.media.summary import media_facts, media_lines
from harness.corpora.reading import links
from harness.corpora.reading.card import summary
from harness.corpora.synthetic.release import Plan, write
from harness.corpora.synthetic.world import World
from harness.study import manifest
from harness.study.media_rows import read_media
from harness.study.release import Release
from harness.study.utterance import MediaPart, Utterance

WORLD = World(utterances=60, dialogues=20, speakers=10)


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    write(Plan(WORLD), "meld", "meld", Path("meld"))
    links.link("meld", Path("meld"))
    return params_of(tmp_path, corpora=("meld",))


def clip_folder() -> Path:
    folder = Path("meld/train_splits")
    folder.mkdir(exist_ok=True)
    return folder


def some_clips() -> list[str]:
    """Give three utterances of train a clip: good, not media, empty. Return the names of all of train."""
    folder = clip_folder()
    write_picture(folder / "dia0_utt0.mp4", 10)
    (folder / "dia0_utt1.mp4").write_text("<html>404</html>")
    (folder / "dia0_utt2.mp4").touch()
    rows = manifest.read_utterances(paths.utterances("meld"))
    return [row.id for row in rows]


def test_a_release_of_annotation_alone_says_so_in_a_word(
    params: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    stage("prepare", params, "meld")
    media = read_json(paths.card("meld"), "")["media"]
    assert (media["audio"], media["video"], media["files"], media["bytes"]) == ("none linked", "none linked", 0, 0)
    assert read_media(paths.media("meld")) == []
    assert "  audio: none linked\n  video: none linked\n" in capsys.readouterr().out


def test_bad_clips_are_counted_and_stop_nothing(params: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    stage("prepare", params, "meld")
    text_only = paths.labels("meld").read_bytes()
    ids = some_clips()
    stage("prepare", params, "meld")
    rows = read_media(paths.media("meld"))
    assert [row["id"] for row in rows[::2]] == ids
    assert [row["modality"] for row in rows[:2]] == ["audio", "video"]
    video = read_json(paths.card("meld"), "")["media"]["video"]
    assert (video["utterances"], video["files"], video["ok"]) == (len(ids), 3, 1)
    assert video["states"] == {"missing": len(ids) - 3, "unreadable": 1, "empty": 1}
    assert video["seconds"] == {"min": 0.4, "median": 0.4, "mean": 0.4, "max": 0.4}
    assert (video["sizes"], video["codecs"], video["fps"]) == ({"64x48": 1}, {"h264": 1}, {"25": 1})
    audio = read_json(paths.card("meld"), "")["media"]["audio"]
    assert audio["states"] == {"missing": len(ids) - 3, "no_sound": 1, "unreadable": 1, "empty": 1}
    assert (audio["ok"], audio["hours"], audio["seconds"]) == (0, 0, None)
    assert f"  video: 1 of {len(ids)} can be read ({len(ids) - 3} missing, 1 unreadable, 1 empty); " in (
        capsys.readouterr().out
    )
    assert paths.labels("meld").read_bytes() == text_only


def test_a_second_run_writes_the_same(params: dict[str, Any]) -> None:
    stage("prepare", params, "meld")
    some_clips()
    files = [paths.media("meld"), paths.card("meld"), paths.utterances("meld")]
    stage("prepare", params, "meld")
    first = [path.read_bytes() for path in files]
    stage("prepare", params, "meld")
    assert [path.read_bytes() for path in files] == first


def test_a_corpus_that_is_not_linked_has_an_empty_file(params: dict[str, Any]) -> None:
    links.unlink("meld")
    stage("prepare", params, "meld")
    assert paths.media("meld").read_text() == ""


def test_utterances_are_written_as_their_fields_are(tmp_path: Path) -> None:
    row = Utterance("a", "train", "d", 0, None, "zh", "你\u2028好", parts={"video": MediaPart(1.0, None, "left")})
    rich = Utterance("b", "dev", "d", 1, "s", "en", None, translations={"zh": "好"}, flags=["x"], start=0.5, end=1.0)
    manifest.write_utterances(tmp_path / "u.jsonl", [row, rich])
    written = [json.loads(line) for line in (tmp_path / "u.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]
    assert written == [asdict(row), asdict(rich)]
    assert list(written[0]) == list(asdict(row))
    assert manifest.read_utterances(tmp_path / "u.jsonl") == [row, rich]


def release(**facts: Any) -> Release:
    spoken = [Utterance("a", "train", "d", 0, "s", "en", "yes", audio="a.wav", video="a.mp4")]
    return Release("made up", 1, spoken, [], **facts)


@pytest.mark.parametrize(
    ("facts", "surplus"),
    [
        ({}, {}),
        ({"surplus": {"b.mp4": "superseded"}}, {"superseded": 1}),
        ({"media_files": ["a.wav", "a.mp4"]}, {}),
        (
            {"media_files": ["a.wav", "b.mp4", "c.mp4", "d.mp4"], "surplus": {"b.mp4": "superseded"}},
            {"no_utterance": 2, "superseded": 1},
        ),
    ],
)
def test_files_of_no_utterance_are_counted_by_reason(facts: dict[str, Any], surplus: dict[str, int]) -> None:
    assert media_facts([], release(**facts))["surplus"] == surplus


def test_the_lines_of_a_card() -> None:
    facts = media_facts([], release(media_files=["x.mp4"], hidden_media=3))
    assert list(media_lines(facts)) == [
        "audio: none linked",
        "video: none linked",
        "media files that are no utterance's: 1 no_utterance, 3 hidden",
    ]


def test_a_release_is_linked_without_a_look_at_its_clips(params: dict[str, Any]) -> None:
    soundfile.write(clip_folder() / "dia0_utt0.wav", sine(0.5), 48_000)
    stage("prepare", params, "meld")
    facts = read_json(paths.card("meld"), "")
    assert "  audio: 1 of " in summary("meld", facts)
    assert "audio" not in summary("meld", {name: value for name, value in facts.items() if name != "media"})
