"""Sound that is decoded is the sound that was recorded: level, time, rate, channels, and what damage leaves."""

from __future__ import annotations

import math
import struct
import tracemalloc
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import soxr
from clips import GUARD, RATE, clip, sine, sweep, write_picture, write_sound

from harness.core.errors import MediaError
from harness.corpora.media.clips import Clip, Guard
from harness.corpora.media.decode import Reading
from harness.corpora.media.sound import read_sound


def reason(a_clip: Clip, guard: Guard = GUARD) -> str:
    with pytest.raises(MediaError) as caught:
        read_sound(a_clip, 16_000, guard)
    return caught.value.reason


def peak_frequency(samples: np.ndarray, rate: int) -> float:
    return float(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))).argmax()) * rate / len(samples)


@pytest.mark.parametrize(
    ("ending", "kind", "step"),
    [
        ("wav", "PCM_U8", 2**-7),
        ("wav", "PCM_16", 2**-15),
        ("wav", "PCM_24", 2**-23),
        ("wav", "FLOAT", 1e-7),
        ("flac", "PCM_16", 2**-15),
        ("flac", "PCM_24", 2**-23),
    ],
)
def test_wav_and_flac_are_read_to_the_last_bit(tmp_path: Path, ending: str, kind: str, step: float) -> None:
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, sine(0.5), RATE, subtype=kind)
    heard = read_sound(clip(path), RATE, GUARD)
    assert heard.dtype == np.float32
    assert heard.shape == (RATE // 2,)
    assert np.abs(heard - sine(0.5)).max() <= step


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_aac_begins_at_its_first_sample(tmp_path: Path, name: str) -> None:
    # The encoder puts 1,024 samples of silence before the sound, and the container says so.
    heard = read_sound(clip(write_sound(tmp_path / name, sweep(2.0))), RATE, GUARD)
    assert 0 <= len(heard) - 2 * RATE < 1024  # the last packet is filled up
    assert np.abs(heard[: 2 * RATE] - sweep(2.0))[2_000:-2_000].max() < 0.03


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("name", ["a.wav", "a.mp4"])
def test_a_tone_keeps_frequency_and_level_at_any_rate(tmp_path: Path, name: str, rate: int) -> None:
    path = tmp_path / name
    if path.suffix == ".wav":
        soundfile.write(path, sine(2.0, 1_000), RATE)
    else:
        write_sound(path, sine(2.0, 1_000))
    heard = read_sound(clip(path), rate, GUARD)
    assert abs(len(heard) / rate - 2.0) < 0.022
    middle = heard[rate // 4 : rate // 4 + rate]
    assert abs(peak_frequency(middle, rate) - 1_000) <= 1
    assert abs(math.sqrt(2) * middle.std() - 0.5) < 0.005


@pytest.mark.parametrize(("name", "codec"), [("a.wav", ""), ("a.flac", ""), ("a.mp4", "aac"), ("a.mp3", "libmp3lame")])
@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (0.3, 0.9), (2.5, 3.7), (5.00001, 5.9), (1.25, None)])
def test_a_part_is_a_slice_of_the_whole(tmp_path: Path, name: str, codec: str, start: float, end: float | None) -> None:
    path = tmp_path / name
    if codec:
        write_sound(path, sweep(6.0), codec=codec)
    else:
        soundfile.write(path, sweep(6.0), RATE)
    whole = read_sound(clip(path), RATE, GUARD)
    first, last = round(start * RATE), len(whole) if end is None else round(end * RATE)
    part = read_sound(clip(path, start, end), RATE, GUARD)
    assert part.shape == (last - first,)
    assert np.abs(part - whole[first:last]).max() < 2**-15  # AAC's noise is drawn anew


def test_the_resampler_sees_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, sweep(30.0), RATE, subtype="FLOAT")  # more than one block
    np.testing.assert_array_equal(
        read_sound(clip(path), 16_000, GUARD), soxr.resample(sweep(30.0), RATE, 16_000, quality="HQ")
    )
    np.testing.assert_array_equal(
        read_sound(clip(path, 3, 5), 16_000, GUARD),
        soxr.resample(sweep(30.0)[3 * RATE : 5 * RATE], RATE, 16_000, quality="HQ"),
    )


