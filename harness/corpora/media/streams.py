"""Describe the streams of a media file, from what FFmpeg says of them and from their first frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.core.errors import MediaError
from harness.corpora.media.channels import Float
from harness.corpora.media.container import open_media, picture_of, sound_of
from harness.corpora.media.probe_facts import BREAKS_OFF, Picture, Probe, Sound
from harness.corpora.media.sound import RATES
from harness.study.utterance import Modality

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

PACKETS, BYTES = 2_000, 64 * 2**20  # demuxed at most until sound and picture have begun
LOOKED_AT = 1.0  # seconds of sound in which two channels are compared
SAME = 2 / 32768  # channels that differ by less are one: lossy codecs leave that much
AUDIBLE = 20 / 32768  # silence says nothing about channels


@dataclass(slots=True)
class _Begun:
    """A stream while its beginning is decoded: how many packets it had, its first frame, and what two channels say."""

    stream: AudioStream | VideoStream
    packets: int = 0
    first: Any = None
    seconds: float = 0.0
    audible: bool = False
    differ: bool = False

    def take(self, frame: Any) -> None:
        if self.first is None:  # its channels are not compared: AAC codes them apart until it has found its feet
            self.first = frame
        elif self.stream.type == "audio" and frame.layout.nb_channels == 2 and not self.differ:
            pair = _pair(frame)
            self.seconds += pair.shape[1] / max(frame.sample_rate, 1)
            self.audible |= is_audible(pair)
            self.differ |= not are_one(pair)

    @property
    def enough(self) -> bool:
        if self.first is None:
            return False
        stereo = self.stream.type == "audio" and self.first.layout.nb_channels == 2
        return not stereo or self.differ or self.seconds >= LOOKED_AT


def streams_of(path: Path, size: int) -> Probe:
    """Look into a file of this many bytes.

    Raises:
        MediaError: `missing`, `empty`, `unreadable`.
    """
    with open_media(path) as container:
        begun, without = _chosen(container, path)
        _decode_beginnings(container, list(begun.values()))
        whole = all(_reaches_its_end(begun_stream.stream, path, size) for begun_stream in begun.values())
        streams: dict[str, Sound | Picture] = {}
        problems = [] if whole else [BREAKS_OFF]
        for name, begun_stream in begun.items():
            try:
                streams[name] = (
                    _sound(container, begun_stream, path)
                    if name == Modality.AUDIO
                    else _picture(container, begun_stream, path)
                )
            except MediaError as error:
                without[name] = error.reason
                problems.append(str(error).removeprefix(f"{path}: "))
    sound, picture = streams.get(Modality.AUDIO), streams.get(Modality.VIDEO)
    assert not isinstance(sound, Picture)
    assert not isinstance(picture, Sound)
    return Probe("" if whole else "truncated", "; ".join(problems), sound=sound, picture=picture, without=without)


def are_one(pair: Float) -> bool:
    """Tell whether two channels, (2, samples), are one."""
    return bool(np.abs(pair[0] - pair[1]).max(initial=0.0) < SAME)


def is_audible(sound: Float) -> bool:
    """Tell whether there is more than silence, which says nothing about channels."""
    return bool(np.abs(sound).max(initial=0.0) > AUDIBLE)


def _chosen(container: InputContainer, path: Path) -> tuple[dict[str, _Begun], dict[str, str]]:
    begun, without = {}, {}
    for modality, choose in ((Modality.AUDIO, sound_of), (Modality.VIDEO, picture_of)):
        try:
            begun[modality.value] = _Begun(choose(container, path))
        except MediaError as error:
            without[modality.value] = error.reason
    return begun, without


def _decode_beginnings(container: InputContainer, begun: Sequence[_Begun]) -> None:
    """Decode until every stream has begun, or none is likely to."""
    import av

    of = {begun_stream.stream.index: begun_stream for begun_stream in begun}
    seen = read = 0
    try:
        for packet in container.demux([begun_stream.stream for begun_stream in begun]) if begun else ():
            begun_stream = of[packet.stream.index]
            seen, read, begun_stream.packets = seen + 1, read + packet.size, begun_stream.packets + bool(packet.size)
            if not begun_stream.enough:
                _decode(begun_stream, packet)
            if all(each.enough for each in begun) or seen >= PACKETS or read >= BYTES:
                return
    except av.FFmpegError:
        return


def _decode(begun: _Begun, packet: Any) -> None:
    import av

    try:
        for frame in packet.decode():
            begun.take(frame)
    except av.FFmpegError:  # the first of a clip that was cut out refers to what is not there
        return


def _reaches_its_end(stream: AudioStream | VideoStream, path: Path, size: int) -> bool:
    """Tell whether the last packet of the file's index is in the file, and is not zeros that wait to be downloaded."""
    entries = stream.index_entries
    if not len(entries):
        return True
    last = entries[-1]
    if last.pos + last.size > size:
        return False
    if last.size <= 0 or last.pos < 0 or stream.codec_context.name.startswith(("pcm", "raw")):
        return True
    with path.open("rb") as file:
        file.seek(last.pos)
        return any(file.read(min(last.size, 4096)))


def _sound(container: InputContainer, begun: _Begun, path: Path) -> Sound:
    first = _first(begun, path)
    rate, count = first.sample_rate, first.layout.nb_channels
    if rate not in RATES:
        raise MediaError(path, "unreadable", f"says it has {rate} samples per second")
    dual = count == 2 and begun.audible and not begun.differ
    return Sound(_codec(begun.stream), rate, count, _seconds(container, begun.stream), dual)


def _pair(frame: Any) -> Float:
    """Return the samples of a stereo frame as (2, samples) in [-1, 1]; PyAV 18 breaks at eight channels or more."""
    samples = frame.to_ndarray()
    scale = 1 if samples.dtype.kind == "f" else np.iinfo(samples.dtype).max
    pair: Float = (samples if frame.format.is_planar else samples.reshape(-1, 2).T).astype(np.float32)
    return pair / np.float32(scale)


def _picture(container: InputContainer, begun: _Begun, path: Path) -> Picture:
    first, stream = _first(begun, path), begun.stream
    width, height = (first.height, first.width) if round(first.rotation / 90) % 2 else (first.width, first.height)
    rate = stream.average_rate
    seconds = _seconds(container, stream)
    return Picture(_codec(stream), width, height, float(rate) if rate else None, stream.frames or None, seconds)


def _first(begun: _Begun, path: Path) -> Any:
    if begun.first is not None:
        return begun.first
    if not begun.packets:
        raise MediaError(path, "empty", f"its {begun.stream.type} holds nothing")
    raise MediaError(path, "unreadable", f"its {begun.stream.type} does not decode; get the file again")


def _codec(stream: AudioStream | VideoStream) -> str:
    return str(stream.codec_context.codec.canonical_name)


def _seconds(container: InputContainer, stream: AudioStream | VideoStream) -> float | None:
    """Return how long a stream is by its header or, where that says nothing, how long the file is."""
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    else:
        seconds = (container.duration or 0) / 1_000_000
    return seconds if 0 < seconds < math.inf else None
