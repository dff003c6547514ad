"""Compare a media file with what its own headers promise at its end, to find a broken-off file without decoding it.

A copy that was interrupted keeps its good beginning: the header still names the whole length, and players start it.
Only the outermost structure is read, a few bytes a chunk: chunks of RIFF (wav, avi), boxes of ISO 14496-12 (mp4,
m4a, mov), the segment of EBML (RFC 8794; mkv, webm). Other containers promise nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

STEPS = 100_000  # chunks looked at; a fragmented mp4 has two per second
SLOPPY = 512  # bytes by which RIFF headers are wrong in files that are whole
UNSAID = (0, 0x7FFFFFFF)  # sizes that programs write when they cannot go back to the header; and all above
SAMPLE = 4096  # bytes
SAMPLES = 8


def lacking(file: BinaryIO, size: int) -> int:
    """Return how many bytes the headers of a file promise beyond its `size`; 0 where they promise nothing."""
    start = _at(file, 0, 12)
    if start[:4] in (b"RIFF", b"RF64"):
        missing = _wave(file, size) if start[8:] == b"WAVE" else _avi(file, size)
        return missing if missing > SLOPPY else 0
    if start[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"):
        return max(0, *(end - size for _, end in boxes(file, size)))
    if start[:4] == b"\x1a\x45\xdf\xa3":
        return _segment(file, size)
    return 0


def ends_in_zeros(file: BinaryIO, size: int) -> bool:
    """Tell whether the end of a file was reserved and never filled in, in formats that end in something else.

    A wav may end in silence, and mp4 has an index that says where its last packet is.
    """
    start = _at(file, 0, 12)
    if start[:4] not in (b"fLaC", b"OggS", b"\x1a\x45\xdf\xa3") and start[8:] != b"AVI ":
        return False
    count = min(SAMPLE // 4, size // 2)
    return not any(_at(file, size - count, count))


def boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Yield the kind and end of each outermost box, as promised: the last may end beyond the file."""
    at = 0
    for _ in range(STEPS):
        header = _at(file, at, 16)
        if len(header) < 8:
            return
        length, kind = int.from_bytes(header[:4]), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16])
        if length == 0:  # to the end of the file
            length = size - at
        at += max(length, 8)
        yield kind, at
        if at >= size:
            return


def _wave(file: BinaryIO, size: int) -> int:
    """Return the bytes of sound that are missing."""
    at = 12
    for _ in range(STEPS):
        header = _at(file, at, 8)
        if len(header) < 8:
            return 0
        length = int.from_bytes(header[4:], "little")
        if header[:4] == b"data":
            return 0 if length in UNSAID or length > UNSAID[1] else max(at + 8 + length - size, 0)
        at += 8 + length + length % 2
    return 0


def _avi(file: BinaryIO, size: int) -> int:
    """Return the bytes missing of the last RIFF chunk; an AVI beyond a gigabyte has several."""
    at, missing = 0, 0
    for _ in range(STEPS):
        header = _at(file, at, 8)
        length = int.from_bytes(header[4:], "little")
        if header[:4] != b"RIFF" or length in UNSAID or length > UNSAID[1]:
            break
        at += 8 + length + length % 2
        missing = max(at - length % 2 - size, 0)
    return missing


def _segment(file: BinaryIO, size: int) -> int:
    """Return the bytes missing of the segment, which follows the EBML header; its length may be left open."""
    end = 0
    for kind in (b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"):
        header = _at(file, end, 12)
        if header[:4] != kind or len(header) < 5 or not header[4]:
            return 0
        wide = 9 - header[4].bit_length()
        length, unsaid = int.from_bytes(header[4 : 4 + wide]) & ((1 << 7 * wide) - 1), (1 << 7 * wide) - 1
        if length == unsaid:
            return 0
        end += 4 + wide + length
    return max(end - size, 0)


def fingerprint(file: BinaryIO, size: int) -> str:
    """Return a digest that tells a file from another one: of its size and samples from beginning to end.

    Sound or pictures that were cut, encoded or scaled anew differ everywhere; one altered letter may be missed.
    """
    sampled = hashlib.sha256(str(size).encode())
    whole = size <= SAMPLES * SAMPLE
    places = [0] if whole else [number * (size - SAMPLE) // (SAMPLES - 1) for number in range(SAMPLES)]
    for place in places:
        sampled.update(_at(file, place, size if whole else SAMPLE))
    return sampled.hexdigest()[:16]


def _at(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)
