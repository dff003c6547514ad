"""Probe many files side by side, in pieces that survive a kill; a file that did not change is probed once.

A piece is a sealed file (core/sealed.py) of JSON lines: the seal, then a line per file with its path, size and times,
and the probe. A piece that is not as it was written is made again. While a piece is made, the path that is looked at
stands in a second file beside it. Where that is left over, the process died at this file: somebody killed it, or
because the file brought a decoder down. It is then looked at in a process of its own, and counted as unreadable if it
dies again.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core import engine, sealed
from harness.core.code_digest import code_digest
from harness.core.files import digest
from harness.core.pieces import Needs
from harness.corpora.media.probe import probe
from harness.corpora.media.probe_facts import Probe, probe_of

SHARE = 200  # files of a piece
# path below the release, bytes, time of the last write and of the last change in ns; nobody can set the latter back
Key = tuple[str, int, int, int]
ADVICE = "dvc repro prepare"


@dataclass(frozen=True, slots=True)
class ProbePiece:
    """Some files of a release, and where what is found of them goes."""

    root: Path
    keys: tuple[Key, ...]
    path: Path


def probe_files(root: Path, paths: Iterable[str], workers: int, folder: Path, label: str) -> dict[str, Probe]:
    """Probe files of a release; those that `folder` knows already, unchanged, are not opened.

    Args:
        root: the release.
        paths: files, relative to it; one that is not there is `missing`.
        workers: processes side by side.
        folder: where pieces are kept; safe to delete.
        label: what the progress is called.

    Returns:
        path -> what the file holds.
    """
    keys = {path: _key(root, path) for path in dict.fromkeys(paths)}
    there = [key for key in keys.values() if key is not None]
    here = folder / _code()
    for other in folder.iterdir() if folder.is_dir() else ():
        if other != here:  # made by other code
            shutil.rmtree(other, ignore_errors=True)
    known = _read(here)
    while waiting := [key for key in there if key not in known]:
        known |= _suspects(root, waiting, here, label)
        _probe_all(root, [key for key in waiting if key not in known], workers, here, label)
        known |= _read(here)
    _join(here, known, there)
    return {path: _without_a_file(path) if key is None else known[key] for path, key in keys.items()}


def _probe_all(root: Path, keys: Sequence[Key], workers: int, folder: Path, label: str) -> None:
    parts = [tuple(keys[at : at + SHARE]) for at in range(0, len(keys), SHARE)]
    pieces = [ProbePiece(root, part, folder / f"{digest(part)[:16]}.jsonl") for part in parts]
    try:
        in_this_process = len(pieces) == 1
        engine.run(
            probe_piece, pieces, 1 if in_this_process else workers, label, [len(part) for part in parts], "files"
        )
    except engine.WorkerDied:
        if not _marked(folder):
            raise


def probe_piece(piece: ProbePiece) -> None:
    """Probe the files of one piece and write what they hold, whole."""
    lines = []
    mark = _mark_of(piece.path)
    mark.parent.mkdir(parents=True, exist_ok=True)
    with mark.open("wb", buffering=0) as now:
        for key in piece.keys:
            now.seek(0)
            now.write(json.dumps(key).encode() + b"\n")
            lines.append(_line(key, probe(piece.root / key[0])))
    _write(piece.path, lines)
    mark.unlink()


def _suspects(root: Path, waiting: Sequence[Key], folder: Path, label: str) -> dict[Key, Probe]:
    """Look at the files at which a process died, each in a process of its own."""
    probes: dict[Key, Probe] = {}
    for mark in _marked(folder):
        key = _marked_key(mark)
        mark.unlink()
        if key is not None and key in waiting:
            piece = ProbePiece(root, (key,), folder / f"{digest([key])[:16]}.jsonl")
            try:
                engine.run(
                    probe_piece, [piece], 1, f"{label}, a file that stopped it", needs=Needs(retries=0, apart=True)
                )
            except engine.WorkerDied:
                _mark_of(piece.path).unlink(missing_ok=True)
                died = Probe("unreadable", "the process that reads it dies; get the file again", key[1])
                _write(piece.path, [_line(key, died)])
            probes |= _read_piece(piece.path)
    return probes


def _marked(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.now"))


def _mark_of(path: Path) -> Path:
    return path.with_suffix(".now")


def _marked_key(mark: Path) -> Key | None:
    """Return the file a left-over mark names; None if the process died before it wrote it whole."""
    try:
        return _as_key(json.loads(mark.read_bytes().partition(b"\n")[0]))
    except (ValueError, TypeError):
        return None


def _leads_out(path: str) -> bool:
    return path.startswith("/") or "/../" in f"/{path}/"


def _without_a_file(path: str) -> Probe:
    if _leads_out(path):
        return Probe("unreadable", "its path leads out of the release")
    return Probe("missing", "there is no such file")


def _key(root: Path, path: str) -> Key | None:
    if _leads_out(path):
        return None
    try:
        status = os.stat(os.path.join(root, path))
    except (OSError, ValueError):
        return None
    return path, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _as_key(values: Sequence[Any]) -> Key:
    path, size, written, changed = values
    return str(path), int(size), int(written), int(changed)


def _line(key: Key, probe: Probe) -> str:
    return json.dumps([*key, probe.record()], allow_nan=False) + "\n"


def _join(folder: Path, known: Mapping[Key, Probe], wanted: Sequence[Key]) -> None:
    """Put all pieces into one, and forget files that are gone."""
    pieces, whole = sorted(folder.glob("*.jsonl")), folder / "whole.jsonl"
    if wanted and (pieces != [whole] or known.keys() != set(wanted)):
        _write(whole, [_line(key, known[key]) for key in wanted])
        for piece in pieces:
            if piece != whole:
                piece.unlink()


def _read(folder: Path) -> dict[Key, Probe]:
    known: dict[Key, Probe] = {}
    for path in sorted(folder.glob("*.jsonl")):
        known |= _read_piece(path)
    return known


def _write(path: Path, lines: Sequence[str]) -> None:
    sealed.write(path, _piece_key(path), lambda seal: "".join([json.dumps(seal) + "\n", *lines]).encode())


def _piece_key(path: Path) -> str:
    """Name what a piece is made from: the files of one corpus, by the code that its folder is named after."""
    return digest(path.parts[-3:])


def _read_piece(path: Path) -> dict[Key, Probe]:
    """Return what a piece says of its files; nothing where it is not as it was written."""
    if not sealed.is_current(path, _piece_key(path), ADVICE):
        path.unlink()
        return {}
    probes = {}
    for line in sealed.read(path, ADVICE).data.split(b"\n")[1:-1]:
        *key, record = json.loads(line)
        probes[_as_key(key)] = probe_of(record)
    return probes


def _code() -> str:
    """Return a name for the code that probes: this checkout's and the libraries'."""
    versions = [importlib.metadata.version(name) for name in ("av", "soundfile")]
    return digest([code_digest(Path(__file__).with_name("probe.py")), versions])[:16]
