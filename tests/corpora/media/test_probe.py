"""What is said of one file: the facts of good ones, and one word for each way to be bad."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from clips import RATE, paint, sine, write_picture, write_sound

from harness.corpora.media.probe import probe
from harness.corpora.media.probe_facts import probe_of
from harness.study.utterance import Modality

FORMS = {"mp4": ("libx264", "aac"), "mkv": ("libx264", "aac"), "avi": ("mpeg4", "mp3")}


def film(path: Path, seconds: float = 2.0, layout: str = "stereo", options: dict[str, str] | None = None) -> Path:
    """Write a clip of 25 pictures a second with sound, every channel another tone."""
    seen, heard = FORMS[path.suffix[1:]]
    with av.open(str(path), "w", options=options or {}) as container:
        picture, sound = container.add_stream(seen, rate=25), container.add_stream(heard, rate=RATE, layout=layout)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        count = sound.layout.nb_channels
        planar = np.stack([sine(seconds, 200.0 * (channel + 1)) for channel in range(count)])
        for number in range(round(25 * seconds)):
            frame = av.VideoFrame.from_ndarray(paint(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(picture.encode(frame))
            samples = planar[:, RATE // 25 * number :][:, : RATE // 25]
            heard_now = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
            heard_now.sample_rate, heard_now.pts = RATE, RATE // 25 * number
            container.mux(sound.encode(heard_now))
        container.mux(picture.encode(None))
        container.mux(sound.encode(None))
    return path


def cut(path: Path, share: float = 0.9) -> Path:
    """Break a file off."""
    os.truncate(path, int(path.stat().st_size * share))
    return path


def unfilled(path: Path, share: float = 0.9) -> Path:
    """Make the end of a file zeros, as a download does that reserves its place first."""
    size = path.stat().st_size
    os.truncate(cut(path, share), size)
    return path


def wav(path: Path, sound: np.ndarray, rate: int = 16_000, **options: str) -> Path:
    soundfile.write(path, sound, rate, **options)
    return path


@pytest.mark.parametrize("suffix", FORMS)
def test_a_clip_with_sound_and_picture(suffix: str, tmp_path: Path) -> None:
    found = probe(film(tmp_path / f"a.{suffix}"))
    seen, heard = FORMS[suffix]
    assert (found.reason, found.problem, found.without) == ("", "", {})
    assert found.bytes == (tmp_path / f"a.{suffix}").stat().st_size
    assert found.sound is not None
    assert (found.sound.codec, found.sound.rate, found.sound.channels, found.sound.dual_mono) == (heard, RATE, 2, False)
    assert found.sound.seconds == pytest.approx(2.0, abs=0.05)
    assert found.picture is not None
    assert found.picture.codec == {"libx264": "h264"}.get(seen, seen)
    assert (found.picture.width, found.picture.height, found.picture.fps) == (64, 48, 25.0)
    assert found.picture.frames == {"mkv": None, "mp4": 50, "avi": 51}[suffix]  # AVI counts the frame it waits for
    assert found.picture.seconds == pytest.approx(2.0, abs=0.05)
    assert probe_of(found.record()) == found


@pytest.mark.parametrize(
    ("subtype", "codec"),
    [("PCM_16", "pcm_s16le"), ("PCM_24", "pcm_s24le"), ("FLOAT", "pcm_f32le"), ("PCM_U8", "pcm_u8")],
)
def test_a_wav(subtype: str, codec: str, tmp_path: Path) -> None:
    found = probe(wav(tmp_path / "a.wav", sine(1.5, rate=16_000), subtype=subtype))
    assert found.sound is not None
    assert (found.sound.codec, found.sound.rate, found.sound.channels) == (codec, 16_000, 1)
    assert found.sound.seconds == 1.5
    assert (found.state(Modality.AUDIO), found.state(Modality.VIDEO)) == ("ok", "no_picture")


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.mp3"])
def test_other_sound_files(name: str, tmp_path: Path) -> None:
    found = probe(wav(tmp_path / name, sine(2.0, rate=16_000)))
    assert found.sound is not None
    assert found.sound.codec == {"a.ogg": "vorbis"}.get(name, name[2:])
    assert found.sound.seconds == pytest.approx(2.0, abs=0.1)


def test_a_wav_by_another_name_is_a_wav(tmp_path: Path) -> None:
    wav(tmp_path / "a.wav", sine(1.0)).rename(tmp_path / "a.mp4")
    assert probe(tmp_path / "a.mp4").state(Modality.AUDIO) == "ok"


def test_six_channels_are_counted(tmp_path: Path) -> None:
    found = probe(film(tmp_path / "a.mp4", layout="5.1"))
    assert found.sound is not None
    assert (found.sound.channels, found.sound.dual_mono, found.reason) == (6, False, "")


def test_a_turned_picture_is_measured_as_it_is_displayed(tmp_path: Path) -> None:
    found = probe(write_picture(tmp_path / "a.mp4", 5, turned=90)).picture
    assert found is not None
    assert (found.width, found.height) == (48, 64)


LEFT, RIGHT = sine(1.5, 440.0), sine(1.5, 441.0)


@pytest.mark.parametrize(
    ("left", "right", "dual"),
    [(LEFT, LEFT, True), (LEFT, RIGHT, False), (0 * LEFT, 0 * LEFT, False), (LEFT, -LEFT, False)],
    ids=["alike", "different", "silent", "opposite"],
)
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.m4a", "a.mp3"])
def test_dual_mono(name: str, left: np.ndarray, right: np.ndarray, dual: bool, tmp_path: Path) -> None:
    both = np.stack([left, right])
    if name == "a.m4a":
        write_sound(tmp_path / name, both, "stereo")
    else:
        soundfile.write(tmp_path / name, both.T, RATE)
    found = probe(tmp_path / name).sound
    assert found is not None
    assert (found.channels, found.dual_mono) == (2, dual)


def test_channels_that_part_within_the_first_second_are_two(tmp_path: Path) -> None:
    right = LEFT.copy()
    right[RATE * 8 // 10 :] *= 0.5
    found = probe(wav(tmp_path / "a.wav", np.stack([LEFT, right], axis=1), RATE)).sound
    assert found is not None
    assert not found.dual_mono


def test_a_clip_without_sound_or_picture(tmp_path: Path) -> None:
    silent, heard = probe(write_picture(tmp_path / "a.mp4", 5)), probe(write_sound(tmp_path / "b.m4a", sine(0.5)))
    assert (silent.state(Modality.AUDIO), silent.state(Modality.VIDEO)) == ("no_sound", "ok")
    assert (heard.state(Modality.AUDIO), heard.state(Modality.VIDEO)) == ("ok", "no_picture")


def no_index(path: Path) -> Path:
    """MELD's train dia125_utt3: the index would follow the pictures and sound, and is not there."""
    return cut(film(path), 0.95)


