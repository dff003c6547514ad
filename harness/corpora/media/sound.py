"""Read a clip as samples: one channel, float32, at a wanted rate.

Wav and flac are read by libsndfile, which can go to any sample; every other file, and what libsndfile does not
know, by FFmpeg. Only the clip's part is decoded.
"""

from __future__ import annotations

import numpy as np

from harness.core.errors import MediaError
from harness.corpora.media.channels import FIVE_ONE, Float, Mixer, mix, weights
from harness.corpora.media.clips import Clip, Guard
from harness.corpora.media.container import open_media, readable, require_file, sound_of
from harness.corpora.media.decode import Reading, Span, decoded, nothing_in, span_of

RATES = range(2_000, 768_001)  # Hz; what a header says beyond that is a lie that would cost memory
LOUDEST = 100.0  # times full scale; what is beyond, or no number, is damage
BLOCK = 2**20  # values read at a time
JUMP = 0.05  # seconds between a frame's time and the samples counted that are a gap, not a coarse clock


def read_sound(clip: Clip, rate: int, guard: Guard, reading: Reading | None = None) -> Float:
    """Return the sound of a clip as one channel in [-1, 1].

    A part begins at its sample, not at a packet, and is the same slice that the whole file would give. A file without
    a part begins at its first sample; the silence that an AAC encoder puts before it is gone where the container says
    how long it is (MP4, Matroska do; AVI, MPEG-TS do not). A clip that breaks off or holds damage is given as far as
    it can be decoded; `reading` tells. The resampler sees the clip whole, at soxr's quality HQ.

    Args:
        clip: where it is; a part's `half` says nothing about sound.
        rate: samples per second wanted.
        guard: how much is read at most; what lies beyond is neither decoded nor kept.
        reading: told what happened.

    Returns:
        (samples,), never empty.

    Raises:
        MediaError: `missing`, `empty`, `unreadable`, `no_sound`, `outside_file`.
    """
    import soxr

    reading = reading or Reading()
    require_file(clip.path)
    samples, native = _native(clip, span_of(clip, guard), reading)
    if not len(samples):
        raise nothing_in(clip, reading)
    wild = ~(np.abs(samples) <= LOUDEST)
    if wild.any():
        reading.damaged = True
        samples[wild] = 0
    if native != rate:
        samples = soxr.resample(samples, native, rate, quality="HQ")
    return np.clip(samples, -1.0, 1.0)


def _native(clip: Clip, span: Span, reading: Reading) -> tuple[Float, int]:
    import soundfile

    with readable(clip.path), clip.path.open("rb") as file:
        start = file.read(12)
    if start[:4] == b"fLaC" or (start[:4] in (b"RIFF", b"RF64") and start[8:] == b"WAVE"):
        try:
            return _by_libsndfile(clip, span, reading)
        except soundfile.LibsndfileError:  # a wav can hold any codec; a flac can be damaged
            reading.decoded = 0
    return _by_ffmpeg(clip, span, reading)


def _by_libsndfile(clip: Clip, span: Span, reading: Reading) -> tuple[Float, int]:
    import soundfile

    with soundfile.SoundFile(clip.path) as file:
        rate = _credible(clip, file.samplerate)
        first, wanted = round((span.start or 0.0) * rate), _samples(span, rate)
        if not file.frames:  # nothing, or a header whose writer was stopped before it knew how much
            return _by_ffmpeg(clip, span, reading)
        if first >= file.frames:
            raise nothing_in(clip, Reading(decoded=file.frames))
        file.seek(first)
        expected = min(wanted, file.frames - first)
        loudness = weights(file.channels, FIVE_ONE)
        pieces = [np.zeros(0, np.float32)]
        while expected > reading.decoded:
            block = file.read(min(BLOCK // file.channels, expected - reading.decoded), "float32", always_2d=True)
            if not len(block):
                reading.damaged = True
                break
            pieces.append(mix(block, loudness))
            reading.decoded += len(block)
        reading.cut = span.guarded and file.frames - first > wanted
    return np.concatenate(pieces), rate


def _by_ffmpeg(clip: Clip, span: Span, reading: Reading) -> tuple[Float, int]:
    with open_media(clip.path) as container:
        stream = sound_of(container, clip.path)
        rate = _credible(clip, stream.rate)
        pieces = [np.zeros(0, np.float32)]
        first = None if span.start is None else round(span.start * rate)
        position, mixer = -1, Mixer()
        for second, frame in decoded(container, stream, span.start or 0.0, reading):
            if frame.sample_rate != rate:
                reading.damaged = True
                continue
            at = round(second * rate)
            # Sample by sample from the first frame on: clocks of some containers are coarse. A gap is no such thing.
            position = at if position < 0 or at - position > JUMP * rate else position
            first = position if first is None else first
            end = first + _samples(span, rate)
            samples = mixer.mono(frame)
            pieces.append(samples[max(first - position, 0) : max(end - position, 0)])
            reading.decoded += len(samples)
            position += len(samples)
            if position > end:
                reading.cut = span.guarded
                break
    return np.concatenate(pieces), rate


def _samples(span: Span, rate: int) -> int:
    return max(round(span.length * rate), 1)


def _credible(clip: Clip, rate: int) -> int:
    if rate not in RATES:
        raise MediaError(clip.path, "unreadable", f"says it has {rate} samples per second; get the file again")
    return rate
