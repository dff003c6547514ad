"""Put drawn voices and faces into media files, whole or damaged in the ways that releases are.

A writer of a layout plans one `Take` a file; `render_all` makes them. Files of one world are equal byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.corpora.synthetic.picture import FPS, SIZE, Frames, face
from harness.corpora.synthetic.sound import RATE, Samples, loudness, speak
from harness.corpora.synthetic.world import PAUSE, Drawn, World

OVERLONG = 304.96  # seconds of MELD's longest wrongly cut clip
TOO_SHORT = 0.08
STUB = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(188)  # an AppleDouble file: 212 bytes
DAMAGES = ("", "no_moov", "no_samples", "too_short", "overlong", "wrong_cut")
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
BITS = {1: 24_000, 2: 32_000, 6: 64_000}  # a second, of AAC
CODECS = {
    "mp4": ("libx264", {"preset": "ultrafast", "crf": "32", "threads": "1"}),
    "avi": ("mpeg4", {"qmin": "6", "qmax": "6", "threads": "1"}),
}
Voices = dict[int, Samples]  # voices that were already spoken, by the identity of their rows


@dataclass(frozen=True, slots=True)
class Take:
    """One media file to be made.

    Args:
        path: the file; its suffix decides the container (.wav, .mp4, or .avi, which has no sound).
        rows: the utterance, or all turns of a dialogue in order for a recording of the dialogue.
        corpus, world: what decides voices and faces beside the rows.
        rate: samples per second.
        channels: 1; 2, in a wav the same twice; 6, the voice centred. A dialogue has a speaker in each of two.
        damage: one of DAMAGES.
        left: the speaker (index) who is on the left half of a dialogue's picture and in its first channel.
    """

    path: Path
    rows: tuple[Drawn, ...]
    corpus: str
    world: World
    rate: int = RATE
    channels: int = 1
    damage: str = ""
    left: int | None = None


def render_all(takes: Sequence[Take]) -> None:
    """Make some media files; takes that share a row object share its voice.

    They are not written whole one by one: the watermark says when all of a release are there.
    """
    voices: Voices = {}
    for take in takes:
        for row in take.rows:
            if id(row) not in voices:
                voices[id(row)] = speak(row, take.corpus, take.world)
        take.path.parent.mkdir(parents=True, exist_ok=True)
        if take.path.suffix == ".wav":
            _write_wav(take, voices)
        else:
            _write_film(take, voices)
        if take.damage == "no_moov":
            _lose_index(take.path)


def _sound(take: Take, voices: Voices) -> NDArray[np.float32]:
    """Return the sound of a take as (samples, channels) at its rate."""
    import soxr

    if len(take.rows) > 1:
        return _dialogue(take, voices)
    mono = voices[id(take.rows[0])]
    if take.damage == "no_samples":
        mono = mono[:0]
    elif take.damage == "too_short":
        mono = mono[: round(TOO_SHORT * RATE)]
    elif take.damage == "wrong_cut":
        mono = mono[: len(mono) // 3]
    elif take.damage == "overlong":
        mono = np.concatenate([mono, np.zeros(round(OVERLONG * RATE) - len(mono), np.float32)])
    if take.rate != RATE and len(mono):
        mono = soxr.resample(mono, RATE, take.rate, quality="MQ").astype(np.float32)
    return _spread(mono, take)


def _dialogue(take: Take, voices: Voices) -> NDArray[np.float32]:
    """Lay the turns of a dialogue on its timeline, each speaker in a column."""
    track = np.zeros((round(_length(take) * RATE), 2), np.float32)
    for row in take.rows:
        voice, at = voices[id(row)], round(row.start * RATE)
        track[at : at + len(voice), 0 if row.speaker == _left(take) else 1] = voice
    return track


def _length(take: Take) -> float:
    return max(row.end for row in take.rows) + PAUSE


def _left(take: Take) -> int:
    return take.rows[0].speaker if take.left is None else take.left


def _spread(mono: Samples, take: Take) -> NDArray[np.float32]:
    if take.path.suffix == ".wav":
        return np.repeat(mono[:, None], take.channels, axis=1)
    gains = {1: (1.0,), 2: (1.0, 0.7), 6: (0.1, 0.1, 1.0, 0.0, 0.0, 0.0)}  # L R C LFE Ls Rs: films talk in the centre
    return mono[:, None] * np.array(gains[take.channels], np.float32)


def _write_wav(take: Take, voices: Voices) -> None:
    import soundfile

    soundfile.write(take.path, _sound(take, voices), take.rate, subtype="PCM_16", format="WAV")


def _write_film(take: Take, voices: Voices) -> None:
    import av

    container = take.path.suffix.removeprefix(".")
    sound = _sound(take, voices) if container == "mp4" else None
    seconds = _length(take) if sound is None else len(sound) / take.rate
    codec, settings = CODECS[container]
    fps = 1 if take.damage == "overlong" else FPS
    with av.open(str(take.path), "w", format=container, options={"fflags": "+bitexact"}) as film:
        picture: Any = film.add_stream(codec, rate=fps, options=settings)
        picture.width, picture.height, picture.pix_fmt = SIZE * min(len(take.rows), 2), SIZE, "yuv420p"
        track: Any = None
        if sound is not None:
            track = film.add_stream("aac", take.rate, layout=LAYOUTS[take.channels], options={"aac_coder": "fast"})
            track.bit_rate = BITS[take.channels]
        for image in _pictures(take, max(round(seconds * fps), 1), fps, voices):
            film.mux(picture.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        film.mux(picture.encode(None))
        if sound is not None:
            _mux_sound(film, track, sound, take.rate)


def _mux_sound(film: Any, track: Any, sound: NDArray[np.float32], rate: int) -> None:
    import av

    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), "fltp", track.layout.name)
    frame.sample_rate, frame.pts = rate, 0
    film.mux(track.encode(frame))
    film.mux(track.encode(None))


def _pictures(take: Take, frames: int, fps: int, voices: Voices) -> Iterator[NDArray[np.uint8]]:
    if len(take.rows) > 1:
        yield from _two_shot(take, frames, voices)
        return
    row = take.rows[0]
    yield from face(row, take.corpus, take.world, loudness(voices[id(row)], frames, fps))


def _two_shot(take: Take, frames: int, voices: Voices) -> Frames:
    """Show both speakers of a dialogue side by side, each with the face of the turn where it speaks, else at rest."""
    picture = np.zeros((frames, SIZE, 2 * SIZE, 3), np.uint8)
    for at, row in enumerate(take.rows):
        start = 0 if at == 0 else _frame_at(row.start)
        end = frames if row is take.rows[-1] else _frame_at(take.rows[at + 1].start)
        talk = loudness(voices[id(row)], end - start, FPS)
        sides = (row.speaker == _left(take), row.speaker != _left(take))
        halves = [face(row, take.corpus, take.world, talk, speaking) for speaking in sides]
        picture[start:end] = np.concatenate(halves, axis=2)
    return picture


def _frame_at(seconds: float) -> int:
    """Return the frame that is on screen at a time."""
    return int(seconds * FPS + 1e-6)


def _lose_index(path: Path) -> None:
    """Take the index (moov) out of an mp4, as a broken upload does: what is left cannot be opened."""
    content = path.read_bytes()
    path.write_bytes(content[: content.rfind(b"moov") - 4])
