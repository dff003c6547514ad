"""Files that say what they were made from, and by a digest of their own bytes that nothing of them has changed since.

A seal is a word of ASCII, `emotransfer:<key>:<content>`, that stands once in a file, wherever its format keeps facts of
its own. The key digests what the file was made from. The content is the SHA-256 of the file's bytes with 64 zeros where
the content stands, so that one changed byte anywhere is noticed, whatever the format does with that byte.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.core.errors import ResultError
from harness.core.files import write_whole
from harness.core.log import log

_SEAL = re.compile(rb"emotransfer:([0-9a-f]{64}):([0-9a-f]{64})")
_OPEN = "0" * 64


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file whose bytes are those that were written: its key, the digest of its content, and the bytes."""

    key: str
    content: str
    data: bytes


def write(path: Path, key: str, make: Callable[[str], bytes]) -> None:
    """Write a sealed file, whole.

    Args:
        path: where.
        key: what it is made from, a SHA-256 as hex.
        make: returns the bytes of the file, in which the seal that it is given stands once.

    Raises:
        ResultError: the file cannot be written, or what it holds looks like a seal.
    """
    data = make(f"emotransfer:{key}:{_OPEN}")
    seals = list(_SEAL.finditer(data))
    if len(seals) != 1:
        raise ResultError(f"{path}: what is to be written holds the seal {len(seals)} times; a sealed file has one")
    start, end = seals[0].span(2)
    content = hashlib.sha256(data).hexdigest().encode()
    write_whole(path, lambda temporary: temporary.write_bytes(data[:start] + content + data[end:]))


def read(path: Path, made_by: str) -> Sealed:
    """Read a sealed file.

    Args:
        path: the file.
        made_by: the command that makes it, for the advice of an error.

    Raises:
        ResultError: it is not there, cannot be read, or is not as it was written.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ResultError(f"{path}: is not there; run `{made_by}`") from error
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error.strerror}); run `{made_by}`") from error
    seals = list(_SEAL.finditer(data))
    if len(seals) != 1:
        raise damaged(path, "its seal is missing", made_by)
    key, content = (part.decode() for part in seals[0].groups())
    start, end = seals[0].span(2)
    state = hashlib.sha256(memoryview(data)[:start])
    state.update(_OPEN.encode())
    state.update(memoryview(data)[end:])
    if state.hexdigest() != content:
        raise damaged(path, "its bytes are not those that were written", made_by)
    return Sealed(key, content, data)


def is_current(path: Path, key: str, made_by: str) -> bool:
    """Tell whether a file lies there that was made from this and is as it was written; say so where it is damaged."""
    if not path.exists():
        return False
    try:
        return read(path, made_by).key == key
    except ResultError as error:
        say_made_again(error)
        return False


def say_made_again(error: ResultError) -> None:
    """Say which damaged file is made again, without the advice to do that."""
    log.warning(f"{str(error).rpartition('; delete it')[0] or error}; it is made again")


def damaged(path: Path, problem: str, made_by: str) -> ResultError:
    """Return the error for a file of the harness that does not hold what was written."""
    return ResultError(f"{path}: damaged ({problem}); delete it and run `{made_by}`")