@pytest.mark.parametrize("name", ["a.wav", "a.mp4"])
def test_stereo_and_dual_mono_are_averaged(tmp_path: Path, name: str) -> None:
    for right in (sine(1.0), np.zeros(RATE, np.float32)):
        path, both = tmp_path / name, np.stack([sine(1.0), right])
        if path.suffix == ".wav":
            soundfile.write(path, both.T, RATE)
        else:
            write_sound(path, both, "stereo")
        heard = read_sound(clip(path), RATE, GUARD)[:RATE]
        assert np.abs(heard - both.mean(axis=0))[2_000:-2_000].max() < 0.01


@pytest.mark.parametrize("layout", ["5.1", "5.1(side)", "quad", "7.1", "2.1", "3.0"])
def test_surround_sound_is_mixed_as_ffmpeg_does(tmp_path: Path, layout: str) -> None:
    count = av.AudioLayout(layout).nb_channels
    tones = np.stack([sine(1.0, 300 + 170 * k, 0.3) for k in range(count)])
    path = write_sound(tmp_path / "a.mkv", tones, layout, codec="flac" if count < 8 else "aac")
    with av.open(str(path)) as container:
        mixer = av.AudioResampler("s16", "mono", RATE)
        frames = [one for frame in container.decode(audio=0) for one in mixer.resample(frame)]
        theirs = np.concatenate([frame.to_ndarray()[0] for frame in frames]) / 2**15
    assert np.abs(read_sound(clip(path), RATE, GUARD) - theirs).max() < 2**-14


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp4"])
def test_six_channels_keep_the_dialogue_in_the_centre(tmp_path: Path, name: str) -> None:
    centre = np.stack([np.zeros(RATE, np.float32)] * 6)
    centre[2] = sine(1.0)
    centre[3] = sine(1.0, 60)  # the bass channel is left out
    path = tmp_path / name
    if path.suffix == ".mp4":
        write_sound(path, centre, "5.1")
    else:
        soundfile.write(path, centre.T, RATE)
    heard = read_sound(clip(path), RATE, GUARD)[2_000 : RATE - 2_000]
    assert abs(math.sqrt(2) * heard.std() - 0.5 / (2 + math.sqrt(2))) < 0.002  # BS.775: 1 / (1 + 2·0.707 + 2·0.5)


