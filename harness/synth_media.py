"""Put drawn voices and faces into media files, whole or damaged in the ways that releases are.

A writer of a layout plans one `Take` a file; `render` makes it. Files of one world are equal byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.files import write_whole
from harness.synth import Drawn, World
from harness.synth_picture import FPS, SIZE, Frames, face
from harness.synth_sound import RATE, Samples, speak

PAUSE = 0.4  # seconds between two turns of a dialogue's recording
TICKS = 90000  # of the clock of pictures, a second
OVERLONG = 304.96  # seconds of MELD's longest wrongly cut clip
TOO_SHORT = 0.08
STUB = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(188)  # an AppleDouble file: 212 bytes

DAMAGES = ("", "no_moov", "no_samples", "too_short", "overlong", "wrong_cut")


@dataclass(frozen=True, slots=True)
class Take:
    """One media file to be made.

    Args:
        path: the file; its suffix decides the container (.wav, .mp4, .avi).
        rows: the utterance, or all turns of a dialogue in order for a recording of the dialogue.
        corpus, world: what decides voices and faces beside the rows.
        rate: samples a second.
        channels: 1; 2 (a wav of a dialogue has a speaker in each, any other file the same twice); 6 (voice centred).
        damage: one of DAMAGES.
        left: the speaker (index) who is on the left half of a dialogue's picture.
    """

    path: Path
    rows: tuple[Drawn, ...]
    corpus: str
    world: World
    rate: int = RATE
    channels: int = 1
    damage: str = ""
    left: int | None = None


def render(take: Take) -> None:
    """Make one media file, whole or not at all."""
    write_whole(take.path, lambda path: _render(take, path))


def render_all(takes: Sequence[Take]) -> None:
    """Make several, the piece of work of one process."""
    for take in takes:
        render(take)


def _render(take: Take, path: Path) -> None:
    if take.path.suffix == ".wav":
        _write_wav(take, path)
    else:
        _write_film(take, path)
    if take.damage == "no_moov":
        _lose_index(path)


def _sound(take: Take) -> NDArray[np.float32]:
    """Return the sound of a take as (samples, channels) at its rate."""
    import soxr

    voices = [speak(row, take.corpus, take.world) for row in take.rows]
    dialogue = len(take.rows) > 1
    mono = _joined(take, voices) if dialogue else voices[0]
    if take.damage == "no_samples":
        mono = mono[:0]
    elif take.damage == "too_short":
        mono = mono[: round(TOO_SHORT * RATE)]
    elif take.damage == "wrong_cut":
        mono = mono[: len(mono) // 3]
    elif take.damage == "overlong":
        mono = np.concatenate([mono, np.zeros(round(OVERLONG * RATE) - len(mono), np.float32)])
    if take.rate != RATE and len(mono):
        mono = soxr.resample(mono, RATE, take.rate)
    if dialogue and take.channels == 2:
        return mono.astype(np.float32)  # already one column a speaker
    return _spread(mono.astype(np.float32), take.channels)


def _joined(take: Take, voices: list[Samples]) -> NDArray[np.float32]:
    """Lay the turns of a dialogue on its timeline, each speaker in a column; the first speaker is the left one."""
    end = max(row.end for row in take.rows) + PAUSE
    track = np.zeros((round(end * RATE), 2), np.float32)
    first = take.rows[0].speaker if take.left is None else take.left
    for row, voice in zip(take.rows, voices, strict=True):
        at = round(row.start * RATE)
        piece = track[at : at + len(voice), 0 if row.speaker == first else 1]
        piece += voice[: len(piece)]
    return track if take.channels == 2 else track.sum(axis=1)


def _spread(mono: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    if channels < 6:
        return np.repeat(mono[:, None], channels, axis=1)
    spread = np.zeros((len(mono), 6), np.float32)  # L R C LFE Ls Rs: in a film the dialogue is in the centre
    spread[:, 2] = mono
    spread[:, :2] = 0.1 * mono[:, None]
    return spread


def _write_wav(take: Take, path: Path) -> None:
    import soundfile

    with path.open("wb") as file:
        soundfile.write(file, _sound(take), take.rate, subtype="PCM_16", format="WAV")


def _write_film(take: Take, path: Path) -> None:
    import av

    container = "mp4" if take.path.suffix == ".mp4" else "avi"
    sound = _sound(take) if take.path.suffix == ".mp4" else None
    seconds = len(sound) / take.rate if sound is not None else max(row.end for row in take.rows) + PAUSE
    with av.open(str(path), "w", format=container, options={"fflags": "+bitexact"}) as film:
        codec, settings = ("libx264", {"preset": "ultrafast", "crf": "32"}) if container == "mp4" else ("mpeg4", {})
        picture: Any = film.add_stream(codec, rate=FPS, options={**settings, "threads": "1"})
        picture.width, picture.height, picture.pix_fmt = SIZE * (1 if len(take.rows) == 1 else 2), SIZE, "yuv420p"
        if container == "avi":
            picture.bit_rate = 200_000
        track: Any = None
        if sound is not None:
            layout = {1: "mono", 2: "stereo", 6: "5.1"}[take.channels]
            track = film.add_stream("aac", rate=take.rate, layout=layout, options={"aac_coder": "fast"})
            track.bit_rate = 24_000 * take.channels
        for image in _pictures(take, max(round(seconds * FPS), 1)):
            film.mux(picture.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        film.mux(picture.encode(None))
        if sound is not None and track is not None:
            _mux_sound(film, track, sound, take.rate)


def _mux_sound(film: Any, track: Any, sound: NDArray[np.float32], rate: int) -> None:
    import av

    block = 1024 * 256
    for at in range(0, len(sound), block):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[at : at + block].T), "fltp", track.layout.name)
        frame.sample_rate, frame.pts = rate, at
        film.mux(track.encode(frame))
    film.mux(track.encode(None))


def _pictures(take: Take, frames: int) -> Frames:
    if len(take.rows) == 1:
        shown = min(frames, FPS * 5)  # of an overlong clip the rest is a still
        moving = face(take.rows[0], take.corpus, take.world, shown)
        return np.concatenate([moving, np.repeat(moving[-1:], frames - shown, axis=0)])
    return _two_shot(take, frames)


def _two_shot(take: Take, frames: int) -> Frames:
    """Show both speakers of a dialogue side by side, each with the face of the turn where it speaks, else at rest."""
    first = take.rows[0].speaker if take.left is None else take.left
    picture = np.zeros((frames, SIZE, 2 * SIZE, 3), np.uint8)
    for at, row in enumerate(take.rows):
        start = 0 if at == 0 else round(row.start * FPS)
        end = frames if row is take.rows[-1] else round(take.rows[at + 1].start * FPS)
        sides = (row.speaker == first, row.speaker != first)
        halves = [face(row, take.corpus, take.world, max(end - start, 0), speaking) for speaking in sides]
        picture[start:end] = np.concatenate(halves, axis=2)
    return picture


def _lose_index(path: Path) -> None:
    """Take the index (moov) out of an mp4, as a broken upload does: what is left cannot be opened."""
    content = path.read_bytes()
    at = content.rfind(b"moov") - 4
    path.write_bytes(content[:at])
