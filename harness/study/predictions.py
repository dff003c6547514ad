"""Predictions as Parquet: one row per utterance and replicate, no truth, so that labels may change without training.

Columns: id, split ("dev" | "test" of the target), fold and seed of the replicate, then `p_<class>` per class of the
space, or `value` for a scale.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from harness.core import sealed
from harness.core.errors import ResultError
from harness.study.labels import ClassSpace, Space

FIELD, MADE_BY = "emotransfer", "dvc repro"
TEXTS = ["id", "split", "fold"]


@dataclass(frozen=True, slots=True)
class Predictions:
    """What one replicate says of some utterances: `scores` is (n, classes), or (n, 1) for a scale."""

    fold: str
    seed: int
    ids: list[str]
    splits: list[str]
    scores: NDArray[np.float32]


def write(path: Path, key: str, space: Space, replicates: list[Predictions]) -> None:
    """Write the predictions of one cell, and the key of what they were made from."""
    columns: dict[str, Any] = {
        "id": pa.array([name for replicate in replicates for name in replicate.ids], pa.string()),
        "split": pa.array([split for replicate in replicates for split in replicate.splits], pa.string()),
        "fold": pa.array([replicate.fold for replicate in replicates for _ in replicate.ids], pa.string()),
        "seed": pa.array([replicate.seed for replicate in replicates for _ in replicate.ids], pa.int64()),
    }
    scores = np.concatenate([replicate.scores for replicate in replicates])
    if not np.isfinite(scores).all():
        raise ResultError(f"{path}: a score is not a finite number; train its recipe with a lower lr, or normalise")
    for at, name in enumerate(score_columns(space)):
        columns[name] = pa.array(scores[:, at], pa.float32())
    table = pa.table(columns)
    sealed.write(path, key, lambda seal: _parquet(table, {"space": space.name, "seal": seal}))


def _parquet(table: pa.Table, facts: dict[str, str]) -> bytes:
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({FIELD: json.dumps(facts)})
    return bytes(sink.getvalue())


def is_current(path: Path, key: str) -> bool:
    """Tell whether the predictions that lie there were made from this and are as they were written."""
    return sealed.is_current(path, key, MADE_BY)


def read(path: Path, space: Space) -> list[Predictions]:
    """Read the predictions of one cell, one item per replicate in the order written.

    Replicates that follow each other with the same rows share their lists of ids and splits.

    Raises:
        ResultError: the file is not there, not as it was written, or of another space.
    """
    file = sealed.read(path, MADE_BY)
    try:
        # stages read several files side by side; texts that repeat stay numbers
        table = pq.read_table(pa.BufferReader(file.data), use_threads=False, read_dictionary=TEXTS)
        (ids, names), (splits, kinds), (folds, fold_names) = (_coded(table[name]) for name in TEXTS)
        seeds = table["seed"].to_numpy()
        scores = np.stack([table[name].to_numpy() for name in score_columns(space)], axis=1)
    except (OSError, KeyError, ValueError) as error:
        raise sealed.damaged(path, str(error), MADE_BY) from error
    changes = np.flatnonzero((np.diff(folds) != 0) | (np.diff(seeds) != 0)) + 1
    edges = [0, *changes.tolist(), len(ids)] if len(ids) else []
    replicates: list[Predictions] = []
    before = slice(0, 0)
    for a, b in itertools.pairwise(edges):
        rows = slice(a, b)
        if replicates and np.array_equal(ids[rows], ids[before]) and np.array_equal(splits[rows], splits[before]):
            earlier_ids, parts = replicates[-1].ids, replicates[-1].splits
        else:
            earlier_ids, parts = names[ids[rows]].tolist(), kinds[splits[rows]].tolist()
        replicates.append(Predictions(str(fold_names[folds[a]]), int(seeds[a]), earlier_ids, parts, scores[rows]))
        before = rows
    return replicates


def _coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], NDArray[np.object_]]:
    """Return the number of each text among the different ones, and these."""
    coded = column.unify_dictionaries().combine_chunks()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    return coded.indices.to_numpy(), coded.dictionary.to_numpy(zero_copy_only=False)


def score_columns(space: Space) -> list[str]:
    """Return the names of the score columns of a space."""
    return [f"p_{name}" for name in space.classes] if isinstance(space, ClassSpace) else ["value"]


def indices(labels: Sequence[str | float], target: Space) -> NDArray[Any]:
    """Return shared labels as class indices, or as numbers for a scale."""
    if isinstance(target, ClassSpace):
        place = {name: at for at, name in enumerate(target.classes)}
        return np.array([place[str(label)] for label in labels], dtype=np.int64)
    return np.array(labels, dtype=np.float64)
