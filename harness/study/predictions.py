"""Predictions as Parquet: one row per utterance and replicate, no truth, so that labels may change without training.

Columns: id, split ("dev" | "test" of the target), fold, seed and variant of the replicate, then `p_<class>` per class
of the space, or `value` for a scale. A variant is empty for what was selected, as in `c=0.01` for what source dev
cannot tell apart from it, and as in `resample=3` for what was trained on resampled dialogues. The selected replicates
are the first row group of a file, their variants the second.
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

RESAMPLE = "resample="  # how the names of variants begin that were trained on resampled dialogues
FIELD, MADE_BY = "emotransfer", "dvc repro"
TEXTS = ["id", "split", "fold", "variant"]


@dataclass(frozen=True, slots=True)
class Predictions:
    """What one replicate says of some utterances: `scores` is (n, classes), or (n, 1) for a scale."""

    fold: str
    seed: int
    ids: list[str]
    splits: list[str]
    scores: NDArray[np.float32]
    variant: str = ""


def write(path: Path, key: str, space: Space, replicates: list[Predictions]) -> None:
    """Write the predictions of one cell, and the key of what they were made from."""
    selected, variants = ([of for of in replicates if bool(of.variant) == wanted] for wanted in (False, True))
    tables = [_table(path, space, of) for of in (selected, variants) if of]
    sealed.write(path, key, lambda seal: _parquet(tables, {"space": space.name, "seal": seal}))


def _table(path: Path, space: Space, replicates: Sequence[Predictions]) -> pa.Table:
    columns: dict[str, Any] = {
        "id": pa.array([name for replicate in replicates for name in replicate.ids], pa.string()),
        "split": pa.array([split for replicate in replicates for split in replicate.splits], pa.string()),
        "fold": pa.array([replicate.fold for replicate in replicates for _ in replicate.ids], pa.string()),
        "seed": pa.array([replicate.seed for replicate in replicates for _ in replicate.ids], pa.int64()),
        "variant": pa.array([replicate.variant for replicate in replicates for _ in replicate.ids], pa.string()),
    }
    scores = np.concatenate([replicate.scores for replicate in replicates])
    if not np.isfinite(scores).all():
        raise ResultError(f"{path}: a score is not a finite number; train its recipe with a lower lr, or normalise")
    for at, name in enumerate(score_columns(space)):
        columns[name] = pa.array(scores[:, at], pa.float32())
    return pa.table(columns)


def _parquet(tables: Sequence[pa.Table], facts: dict[str, str]) -> bytes:
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, tables[0].schema, compression="zstd", store_schema=False) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=max(len(table), 1))
        writer.add_key_value_metadata({FIELD: json.dumps(facts)})
    return bytes(sink.getvalue())


def is_current(path: Path, key: str) -> bool:
    """Tell whether the predictions that lie there were made from this and are as they were written."""
    return sealed.is_current(path, key, MADE_BY)


def read(path: Path, space: Space, variants: bool = False) -> list[Predictions]:
    """Read the predictions of one cell, one item per replicate in the order written.

    Replicates that follow each other with the same rows share their lists of ids and splits.

    Args:
        path: the file.
        space: its label space.
        variants: read the variants of the replicates instead of these.

    Raises:
        ResultError: the file is not there, not as it was written, or of another space.
    """
    file = sealed.read(path, MADE_BY)
    try:
        # stages read several files side by side; texts that repeat stay numbers
        whole = pq.ParquetFile(pa.BufferReader(file.data), read_dictionary=TEXTS)
        group = int(variants)
        if group >= whole.num_row_groups:
            return []
        table = whole.read_row_group(group, use_threads=False)
        (ids, names), (splits, kinds), (folds, fold_names), (of_variants, variant_names) = (
            _coded(table[name]) for name in TEXTS
        )
        seeds = table["seed"].to_numpy()
        scores = np.stack([table[name].to_numpy() for name in score_columns(space)], axis=1)
    except (OSError, KeyError, ValueError) as error:
        raise sealed.damaged(path, str(error), MADE_BY) from error
    changes = np.flatnonzero((np.diff(folds) != 0) | (np.diff(seeds) != 0) | (np.diff(of_variants) != 0)) + 1
    edges = [0, *changes.tolist(), len(ids)] if len(ids) else []
    replicates: list[Predictions] = []
    before = slice(0, 0)
    for a, b in itertools.pairwise(edges):
        rows = slice(a, b)
        if replicates and np.array_equal(ids[rows], ids[before]) and np.array_equal(splits[rows], splits[before]):
            earlier_ids, parts = replicates[-1].ids, replicates[-1].splits
        else:
            earlier_ids, parts = names[ids[rows]].tolist(), kinds[splits[rows]].tolist()
        fold, variant = str(fold_names[folds[a]]), str(variant_names[of_variants[a]])
        replicates.append(Predictions(fold, int(seeds[a]), earlier_ids, parts, scores[rows], variant))
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