def test_channels_without_loudspeakers_are_averaged(tmp_path: Path) -> None:
    tones = np.stack([sine(0.2, 300 + 170 * k, 0.3) for k in range(4)])
    soundfile.write(tmp_path / "a.wav", tones.T, RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_sound(clip(tmp_path / "a.wav"), RATE, GUARD), tones.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp4"])
def test_a_wrongly_cut_clip_is_read_as_far_as_stated(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    samples = np.zeros(300 * RATE, np.float32)
    samples[: 10 * RATE] = sine(10.0)
    if path.suffix == ".mp4":
        write_sound(path, samples)
    else:
        soundfile.write(path, samples, RATE)
    reading = Reading()
    assert read_sound(Clip(path, stated=3.0), 16_000, GUARD, reading).shape == (5 * 16_000,)
    assert reading.cut
    assert not reading.damaged
    assert 5 * RATE <= reading.decoded < 5.1 * RATE
    reading = Reading()
    assert read_sound(Clip(path), 16_000, Guard(longest=7.0), reading).shape == (7 * 16_000,)
    assert reading.cut


def test_a_clip_of_the_stated_length_is_not_called_cut(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", sine(3.0), RATE)
    for path in (tmp_path / "a.wav", write_sound(tmp_path / "a.mp4", sine(3.0))):
        for one in (Clip(path, stated=3.0), clip(path, 0.5, 1.5)):
            reading = Reading()
            read_sound(one, RATE, GUARD, reading)
            assert not reading.cut


def test_a_wav_that_lies_about_its_length_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(0.5, rate=16_000), 16_000)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    for lie in (0xFFFFFFFF, 0x7FFFFFF0, 0):
        content[at : at + 4] = struct.pack("<I", lie)
        path.write_bytes(content)
        tracemalloc.start()
        heard = read_sound(clip(path), 16_000, GUARD)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(heard) == 8_000
        assert peak < 20_000_000


def test_a_flac_that_lies_about_its_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, sine(0.5), RATE)
    content = bytearray(path.read_bytes())
    content[22:26] = b"\xff\xff\xff\xff"  # the low half of the count of samples
    path.write_bytes(content)
    reading = Reading()
    heard = read_sound(clip(path), RATE, GUARD, reading)
    assert np.abs(heard[: RATE // 2] - sine(0.5)).max() <= 2**-15
    assert len(heard) == RATE // 2


@pytest.mark.parametrize("rate", [1, 4_000_000])
def test_a_rate_that_no_recorder_has_is_refused(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", sine(0.5), rate)
    assert reason(clip(tmp_path / "a.wav")) == "unreadable"


def test_a_clip_outside_its_file_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", sine(2.0), RATE)
    for path in (tmp_path / "a.wav", write_sound(tmp_path / "a.mp4", sine(2.0))):
        for start, end in [
            (2.5, 3.0),
            (100.0, None),
            (-1.0, 1.0),
            (1.0, 1.0),
            (1.5, 0.5),
            (math.nan, 1),
            (1e300, None),
        ]:
            assert reason(clip(path, start, end)) == "outside_file"
        assert len(read_sound(clip(path, 1.5, 9.0), RATE, GUARD)) == pytest.approx(RATE / 2, abs=1024)


def test_what_holds_no_sound_says_why(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros(0), RATE)
    (tmp_path / "zero.wav").touch()
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "head.wav").write_bytes(b"RIFF\0\0\0\0WAVE")
    write_picture(tmp_path / "film.mp4", 3)
    names = ["none.wav", "zero.wav", "text.wav", "head.wav", "film.mp4", "gone.wav"]
    found = [reason(clip(tmp_path / name)) for name in names]
    assert found == ["empty", "empty", "unreadable", "unreadable", "no_sound", "missing"]


def test_damage_leaves_the_rest_and_is_told(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mp4", sweep(4.0))
    whole, content = read_sound(clip(path), RATE, GUARD), bytearray(path.read_bytes())
    at = content.index(b"mdat") + 30_000
    content[at : at + 3_000] = np.random.default_rng(0).bytes(3_000)
    path.write_bytes(content)
    reading = Reading()
    heard = read_sound(clip(path), RATE, GUARD, reading)
    assert reading.damaged
    assert 3 * RATE < len(heard) < len(whole)
    np.testing.assert_array_equal(heard[:RATE], whole[:RATE])
    reading = Reading()
    read_sound(clip(path, 0.0, 0.5), RATE, GUARD, reading)
    assert not reading.damaged  # it lies elsewhere


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mkv"])
def test_a_file_that_breaks_off_gives_its_beginning(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".mkv":
        write_sound(path, sweep(4.0))
    else:
        soundfile.write(path, sweep(4.0), RATE)
    whole, content = read_sound(clip(path), RATE, GUARD), path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    heard = read_sound(clip(path), RATE, GUARD)
    assert RATE < len(heard) < 3 * RATE
    np.testing.assert_allclose(heard[:RATE], whole[:RATE], atol=1e-6)
    path.write_bytes(content[:16])
    assert reason(clip(path)) in ("unreadable", "empty")


def test_an_mp4_without_its_table_is_unreadable(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mp4", sine(1.0))
    path.write_bytes(path.read_bytes()[:8_000])  # the table is at the end
    assert reason(clip(path)) == "unreadable"


def test_samples_that_are_no_numbers_become_silence_and_are_told(tmp_path: Path) -> None:
    samples = sine(0.5)
    samples[100], samples[200], samples[300], samples[400] = np.nan, np.inf, 1e30, 1.5
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    reading = Reading()
    heard = read_sound(clip(tmp_path / "a.wav"), RATE, GUARD, reading)
    assert reading.damaged
    assert heard[[100, 200, 300, 400]].tolist() == [0.0, 0.0, 0.0, 1.0]
