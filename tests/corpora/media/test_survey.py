"""Rows of media.jsonl: states, flags, and a survey that is killed and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from clips import sine, write_picture
from small_studies import SUPPORT

from harness.core.errors import ResultError
from harness.corpora.media import probe_many
from harness.corpora.media.clips import Guard
from harness.corpora.media.probe_facts import Probe
from harness.corpora.media.survey import survey
from harness.study.media_rows import read_media, write_media
from harness.study.utterance import MediaPart, Utterance

GUARD = Guard(slack=2.0, longest=60.0)
RATE = 8_000


def utterance(name: str, audio: str | None = None, video: str | None = None, **facts: Any) -> Utterance:
    return Utterance(name, "train", "d1", 0, "s1", "en", "yes", audio=audio, video=video, **facts)


def tone(path: Path, seconds: float, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sine(seconds, rate=rate), rate)
    return path


def rows_of(release: Path, utterances: list[Utterance], workers: int = 1) -> list[dict[str, Any]]:
    return survey(release, utterances, GUARD, workers, release.parent / "cache")


@pytest.fixture
def release(tmp_path: Path) -> Path:
    (tmp_path / "release").mkdir()
    return tmp_path / "release"


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are opened."""
    names: list[str] = []

    def counted(path: Path) -> Probe:
        names.append(path.name)
        return probe(path)

    probe = probe_many.probe
    monkeypatch.setattr(probe_many, "probe", counted)
    return names


def test_a_row_says_what_a_clip_holds(release: Path) -> None:
    tone(release / "wav" / "a.wav", 1.5)
    write_picture(release / "a.mp4", 25)
    heard, seen = rows_of(release, [utterance("a", "wav/a.wav", "a.mp4", start=10.0, end=11.5)])
    facts = {"id": "a", "state": "ok", "problem": ""}
    assert heard == heard | facts | {"modality": "audio", "path": "wav/a.wav", "seconds": 1.5, "flags": []}
    assert heard == heard | {"codec": "pcm_s16le", "rate": RATE, "channels": 1, "bytes": 24_044}
    assert seen == seen | facts | {"modality": "video", "path": "a.mp4", "seconds": 1.0, "flags": ["length_differs"]}
    assert seen == seen | {"codec": "h264", "width": 64, "height": 48, "fps": 25.0, "frames": 25}


def test_states(release: Path) -> None:
    tone(release / "a.wav", 1.0)
    write_picture(release / "silent.mp4", 5)
    (release / "bad.mp4").write_text("<html>")
    rows = rows_of(
        release,
        [
            utterance("no path", None, "a.wav"),
            utterance("gone", "gone.wav", "silent.mp4"),
            utterance("silent", "silent.mp4", "bad.mp4"),
        ],
    )
    assert [(row["id"], row["modality"], row["state"]) for row in rows] == [
        ("no path", "audio", "missing"),
        ("no path", "video", "no_picture"),
        ("gone", "audio", "missing"),
        ("gone", "video", "ok"),
        ("silent", "audio", "no_sound"),
        ("silent", "video", "unreadable"),
    ]
    assert rows[0]["path"] is None
    assert all(bool(row["problem"]) == (row["state"] in ("missing", "unreadable")) for row in rows)


def test_a_path_out_of_the_release_is_not_followed(release: Path, probed: list[str]) -> None:
    other = tone(release.parent / "other.wav", 1.0)
    rows = rows_of(release, [utterance("a", "../other.wav"), utterance("b", str(other)), utterance("c", "x/../../o")])
    assert [row["state"] for row in rows] == ["unreadable"] * 3
    assert rows[0]["problem"] == "its path leads out of the release"
    assert probed == []


@pytest.mark.parametrize(
    ("seconds", "stated", "flags"),
    [
        (1.0, None, []),
        (0.19, None, ["short"]),
        (0.2, None, []),
        (60.0, None, []),
        (60.1, None, ["long"]),
        (1.0, 1.25, []),
        (1.0, 1.4, ["length_differs"]),
        (1.0, 0.6, ["length_differs"]),
        (3.1, 1.0, ["long", "length_differs"]),
        (0.05, 0.5, ["short", "length_differs"]),
    ],
)
def test_flags_of_lengths(seconds: float, stated: float | None, flags: list[str], release: Path) -> None:
    tone(release / "a.wav", seconds)
    times = {} if stated is None else {"start": 100.0, "end": 100.0 + stated}
    assert rows_of(release, [utterance("a", "a.wav", **times)])[0]["flags"] == flags