def wav_of_nothing(path: Path) -> Path:
    """M3ED has twelve of them."""
    wav(path.with_suffix(".wav"), np.zeros(0)).rename(path)
    return path


def sound_of_nothing(path: Path) -> Path:
    """A stream that is announced and has no packet."""
    with av.open(str(path.with_suffix(".mkv")), "w") as container:
        picture = container.add_stream("libx264", rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        container.add_stream("aac", rate=RATE)
        frame = av.VideoFrame.from_ndarray(paint(1), format="rgb24")
        container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
    path.with_suffix(".mkv").rename(path)
    return path


BAD = {
    "no index": ("unreadable", no_index),
    "unfilled, index last": ("unreadable", lambda path: unfilled(film(path))),
    "html": ("unreadable", lambda path: path.write_text("<html><body>404 Not Found</body></html>" * 99)),
    "pickle": ("unreadable", lambda path: path.write_bytes(b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00]\x94." * 99)),
    "noise": ("unreadable", lambda path: path.write_bytes(np.random.default_rng(1).bytes(50_000))),
    "stub": ("unreadable", lambda path: path.write_bytes(b"\0\5\26\7\0\2\0\0Mac OS X        " + bytes(188))),
    "playlist": ("unreadable", lambda path: path.write_text("ffconcat version 1.0\nfile other.mp4\n")),
    "fifo": ("unreadable", os.mkfifo),
    "folder": ("unreadable", Path.mkdir),
    "nothing": ("missing", lambda path: None),
    "dangling": ("missing", lambda path: path.symlink_to("gone.mp4")),
    "no byte": ("empty", Path.touch),
    "no sample": ("empty", wav_of_nothing),
    "index first": ("truncated", lambda path: cut(film(path, options={"movflags": "faststart"}))),
    "index first, unfilled": ("truncated", lambda path: unfilled(film(path, options={"movflags": "faststart"}))),
    "fragments": ("truncated", lambda path: cut(film(path, options={"movflags": "frag_keyframe+empty_moov"}))),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_has_a_reason(case: str, tmp_path: Path) -> None:
    film(tmp_path / "other.mp4")
    reason, make = BAD[case]
    make(tmp_path / "a.mp4")
    found = probe(tmp_path / "a.mp4")
    assert found.reason == reason
    assert found.problem
    assert str(tmp_path) not in found.problem
    assert "moov" not in found.problem or case in ("no index", "unfilled, index last")


@pytest.mark.parametrize("harm", [cut, unfilled])
@pytest.mark.parametrize("name", ["a.avi", "a.mkv", "a.flac"])
def test_other_files_that_break_off(name: str, harm: object, tmp_path: Path) -> None:
    path = tmp_path / name
    film(path) if name != "a.flac" else wav(path, np.random.default_rng(1).uniform(-1, 1, 32_000))
    assert probe(path).reason == ""
    assert callable(harm)
    assert probe(harm(path)).reason == "truncated"


def test_a_wav_that_promises_more_than_it_holds(tmp_path: Path) -> None:
    found = probe(cut(wav(tmp_path / "a.wav", sine(2.0, rate=16_000)), 0.5))
    assert found.reason == "truncated"
    assert "32,022 bytes more" in found.problem
    assert found.sound is not None
    assert found.sound.seconds == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF], ids=hex)
def test_a_wav_of_a_program_that_could_not_go_back_to_its_header(size: int, tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", sine(2.0, rate=16_000))
    data = bytearray(path.read_bytes())
    data[40:44] = size.to_bytes(4, "little")
    path.write_bytes(data)
    assert probe(path).reason != "truncated"


def test_one_stream_may_be_good_where_the_other_is_not(tmp_path: Path) -> None:
    found = probe(sound_of_nothing(tmp_path / "a.mp4"))
    assert (found.state(Modality.AUDIO), found.state(Modality.VIDEO)) == ("empty", "ok")


def test_the_fingerprint_is_of_the_content(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, 80_000)
    one = probe(wav(tmp_path / "a.wav", sound)).fingerprint
    assert probe(wav(tmp_path / "b.wav", sound)).fingerprint == one
    assert probe(wav(tmp_path / "b.wav", sound * 0.9)).fingerprint != one
    assert probe(wav(tmp_path / "b.wav", sound[1:])).fingerprint != one


def test_nothing_is_printed_and_a_hostile_clip_does_not_hang(tmp_path: Path) -> None:
    chance = np.random.default_rng(7)
    sources = [film(tmp_path / f"a.{suffix}").read_bytes() for suffix in FORMS]
    for number in range(60):
        data = bytearray(sources[number % len(sources)])
        for place in chance.integers(0, len(data) if number % 2 else 1_000, size=chance.integers(1, 60)):
            data[place] = chance.integers(256)
        (tmp_path / f"{number}.bad").write_bytes(data)
    script = (
        "import sys, pathlib; from harness.corpora.media.probe import probe\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.bad')): print(probe(path).reason or 'ok')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    words = done.stdout.split()
    assert len(words) == 60
    assert {"ok", "unreadable"} < set(words) <= {"ok", "unreadable", "truncated", "empty"}
