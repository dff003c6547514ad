"""Probe one media file: what it holds, or why it cannot be read, by its headers, its first second and its end.

probe_facts.py  Probe, Sound, Picture
probe.py        probe: any file; wav and flac by libsndfile, as they are read
streams.py      all others by FFmpeg
truncation.py   what headers promise at the end

A file is not decoded whole: that its beginning decodes and that its end is there is looked at; damage in the middle
is found by reading it (`media_decode.Reading`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from harness.core.errors import MediaError
from harness.corpora.media.container import readable, require_file
from harness.corpora.media.probe_facts import BREAKS_OFF, Probe, Sound
from harness.corpora.media.sound import RATES
from harness.corpora.media.streams import LOOKED_AT, are_one, is_audible, streams_of
from harness.corpora.media.truncation import boxes, ends_in_zeros, fingerprint, lacking
from harness.study.utterance import Modality

if TYPE_CHECKING:
    from soundfile import SoundFile

CODECS = {"PCM_U8": "pcm_u8", "FLOAT": "pcm_f32le", "DOUBLE": "pcm_f64le"}  # libsndfile's names -> FFmpeg's


def probe(path: Path) -> Probe:
    """Look at one file, whatever it is; an error of it is in the answer."""
    outside = Probe()
    try:
        require_file(path)
        with readable(path), path.open("rb") as file:
            start = file.read(12)
            outside, unfilled = _outside(file)
        if unfilled:  # FFmpeg would look for a frame in every byte of it
            return outside
        streams = (_by_libsndfile(path) if _is_sound_alone(start) else None) or streams_of(path, outside.bytes)
    except MediaError as error:
        why = str(error).removeprefix(f"{path}: ")
        return replace(outside, reason=error.reason, problem=outside.problem or why)
    reason = outside.reason or streams.reason
    problem = (outside.problem or streams.problem) if reason else streams.problem
    return replace(streams, reason=reason, problem=problem, bytes=outside.bytes, fingerprint=outside.fingerprint)


def _outside(file: BinaryIO) -> tuple[Probe, bool]:
    """Return what can be said without decoding, and whether the end of the file was never filled in."""
    size = file.seek(0, 2)
    mark, missing, kinds = fingerprint(file, size), lacking(file, size), {kind for kind, _ in boxes(file, size)}
    if ends_in_zeros(file, size):
        return Probe("truncated", "its end is zeros that were never filled in; get the file again", size, mark), True
    if missing:
        return Probe("truncated", f"its headers promise {missing:,} bytes more; get the file again", size, mark), False
    unfinished = b"mdat" in kinds and not kinds & {b"moov", b"moof"}
    return Probe("", "has no index (moov atom); get the file again" if unfinished else "", size, mark), False


def _is_sound_alone(start: bytes) -> bool:
    return start[:4] == b"fLaC" or (start[:4] in (b"RIFF", b"RF64") and start[8:] == b"WAVE")


def _by_libsndfile(path: Path) -> Probe | None:
    """Look into a wav or flac; None for one that only FFmpeg may know, such as a wav that holds MP3."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            if file.frames <= 0:
                raise MediaError(path, "empty", "holds no sample")
            if file.samplerate not in RATES:
                raise MediaError(path, "unreadable", f"says it has {file.samplerate} samples per second")
            first = file.read(min(round(LOOKED_AT * file.samplerate), file.frames), "float32", always_2d=True)
            dual = file.channels == 2 and is_audible(first) and are_one(first.T)
            codec = "flac" if file.format == "FLAC" else _codec(file.subtype)
            sound = Sound(codec, file.samplerate, file.channels, file.frames / file.samplerate, dual)
            whole = _has_its_last_sample(file)
    except soundfile.LibsndfileError:
        return None
    without = {Modality.VIDEO.value: "no_picture"}
    return Probe("" if whole else "truncated", "" if whole else BREAKS_OFF, sound=sound, without=without)


def _has_its_last_sample(file: SoundFile) -> bool:
    import soundfile

    try:
        file.seek(file.frames - 1)
        return len(file.read(1)) == 1
    except soundfile.LibsndfileError:
        return False


def _codec(subtype: str) -> str:
    """Return FFmpeg's name of what a wav holds, such as pcm_s16le for PCM_16."""
    bits = subtype.removeprefix("PCM_")
    return f"pcm_s{bits}le" if bits.isdigit() else CODECS.get(subtype, subtype.lower())