def test_dual_mono_is_a_flag_of_sound_alone(release: Path) -> None:
    soundfile.write(release / "a.wav", np.stack([sine(1.0), sine(1.0)], axis=1), 48_000)
    assert rows_of(release, [utterance("a", "a.wav")])[0]["flags"] == ["dual_mono"]


@pytest.mark.parametrize(
    ("part", "state", "seconds", "flags"),
    [
        (MediaPart(1.0, 2.5), "ok", 1.5, []),
        (MediaPart(3.0, 9.0), "ok", 1.0, ["overruns"]),
        (MediaPart(3.0, None), "ok", 1.0, []),
        (MediaPart(None, None, "left"), "ok", 4.0, ["length_differs"]),
        (MediaPart(4.0, 5.0), "outside_file", None, []),
        (MediaPart(-1.0, 5.0), "outside_file", None, []),
        (MediaPart(2.0, 2.0), "outside_file", None, []),
        (MediaPart(float("nan"), 2.0), "outside_file", None, []),
        (MediaPart(1.0, 2.0, "top"), "outside_file", None, []),
    ],
)
def test_parts_of_a_dialogue(part: MediaPart, state: str, seconds: float, flags: list[str], release: Path) -> None:
    tone(release / "a.wav", 4.0)
    (row,) = rows_of(release, [utterance("a", "a.wav", parts={"audio": part}, start=0.0, end=2.0)])
    assert (row["state"], row["flags"]) == (state, flags)
    if state == "ok":
        assert row["seconds"] == seconds


def test_a_file_of_many_utterances_is_opened_once(release: Path, probed: list[str]) -> None:
    tone(release / "a.wav", 4.0)
    parts = [utterance(f"u{n}", "a.wav", "a.wav", parts={"audio": MediaPart(n, n + 1.0)}) for n in range(4)]
    rows = rows_of(release, parts)
    assert probed == ["a.wav"]
    assert [row["seconds"] for row in rows if row["modality"] == "audio"] == [1.0] * 4


def test_a_corpus_without_any_file_has_no_rows(release: Path, probed: list[str]) -> None:
    assert rows_of(release, [utterance("a"), utterance("b")]) == []
    assert not (release.parent / "cache").exists()
    assert probed == []


def test_only_what_changed_is_probed_again(release: Path, probed: list[str]) -> None:
    spoken = [utterance(name, f"{name}.wav") for name in "abc"]
    for name in "abc":
        tone(release / f"{name}.wav", 1.0)
    first = rows_of(release, spoken)
    assert probed == ["a.wav", "b.wav", "c.wav"]
    assert rows_of(release, spoken) == first
    assert len(probed) == 3
    tone(release / "b.wav", 2.0)
    again = rows_of(release, spoken)
    assert probed[3:] == ["b.wav"]
    assert [row["seconds"] for row in again] == [1.0, 2.0, 1.0]
    (release / "c.wav").unlink()
    assert rows_of(release, spoken)[2]["state"] == "missing"
    assert len(probed) == 4


def test_an_edit_of_the_same_length_is_seen(release: Path, probed: list[str]) -> None:
    path = tone(release / "a.wav", 1.0)
    (before,) = rows_of(release, [utterance("a", "a.wav")])
    soundfile.write(path, 0.5 * sine(1.0, rate=RATE), RATE)
    (after,) = rows_of(release, [utterance("a", "a.wav")])
    assert probed == ["a.wav", "a.wav"]
    assert before["fingerprint"] != after["fingerprint"]


