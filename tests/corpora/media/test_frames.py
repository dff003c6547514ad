"""The frame that is given for a time is the one that was on screen then."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from clips import GUARD, clip, numbers, paint, sine, write_picture, write_sound

from harness.core.errors import MediaError, SettingError
from harness.corpora.media.clips import Clip, Guard
from harness.corpora.media.decode import Reading
from harness.corpora.media.frames import read_frames, walk_frames

# Container, codec, pictures between the others that wait for a later one.
FILMS = [
    ("a.mp4", "libx264", 2),
    ("a.mp4", "mpeg4", 2),
    ("a.mkv", "libx264", 2),
    ("a.avi", "mpeg4", 0),
    ("a.avi", "mpeg4", 2),
    ("a.ts", "libx264", 2),
]


def reason(a_clip: Clip, guard: Guard = GUARD) -> str:
    with pytest.raises(MediaError) as caught:
        read_frames(a_clip, 5, guard)
    return caught.value.reason


@pytest.mark.parametrize(("name", "codec", "between"), FILMS)
def test_a_frame_is_the_one_on_screen_at_its_time(tmp_path: Path, name: str, codec: str, between: int) -> None:
    path = write_picture(tmp_path / name, 100, codec, between=between)
    for start, end, fps in [(None, None, 25), (None, None, 10), (2.5, 3.3, 25), (1.03, 2.9, 7), (3.97, None, 25)]:
        first, last = Fraction(str(start or 0)), Fraction(str(end or 4))
        times = [first + Fraction(k, fps) for k in range(math.ceil((last - first) * fps))]
        frames = read_frames(clip(path, start, end), fps, GUARD)
        assert frames.dtype == np.uint8
        assert frames.shape == (len(times), 48, 64, 3)
        assert numbers(frames) == [math.floor(time * 25) for time in times]


def test_frames_of_a_varying_rate_are_shown_as_long_as_they_last(tmp_path: Path) -> None:
    ticks = [0, 1, 2, 10, 11, 30, 31]  # of a 25th of a second
    path = write_picture(tmp_path / "a.mkv", len(ticks), ticks=ticks)
    expected = [max(k for k, tick in enumerate(ticks) if tick <= time) for time in range(32)]
    assert numbers(read_frames(clip(path), 25, GUARD))[:32] == expected
    assert numbers(read_frames(clip(path, 0.2, 1.0), 25, GUARD)) == expected[5:25]


def test_a_rate_above_the_films_repeats_frames(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.mp4", 3)
    assert numbers(read_frames(clip(path), 50, GUARD)) == [0, 0, 1, 1, 2, 2]
    assert numbers(read_frames(clip(write_picture(tmp_path / "b.mp4", 1)), 1, GUARD)) == [0]


def test_a_half_is_cut_out_before_it_is_resized(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.mp4", 4, size=(96, 48))
    whole = read_frames(clip(path), 25, GUARD)
    left, right = (read_frames(clip(path, half=half), 25, GUARD) for half in ("left", "right"))
    np.testing.assert_array_equal(left, whole[:, :, :48])
    np.testing.assert_array_equal(right, whole[:, :, 48:])
    small = read_frames(clip(path, half="right"), 25, GUARD, size=(8, 6))
    assert small.shape == (4, 6, 8, 3)
    # Nothing of the other half, which is 20 brighter, comes through the filter at the seam.
    assert abs(small[:, :, 1].mean() - right[:, :, 8:16].mean()) < 1.5
    with pytest.raises(MediaError, match="no half of a picture is called 'upper'"):
        read_frames(clip(path, half="upper"), 25, GUARD)


def test_a_resized_picture_keeps_what_is_where(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.mp4", 4)
    small = read_frames(clip(path), 25, GUARD, size=(16, 12))
    assert small.shape == (4, 12, 16, 3)
    assert numbers(small) == [0, 1, 2, 3]
    assert small[:, :, :6].mean() - small[:, :, 10:].mean() == pytest.approx(20, abs=1.5)


@pytest.mark.parametrize(("turned", "edge"), [(90, np.s_[:, :8]), (-90, np.s_[:, -8:]), (180, np.s_[-8:])])
def test_a_turned_picture_is_shown_upright(tmp_path: Path, turned: int, edge: tuple[slice, ...]) -> None:
    path = write_picture(tmp_path / "a.mp4", 2, turned=turned)
    frame = read_frames(clip(path), 25, GUARD)[0]
    assert frame.shape == ((48, 64, 3) if turned == 180 else (64, 48, 3))
    assert frame[edge].mean() > 230  # what was stored at the top
    assert read_frames(clip(path), 25, GUARD, size=(20, 10)).shape == (2, 10, 20, 3)


def test_a_wrongly_cut_clip_is_read_as_far_as_stated(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.mp4", 300 * 25, size=(32, 32))
    reading = Reading()
    assert len(read_frames(Clip(path, stated=3.0), 5, GUARD, reading=reading)) == 25
    assert reading.cut
    assert not reading.damaged
    assert reading.decoded == 5 * 25 + 1  # the last one says that there is more
    reading = Reading()
    assert len(read_frames(clip(path, 250.0, 251.0), 25, GUARD, reading=reading)) == 25
    assert not reading.cut
    assert reading.decoded < 3 * 25  # it went there, not through everything before


def test_a_long_clip_can_be_walked(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.mp4", 90)
    reading = Reading()
    taken = list(islice(walk_frames(clip(path), 5, GUARD, reading=reading), 3))
    assert numbers(np.stack(taken)) == [0, 5, 10]
    assert reading.decoded < 20
    np.testing.assert_array_equal(np.stack(list(walk_frames(clip(path), 5, GUARD))), read_frames(clip(path), 5, GUARD))


def test_a_picture_that_begins_after_the_sound_keeps_its_time(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=48_000, layout="mono")
        film = container.add_stream("libx264", rate=25)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        frame = av.AudioFrame.from_ndarray(sine(2.0)[None], format="fltp", layout="mono")
        frame.sample_rate = 48_000
        container.mux(sound.encode(frame))
        for k in range(25):  # from second 1 on
            shot = av.VideoFrame.from_ndarray(paint(k), format="rgb24")
            shot.pts, shot.time_base = 25 + k, Fraction(1, 25)
            container.mux(film.encode(shot))
        container.mux([*sound.encode(None), *film.encode(None)])
    assert numbers(read_frames(clip(path, 1.2, 1.6), 5, GUARD)) == [5, 10]
    assert numbers(read_frames(clip(path, 0.6, 1.6), 5, GUARD)) == [0, 0, 0, 5, 10]
    assert numbers(read_frames(clip(path), 5, GUARD)) == [0, 5, 10, 15, 20]


def test_a_clip_outside_its_file_is_refused(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.mp4", 50)
    for start, end in [(2.0, 3.0), (100.0, None), (-1.0, 1.0), (1.0, 1.0), (1.5, 0.5), (math.nan, None)]:
        assert reason(clip(path, start, end)) == "outside_file"
    assert len(read_frames(clip(path, 1.8, 9.0), 25, GUARD)) == 5


def test_what_holds_no_picture_says_why(tmp_path: Path) -> None:
    film = write_picture(tmp_path / "film.mp4", 50).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(film[: len(film) // 2])
    (tmp_path / "zero.mp4").touch()
    write_sound(tmp_path / "song.mp4", sine(0.2))
    names = ["cut.mp4", "zero.mp4", "song.mp4", "gone.mp4"]
    assert [reason(clip(tmp_path / name)) for name in names] == ["unreadable", "empty", "no_picture", "missing"]


def test_damage_leaves_the_rest_and_is_told(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.mp4", 90)
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.pos and packet.size]
    content = bytearray(path.read_bytes())
    for at, size in places[40:50]:
        content[at : at + size] = b"\xff" * size
    path.write_bytes(content)
    reading = Reading()
    frames = read_frames(clip(path), 25, GUARD, reading=reading)
    assert reading.damaged
    assert numbers(frames)[:30] == list(range(30))
    assert numbers(frames)[-20:] == list(range(70, 90))
    reading = Reading()
    assert numbers(read_frames(clip(path, 2.8), 25, GUARD, reading=reading)) == list(range(70, 90))
    assert not reading.damaged  # it lies elsewhere


@pytest.mark.parametrize("fps", [0, -5, math.nan, math.inf])
def test_a_rate_that_is_none_is_refused(tmp_path: Path, fps: float) -> None:
    with pytest.raises(SettingError, match="fps is"):
        read_frames(clip(tmp_path / "a.mp4"), fps, GUARD)
