"""Decode the frames of a clip, sound or picture: which seconds, how they are found, and what is done about damage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.core.errors import MediaError
from harness.corpora.media.clips import Clip, Guard

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

# Seconds decoded before a part and thrown away: AAC needs one packet before the first to be exact, MP3 about ten.
RUN_UP = 0.5
LATEST = 1e7  # seconds; no file is four months long


@dataclass(slots=True)
class Reading:
    """What happened while a clip was read; hand one in to know.

    `decoded` counts what the decoder gave, samples per channel or frames, used or not. `cut` says that the guard
    stopped before the clip's end, `damaged` that some of it could not be decoded and is missing or silent; a codec that
    paints over damage inside a picture does not tell.
    """

    decoded: int = 0
    cut: bool = False
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """The seconds of a file to read: from `start`, or from its first sample or frame if None, at most `length`.

    `guarded` says that it is the guard that limits the length.
    """

    start: float | None
    length: float
    guarded: bool


def span_of(clip: Clip, guard: Guard) -> Span:
    """Return the seconds that a clip is and that the guard lets through.

    Raises:
        MediaError: `outside_file`, the part is before the file, empty, backward or no number.
    """
    start, end = clip.part.start or 0.0, math.inf if clip.part.end is None else clip.part.end
    limit = guard.limit(clip.stated)
    if not (0 <= start < min(end, LATEST) and limit > 0):
        problem = f"no part of a file lies between {start} s and {end} s with a stated length of {clip.stated} s"
        raise MediaError(clip.path, "outside_file", problem)
    return Span(clip.part.start, min(end - start, limit), guarded=limit < end - start)


def nothing_in(clip: Clip, reading: Reading) -> MediaError:
    """Return the error for a clip of which nothing was left: damaged, empty, or not in the file."""
    if reading.decoded:
        return MediaError(clip.path, "outside_file", f"ends before its part begins, at {clip.part.start} s")
    if reading.damaged:
        return MediaError(clip.path, "unreadable", "nothing in it can be decoded; get the file again")
    return MediaError(clip.path, "empty", "holds nothing")


def decoded(
    container: InputContainer, stream: AudioStream | VideoStream, start: float, reading: Reading
) -> Iterator[tuple[float, Any]]:
    """Yield the frames of a stream, from one at or before `start`, each with its second in the file.

    A packet that cannot be decoded is left out and told in `reading`; so is the rest of a file that breaks off. Second
    0 is the first moment of the file's earliest stream.
    """
    origin = (container.start_time or 0) / 1_000_000 + _delay(container, stream)
    if start > RUN_UP and _seek(container, stream, start - RUN_UP + origin):
        found = _timed(container, stream, origin, start, reading)
        first = next(found, None)
        if first is not None and first[0] <= start:
            yield first
            yield from found
            return
        container.seek(container.start_time or 0)  # its index leads astray
    yield from _timed(container, stream, origin, start, reading)


def _delay(container: InputContainer, stream: AudioStream | VideoStream) -> float:
    """Return how late an AVI says its frames are: it knows when they are decoded, not when they are seen."""
    reorders = stream.type == "video" and stream.codec_context.has_b_frames
    if container.format.name != "avi" or not reorders or not stream.average_rate:
        return 0.0
    return float(1 / stream.average_rate)


def _seek(container: InputContainer, stream: AudioStream | VideoStream, second: float) -> bool:
    import av

    try:
        container.seek(int(second / (stream.time_base or 1)), stream=stream)
    except av.FFmpegError:  # no index: it is read from its beginning
        return False
    return True


def _timed(
    container: InputContainer, stream: AudioStream | VideoStream, origin: float, start: float, reading: Reading
) -> Iterator[tuple[float, Any]]:
    second = 0.0
    for packet in _packets(container, stream, reading):
        for frame in _frames(packet, origin, start, reading):
            if frame.time is not None:
                # Frames come in the order in which they are seen, whatever a careless container says.
                second = max(second, frame.time - origin)
            yield second, frame


def _packets(container: InputContainer, stream: AudioStream | VideoStream, reading: Reading) -> Iterator[Packet[Any]]:
    import av

    try:
        yield from container.demux(stream)
    except (av.FFmpegError, IndexError):  # PyAV looks in vain for a stream that turns up on the way
        reading.damaged = True


def _frames(packet: Packet[Any], origin: float, start: float, reading: Reading) -> Sequence[Any]:
    import av

    try:
        return packet.decode()
    except av.FFmpegError:
        # What comes before the part was only the run-up, where an MP3 misses what its first packets refer to.
        if packet.pts is None or float(packet.pts * packet.time_base) - origin >= start:
            reading.damaged = True
        return []