def test_other_code_probes_again(release: Path, probed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    tone(release / "a.wav", 1.0)
    rows_of(release, [utterance("a", "a.wav")])
    monkeypatch.setattr(probe_many, "_code", lambda: "another")
    rows_of(release, [utterance("a", "a.wav")])
    assert probed == ["a.wav", "a.wav"]
    assert [path.name for path in (release.parent / "cache").iterdir()] == ["another"]


def test_two_processes_find_what_one_finds(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_many, "SHARE", 4)
    spoken = [utterance(f"u{n}", tone(release / f"{n}.wav", 0.1 + 0.05 * n).name) for n in range(10)]
    alone = survey(release, spoken, GUARD, 1, release.parent / "one")
    assert survey(release, spoken, GUARD, 2, release.parent / "two") == alone


SLOW = """
import sys, time
from pathlib import Path
from harness.corpora.media import probe_many
sys.path += sys.argv[2:]
from test_survey import many, rows_of
probe = probe_many.probe
probe_many.SHARE = 5
probe_many.probe = lambda path: (time.sleep(0.02), probe(path))[1]
release = Path(sys.argv[1])
rows_of(release, many(release))
"""


def many(release: Path) -> list[Utterance]:
    return [utterance(f"u{path.stem}", path.name) for path in sorted(release.glob("*.wav"))]


def test_a_killed_survey_goes_on_where_it_was(release: Path, probed: list[str]) -> None:
    for number in range(60):
        tone(release / f"{number:02}.wav", 0.3 + 0.01 * number)
    whole = survey(release, many(release), GUARD, 1, release.parent / "undisturbed")
    assert len(probed) == 60
    cache = release.parent / "cache"
    started = subprocess.Popen([sys.executable, "-c", SLOW, str(release), str(Path(__file__).parent), str(SUPPORT)])
    deadline = time.monotonic() + 60
    while len(list(cache.rglob("*.jsonl"))) < 3:
        assert started.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    kept = 5 * len(list(cache.rglob("*.jsonl")))
    assert 15 <= kept < 60
    assert rows_of(release, many(release)) == whole
    # The file at which it stood is looked at in another process: it may be what ended the first.
    assert 60 - kept - 1 <= len(probed) - 60 <= 60 - kept
    assert rows_of(release, many(release)) == whole
    assert sorted(path.name for path in cache.rglob("*") if path.is_file()) == ["whole.jsonl"]


def deadly(piece: probe_many.ProbePiece) -> None:
    """Probe a piece in a world where one file brings the decoder down."""
    probe = probe_many.probe

    def probe_or_die(path: Path) -> Probe:
        if path.name == "3.wav":
            os.kill(os.getpid(), signal.SIGKILL)
        return probe(path)

    probe_many.probe = probe_or_die  # type: ignore[assignment]
    probe_many.probe_piece(piece)
    probe_many.probe = probe


def test_a_file_that_kills_its_reader_is_unreadable(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = [utterance(f"u{n}", tone(release / f"{n}.wav", 0.3).name) for n in range(6)]
    monkeypatch.setattr(probe_many, "SHARE", 3)
    run = probe_many.engine.run
    monkeypatch.setattr(probe_many.engine, "run", lambda work, *rest, **needs: run(deadly, *rest, **needs))
    states = [row["state"] for row in rows_of(release, spoken, workers=2)]
    assert states == ["ok", "ok", "ok", "unreadable", "ok", "ok"]
    assert [row["state"] for row in rows_of(release, spoken)] == states


def test_media_jsonl_is_read_as_written(release: Path) -> None:
    tone(release / "声.wav", 1.0)
    rows = rows_of(release, [utterance("a", "声.wav"), utterance("b")])
    path = release.parent / "media.jsonl"
    write_media(path, rows)
    assert read_media(path) == rows
    write_media(path, [])
    assert read_media(path) == []
    path.write_text('{"id": "a"}\n')
    with pytest.raises(ResultError, match="line 1: not a row of media"):
        read_media(path)
    path.write_text('{"id": "a"')
    with pytest.raises(ResultError, match="line 1: damaged"):
        read_media(path)


@pytest.mark.parametrize(
    "edit", [lambda t: t[:-20], lambda t: "", lambda t: t.replace('"seconds": 1.0', '"seconds": 9.0')]
)
def test_a_piece_that_was_edited_is_probed_again(release: Path, edit: Any, caplog: Any) -> None:
    tone(release / "a.wav", 1.0)
    before = rows_of(release, [utterance("a", "a.wav")])
    (piece,) = (release.parent / "cache").rglob("*.jsonl")
    written = piece.read_text()
    piece.write_text(edit(written))
    assert piece.read_text() != written
    assert rows_of(release, [utterance("a", "a.wav")]) == before
    assert f"{piece}: damaged" in caplog.text
    assert piece.read_text() == written


def test_a_file_that_was_exchanged_under_its_old_time_is_probed_again(release: Path) -> None:
    tone(release / "a.wav", 1.0)
    times = (release / "a.wav").stat()
    (before,) = rows_of(release, [utterance("a", "a.wav")])
    soundfile.write(release / "a.wav", sine(1.0, 880.0, rate=RATE), RATE)
    os.utime(release / "a.wav", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert (release / "a.wav").stat().st_size == times.st_size
    (after,) = rows_of(release, [utterance("a", "a.wav")])
    assert after["fingerprint"] != before["fingerprint"]
