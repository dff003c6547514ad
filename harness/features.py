"""The feature store: one row per utterance id, memory-mapped, readable without this code.

ids.txt        one utterance id a line, in row order
rows.npy       dense: float matrix, one row an utterance
indptr.npy, indices.npy, data.npy, width in made_by.json     sparse: the three arrays of a CSR matrix
failed.csv     id,reason of every utterance that has no row
made_by.json   who made it, from what; written last, so its presence means the store is whole
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness.errors import ResultError
from harness.files import read_json, write_json, write_text, write_whole

Matrix: TypeAlias = Any  # NDArray[np.float32] or scipy.sparse.csr_matrix, (rows, features)
MADE_BY = "made_by.json"


class TextEncoder(Protocol):
    """What `harness/encoders/<name>.py` returns from `encoder(**options)` for text."""

    def encode(self, texts: Sequence[str], language: str) -> Matrix:
        """Return one row per text; a row never depends on the other texts of the call."""


@dataclass(frozen=True, slots=True)
class FeatureStore:
    """Rows by utterance id; `matrix` is memory-mapped and read-only."""

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

    def rows(self, ids: Sequence[str]) -> Matrix:
        """Return the rows of these utterances, in this order; an id without a row is a ResultError."""
        place = {name: number for number, name in enumerate(self.ids)}
        missing = [name for name in ids if name not in place]
        if missing:
            raise ResultError(
                f"{self.folder}: no features for {missing[0]} and {len(missing) - 1} more; run `dvc repro`"
            )
        return self.matrix[[place[name] for name in ids]]


def write(
    folder: Path, ids: Sequence[str], matrix: Matrix, failed: Mapping[str, str], made_by: Mapping[str, Any]
) -> None:
    """Write a store; it counts as written once `made_by.json` is there.

    Args:
        folder: where; a store that lies there is replaced.
        ids: utterance ids, one per row.
        matrix: float32 or float16, dense or CSR.
        failed: id -> reason of the utterances without a row.
        made_by: name, options, versions and `digest` of the inputs.
    """
    if matrix.shape[0] != len(ids):
        raise ResultError(f"{folder}: {matrix.shape[0]} rows for {len(ids)} utterances")
    if not np.isfinite(matrix.data if sparse.issparse(matrix) else matrix).all():
        raise ResultError(f"{folder}: a feature is not a finite number")
    (folder / MADE_BY).unlink(missing_ok=True)
    write_text(folder / "ids.txt", "".join(f"{name}\n" for name in ids))
    write_text(folder / "failed.csv", _failed_csv(failed))
    arrays = (
        {part: getattr(matrix, part) for part in ("indptr", "indices", "data")}
        if sparse.issparse(matrix)
        else {"rows": np.asarray(matrix)}
    )
    for name, array in arrays.items():
        write_whole(folder / f"{name}.npy", lambda path, array=array: _save(path, array))  # type: ignore[misc]
    kind = "sparse" if sparse.issparse(matrix) else "dense"
    write_json(folder / MADE_BY, {**made_by, "kind": kind, "rows": len(ids), "width": int(matrix.shape[1])})


def read(folder: Path) -> FeatureStore:
    """Open a store without reading its rows; raise ResultError if it is not whole."""
    made_by = read_json(folder / MADE_BY, "dvc repro features")
    try:
        ids = (folder / "ids.txt").read_text(encoding="utf-8").splitlines()
        with (folder / "failed.csv").open(encoding="utf-8", newline="") as file:
            failed = {row["id"]: row["reason"] for row in csv.DictReader(file)}
        if made_by["kind"] == "dense":
            matrix: Matrix = np.load(folder / "rows.npy", mmap_mode="r", allow_pickle=False)
        else:
            parts = [np.load(folder / f"{part}.npy", mmap_mode="r") for part in ("data", "indices", "indptr")]
            matrix = sparse.csr_matrix(tuple(parts), shape=(len(ids), made_by["width"]), copy=False)
    except (OSError, EOFError, KeyError, ValueError) as error:
        raise ResultError(f"{folder}: damaged ({error}); delete it and run `dvc repro features`") from error
    if matrix.shape[0] != len(ids):
        raise ResultError(
            f"{folder}: {matrix.shape[0]} rows for {len(ids)} ids; delete it and run `dvc repro features`"
        )
    return FeatureStore(folder, ids, matrix, failed, made_by)


def _save(path: Path, array: NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def _failed_csv(failed: Mapping[str, str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "reason"])
    writer.writerows(sorted(failed.items()))
    return out.getvalue()
