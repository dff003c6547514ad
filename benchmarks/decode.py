"""Reading clips for an encoder against the barest loop over soundfile and PyAV that gives the same."""

import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr

from harness.corpora.media.clips import Clip, Guard
from harness.corpora.media.frames import read_frames
from harness.corpora.media.sound import read_sound
from harness.study.utterance import MediaPart

SECONDS, RATE, FPS, SIZE, WANTED = 10, 48_000, 25, (640, 360), 16_000
GUARD = Guard(slack=2.0, longest=60.0)
ROUNDS = 7


def run() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        wav, film = Path(folder, "a.wav"), Path(folder, "a.mp4")
        _write(wav, film)
        part = Clip(film, MediaPart(6.0, 8.0))
        rows = [
            ("sound of a wav", SECONDS, lambda: read_sound(Clip(wav), WANTED, GUARD), lambda: _plain_wav(wav)),
            ("sound of an mp4", SECONDS, lambda: read_sound(Clip(film), WANTED, GUARD), lambda: _plain_sound(film)),
            ("2 s of its sound", 2, lambda: read_sound(part, WANTED, GUARD), lambda: _plain_sound(film)),
            ("5 frames/s of it", SECONDS, lambda: read_frames(Clip(film), 5, GUARD, (224, 224)), lambda: _plain(film)),
            ("2 s of them", 2, lambda: read_frames(part, 5, GUARD, (224, 224)), lambda: _plain(film)),
        ]
        head = (
            f"{SECONDS} s at {RATE} Hz stereo, {SIZE[0]}x{SIZE[1]} at {FPS}/s; best of {ROUNDS}, plain loops read all"
        )
        return [head, *(_compare(*row) for row in rows)]


def _compare(name: str, seconds: int, ours: Callable[[], object], plain: Callable[[], object]) -> str:
    times = np.array([[_timed(ours), _timed(plain)] for _ in range(ROUNDS)]).min(axis=0)
    return (
        f"{name:16}  {seconds / times[0]:6.0f} x real time, {1000 * times[0]:6.1f} ms; "
        f"plain loop {1000 * times[1]:6.1f} ms; ratio {times[0] / times[1]:.2f}"
    )


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _plain_wav(path: Path) -> np.ndarray:
    samples, rate = soundfile.read(path, dtype="float32")
    return soxr.resample(samples.mean(axis=1), rate, WANTED)


def _plain_sound(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        pieces = [frame.to_ndarray() for frame in container.decode(audio=0)]
        return soxr.resample(np.concatenate(pieces, axis=1).mean(axis=0), RATE, WANTED)


def _plain(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        frames = [frame for k, frame in enumerate(container.decode(video=0)) if k % 5 == 0]
        return np.stack([frame.to_ndarray(format="rgb24", width=224, height=224) for frame in frames])


def _write(wav: Path, film: Path) -> None:
    chance = np.random.default_rng(1)
    moments = np.arange(SECONDS * RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 220 * moments) + 0.05 * chance.standard_normal(len(moments))
    both = np.stack([tone, tone[::-1]]).astype(np.float32)
    soundfile.write(wav, both.T, RATE)
    noise = chance.integers(60, size=(SIZE[1], SIZE[0] + SECONDS * FPS, 3)).astype(np.uint8)
    with av.open(str(film), "w") as container:
        sound = container.add_stream("aac", rate=RATE, layout="stereo")
        picture = container.add_stream("libx264", rate=FPS)
        picture.width, picture.height, picture.pix_fmt = *SIZE, "yuv420p"
        frame = av.AudioFrame.from_ndarray(both, format="fltp", layout="stereo")
        frame.sample_rate = RATE
        container.mux(sound.encode(frame))
        for k in range(SECONDS * FPS):
            shot = av.VideoFrame.from_ndarray(np.ascontiguousarray(noise[:, k : k + SIZE[0]]), format="rgb24")
            shot.pts, shot.time_base = k, Fraction(1, FPS)
            container.mux(picture.encode(shot))
        container.mux([*sound.encode(None), *picture.encode(None)])
