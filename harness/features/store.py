"""The feature store: features by utterance id, memory-mapped, and readable without this code.

ids.txt        one utterance id per line, in row order
rows.npy       dense: float matrix, one row per utterance
rows.npy, starts.npy     frames: the frames of all utterances one after another; utterance i begins at row starts[i]
indptr.npy, indices.npy, data.npy, width in made_by.json     sparse: the three arrays of a CSR matrix
failed.csv     id,reason of every utterance that has no features
notes.csv      id,note of utterances whose clip was cut or damaged while it was read
made_by.json   who made it, from what; written last, so its presence means the store is whole
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray
from scipy import sparse

from harness.core import csv_tables, sealed
from harness.core.errors import ResultError
from harness.core.files import digest, file_digest, json_text, write_text, write_whole
from harness.features.matrix import Matrix, Pieces, Ragged, as_kept

MADE_BY, IDS, FAILED, NOTES = "made_by.json", "ids.txt", "failed.csv", "notes.csv"
ADVICE = "dvc repro features"
KINDS = {"dense": ("rows",), "frames": ("rows", "starts"), "sparse": ("data", "indices", "indptr")}
PARTS = {part for parts in KINDS.values() for part in parts}


@dataclass(frozen=True)
class FeatureStore:
    """Features by utterance id; `matrix` is memory-mapped and read-only."""

    folder: Path
    ids: list[str]
    matrix: Matrix
    failed: Mapping[str, str]
    made_by: Mapping[str, Any]

    @property
    def width(self) -> int:
        """Return the number of features."""
        return int(self.matrix.shape[1])

    @property
    def digest(self) -> str:
        """Return the digest of what the rows were made from."""
        return str(self.made_by["digest"])

    @property
    def content(self) -> str:
        """Return the digest of the rows and of whose they are, which is what a model learns from."""
        files = self.made_by["files"]
        return digest({name: files[name] for name in (IDS, *_parts_of(self.made_by["kind"]))})

    @cached_property
    def places(self) -> dict[str, int]:
        """Return utterance id -> row."""
        return {name: number for number, name in enumerate(self.ids)}

    def rows(self, ids: Sequence[str]) -> Matrix:
        """Return the features of these utterances, in this order; an id without any is a ResultError."""
        missing = [name for name in ids if name not in self.places]
        if missing:
            raise ResultError(
                f"{self.folder}: no features for {missing[0]} and {len(missing) - 1} more; run `dvc repro`"
            )
        index = [self.places[name] for name in ids]
        return self.matrix.take(index) if isinstance(self.matrix, Ragged) else self.matrix[index]


def write(
    folder: Path,
    ids: Sequence[str],
    matrix: Matrix | Pieces,
    failed: Mapping[str, str],
    made_by: Mapping[str, Any],
    notes: Mapping[str, str] | None = None,
    dtype: str = "",
) -> None:
    """Write a store; it counts as written once `made_by.json` is there.

    Args:
        folder: where; a store that lies there is replaced.
        ids: utterance ids, one per row.
        matrix: dense, CSR, `Ragged`, or dense or `Ragged` in pieces.
        failed: id -> reason of the utterances without features.
        made_by: name, options, versions and `digest` of the inputs.
        notes: id -> what was odd about its clip.
        dtype: "float32" or "float16", or as it is.

    Raises:
        ResultError: ids and rows do not match, or a number is not finite or beyond the range of `dtype`.
    """
    if matrix.shape[0] != len(ids):
        raise ResultError(f"{folder}: {matrix.shape[0]} rows for {len(ids)} utterances")
    (folder / MADE_BY).unlink(missing_ok=True)
    if sparse.issparse(matrix):
        kind, kept = "sparse", _write_sparse(folder, matrix, dtype)
    else:
        pieces = matrix if isinstance(matrix, Pieces) else _whole(matrix)
        kind, kept = ("frames" if pieces.frames else "dense"), _write_rows(folder, pieces, dtype)
    for part in PARTS - {*KINDS[kind]}:
        (folder / f"{part}.npy").unlink(missing_ok=True)
    write_text(folder / IDS, "".join(f"{name}\n" for name in ids))
    write_text(folder / FAILED, csv_tables.text(("id", "reason"), sorted(failed.items())))
    write_text(folder / NOTES, csv_tables.text(("id", "note"), sorted((notes or {}).items())))
    files = {name: file_digest(folder / name) for name in (IDS, FAILED, NOTES, *_parts_of(kind))}
    facts = {"kind": kind, "rows": len(ids), "width": int(matrix.shape[1]), "dtype": kept, "files": files}
    sealed.write(
        folder / MADE_BY, str(made_by["digest"]), lambda seal: json_text({**made_by, **facts, "seal": seal}).encode()
    )


def read(folder: Path) -> FeatureStore:
    """Open a store whose files are all as they were written; the rows are not loaded.

    Raises:
        ResultError: it is not there, or one of its files is not as it was written.
    """
    made_by = _read_made_by(folder)
    for name, content in made_by["files"].items():
        try:
            found = file_digest(folder / name)
        except OSError as error:
            raise sealed.damaged(folder, f"{name}: {error.strerror}", ADVICE) from error
        if found != content:
            raise sealed.damaged(folder, f"{name} is not as it was written", ADVICE)
    return _opened(folder, made_by)


def glance(folder: Path) -> FeatureStore:
    """Open a store as `read` does, without a look at what its files hold: for a list of many."""
    return _opened(folder, _read_made_by(folder))


def note_of(folder: Path) -> dict[str, str]:
    """Return id -> note of the utterances of a store whose clip was odd."""
    with (folder / NOTES).open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["note"] for row in csv.DictReader(file)}


def _read_made_by(folder: Path) -> dict[str, Any]:
    made_by: dict[str, Any] = json.loads(sealed.read(folder / MADE_BY, ADVICE).data)
    return made_by


def _opened(folder: Path, made_by: Mapping[str, Any]) -> FeatureStore:
    try:
        ids = (folder / IDS).read_text(encoding="utf-8").split("\n")[:-1]
        with (folder / FAILED).open(encoding="utf-8", newline="") as file:
            failed = {row["id"]: row["reason"] for row in csv.DictReader(file)}
        parts = {part: np.load(folder / f"{part}.npy", mmap_mode="r") for part in KINDS[made_by["kind"]]}
        if made_by["kind"] == "sparse":
            arrays = (parts["data"], parts["indices"], parts["indptr"])
            matrix: Matrix = sparse.csr_matrix(arrays, shape=(len(ids), made_by["width"]), copy=False)
        else:
            matrix = Ragged(parts["rows"], np.array(parts["starts"])) if "starts" in parts else parts["rows"]
    except (OSError, EOFError, KeyError, ValueError) as error:
        raise sealed.damaged(folder, str(error), ADVICE) from error
    if matrix.shape[0] != len(ids):
        raise sealed.damaged(folder, f"{matrix.shape[0]} rows for {len(ids)} ids", ADVICE)
    return FeatureStore(folder, ids, matrix, failed, made_by)


def _parts_of(kind: str) -> tuple[str, ...]:
    return tuple(f"{part}.npy" for part in KINDS[kind])


def _whole(matrix: NDArray[Any] | Ragged) -> Pieces:
    return Pieces((matrix.shape[0], int(matrix.shape[1])), [lambda: matrix], isinstance(matrix, Ragged))


def _write_rows(folder: Path, pieces: Pieces, dtype: str) -> str:
    """Write rows.npy part by part, and starts.npy for frames; return the type of its numbers."""
    lengths: list[NDArray[np.int64]] = []
    kept = ""

    def fill(path: Path) -> None:
        nonlocal kept
        with path.open("wb") as file:  # the header is written again once the number of rows is known
            rows, start = 0, 0
            for number, part in enumerate(pieces.parts):
                made = part()
                values = np.asarray(made.values if isinstance(made, Ragged) else made)
                if isinstance(made, Ragged):
                    lengths.append(made.lengths)
                values = as_kept(values, dtype or str(values.dtype), str(folder))
                kept = str(values.dtype)
                if not number:
                    start = _write_header(file, kept, rows, pieces.shape[1])
                file.write(np.ascontiguousarray(values).tobytes())
                rows += len(values)
            if _write_header(file, kept, rows, pieces.shape[1]) != start:
                raise ResultError(f"{folder}: the header of rows.npy does not fit")

    write_whole(folder / "rows.npy", fill)
    if pieces.frames:
        starts = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
        write_whole(folder / "starts.npy", lambda path: _save(path, starts))
    return kept


def _write_header(file: BinaryIO, dtype: str, rows: int, width: int) -> int:
    """Write the header of a .npy file at its beginning and return its length, the same for every number of rows."""
    file.seek(0)
    facts = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (rows, width)}
    npy_format.write_array_header_1_0(file, facts)  # leaves room for the first dimension to grow
    return file.tell()


def _write_sparse(folder: Path, matrix: sparse.csr_matrix, dtype: str) -> str:
    data = as_kept(matrix.data, dtype or str(matrix.data.dtype), str(folder))
    for part, array in (("indptr", matrix.indptr), ("indices", matrix.indices), ("data", data)):
        write_whole(folder / f"{part}.npy", lambda path, array=array: _save(path, array))  # type: ignore[misc]
    return str(data.dtype)


def _save(path: Path, array: NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
