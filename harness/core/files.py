"""Write files whole or not at all, and digest what a file was made from."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from harness.core.errors import ResultError

TEMPORARY = ".tmp"
# Made once: `json.dumps` makes one a call when asked for anything special, which costs more than a row of a corpus.
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it into place.

    Whoever looks sees the old file or the new one, never half of it, even after a kill.

    Raises:
        ResultError: the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary_beside(path) as temporary:
            write(temporary)
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
    except OSError as error:
        raise ResultError(
            f"{path}: cannot be written ({error.strerror or error}); free space or mend the permissions of "
            f"{path.parent}, then run the same command again: nothing that was finished is lost"
        ) from error


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    """Give an empty file, locked while this process lives, and delete it afterwards if it is still there."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=TEMPORARY)
    try:
        _lock(handle)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        os.close(handle)


def sweep(folders: Iterable[Path]) -> None:
    """Delete what writers that were killed left in folders: temporary files that no process holds."""
    for folder in folders:
        for path in folder.rglob(f".*{TEMPORARY}"):
            with suppress(OSError), path.open("rb") as file:
                _lock(file.fileno())
                path.unlink()


@contextmanager
def hold(path: Path, wait: bool = False) -> Iterator[None]:
    """Hold a file, made if it is not there, until the end of the block or of this process.

    Args:
        path: the file.
        wait: until no other process holds it; without, an OSError says that one does.
    """
    with path.open("ab") as file:
        _lock(file.fileno(), wait)
        yield


def _lock(handle: int, wait: bool = False) -> None:
    """Lock an open file for this process; without `wait`, an OSError says that another one holds it."""
    fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole."""
    write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line, whole; NaN is refused."""

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8") as file:
            file.writelines(f"{_LINE.encode(row)}\n" for row in rows)

    write_whole(path, write)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document whole, in a stable form; NaN is refused."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """Return a JSON document in the form in which files of the harness have it; NaN is refused."""
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def read_json(path: Path, made_by: str) -> Any:
    """Read a JSON document that the harness wrote.

    Args:
        path: the file.
        made_by: the command that makes it, for the error's advice.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error.strerror}); run `{made_by}`") from error
    except ValueError as error:
        raise ResultError(f"{path}: damaged ({error}); delete it and run `{made_by}`") from error


def prune(folder: Path, wanted: Iterable[Path]) -> None:
    """Delete every file of a folder that is not wanted, and the folders that are then empty, but not itself."""
    kept = set(wanted)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and path not in kept:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def digest(value: Any) -> str:
    """Return the SHA-256 of a value in canonical JSON, as hex."""
    return hashlib.sha256(_CANONICAL.encode(value).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
