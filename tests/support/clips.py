"""Sound and picture files with known content, for the tests that decode them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from harness.corpora.media.clips import Clip, Guard
from harness.study.utterance import MediaPart

GUARD = Guard(slack=2.0, longest=60.0)
RATE = 48_000


def clip(path: Path, start: float | None = None, end: float | None = None, half: str | None = None) -> Clip:
    return Clip(path, MediaPart(start, end, half))


def sine(seconds: float, frequency: float = 440.0, level: float = 0.5, rate: int = RATE) -> NDArray[np.float32]:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def sweep(seconds: float, rate: int = RATE) -> NDArray[np.float32]:
    """A tone that rises from 200 Hz, so that every moment of it is unlike every other."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * (200 * time + 200 * time**2))).astype(np.float32)


def write_sound(path: Path, channels: NDArray[np.float32], layout: str = "mono", codec: str = "aac") -> Path:
    """Encode channels (channels, samples) at 48 kHz; the name's ending chooses the container."""
    channels = np.atleast_2d(channels)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout=layout)
        stream.bit_rate = 128_000 * len(channels)
        planes = av.AudioResampler("fltp", layout, RATE)
        for start in range(0, channels.shape[1], 1024):
            packed = np.ascontiguousarray(channels[:, start : start + 1024].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            for converted in planes.resample(frame):
                container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    return path


def write_picture(
    path: Path,
    count: int,
    codec: str = "libx264",
    fps: int = 25,
    ticks: list[int] | None = None,
    size: tuple[int, int] = (64, 48),
    turned: int = 0,
    between: int = 2,
) -> Path:
    """Encode the frames `paint(k)`; one that is to be `turned` (degrees) has its top quarter white."""
    width, height = size
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.bit_rate = width, height, 4_000_000
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 12, between
        if turned:
            stream.set_display_rotation(turned)
        for k in range(count):
            picture = paint(k, size)
            if turned:
                picture[: height // 4] = 255
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = ticks[k] if ticks else k, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def paint(k: int, size: tuple[int, int] = (64, 48)) -> NDArray[np.uint8]:
    """A gray picture whose upper half says the tens of `k` and the lower its ones; the right half is 20 darker."""
    width, height = size
    picture = np.full((height, width, 3), 40 + 20 * (k % 10), np.uint8)
    picture[: height // 2] = 40 + 20 * (k // 10 % 10)
    picture[:, width // 2 :] -= 20
    return picture


def numbers(frames: NDArray[np.uint8]) -> list[int]:
    """The number of each painted frame (below 100), read off its left half."""
    _, height, width, _ = frames.shape
    left, middle, edge = frames[:, :, : width * 3 // 8], height // 2, height // 8
    upper, lower = left[:, : middle - edge], left[:, middle + edge :]
    tens, ones = (np.rint((part.mean(axis=(1, 2, 3)) - 40) / 20) for part in (upper, lower))
    return [int(number) for number in 10 * tens + ones]
