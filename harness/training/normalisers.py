"""Normalise features, with statistics of the source corpus' train split unless the normaliser's name says otherwise.

Each slot of a recipe has statistics of its own. Frame-level features are standardised over frames. Where a recipe has
dense and sparse slots, its `*_std` is for the dense ones, and the sparse ones are weighted by `tfidf` and brought to
the length that a dense row has on average, so that one penalty suits both.

none          features as they are
source_std    each feature minus its mean, over its standard deviation, both from source train
target_std    as source_std, but a target corpus is standardised by its own train split (without an official split by
              all of it), without its labels: a transductive protocol, named so in every table
speaker_std   as source_std, of features that were first standardised speaker by speaker, in every corpus, without
              labels (speaker_normaliser.py): transductive, too
tfidf         (1 + log count) * idf, rows of unit length; idf and vocabulary (n-grams in at least 2 texts) from source
              train, as in scikit-learn's TfidfTransformer with sublinear counts
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness.core.errors import SettingError
from harness.features.matrix import Matrix, Ragged
from harness.study.recipes import NORMALISERS
from harness.training.feature_rows import FeatureRows

State = dict[str, NDArray[Any]]
MIN_TEXTS = 2
CHUNK = 4096  # rows that are held as float64 at a time


def fit_rows(name: str, train: FeatureRows) -> State:
    """Return the statistics of every slot of the source's train rows, as arrays by `slot.name`."""
    return _joined({slot: fit(_of_kind(name, train, slot), train.features_of(slot)) for slot in train.parts})


def fit_own(name: str, rows: FeatureRows) -> State:
    """Return a target's own statistics for a transductive normaliser; sparse slots keep those of the source."""
    dense = [slot for slot, matrix in rows.parts.items() if not sparse.issparse(matrix)]
    return _joined({slot: fit(name, rows.features_of(slot)) for slot in dense})


def apply_slot(name: str, state: Mapping[str, NDArray[Any]], rows: FeatureRows, slot: str) -> Matrix:
    """Return the normalised features of one slot, zero where it is absent."""
    kind = _of_kind(name, rows, slot)
    x = apply(kind, of_slot(state, slot), rows.features_of(slot))
    if kind != name:  # a standardised row of d numbers has the length sqrt(d), one of tfidf the length 1
        dense = [matrix.shape[1] for matrix in rows.parts.values() if not sparse.issparse(matrix)]
        x = x * float(np.sqrt(np.mean(dense)))
    return rows.spread(slot, x)


def of_slot(state: Mapping[str, NDArray[Any]], slot: str) -> State:
    """Return the statistics of one slot."""
    return {key.removeprefix(f"{slot}."): value for key, value in state.items() if key.startswith(f"{slot}.")}


def _joined(states: Mapping[str, State]) -> State:
    return {f"{slot}.{key}": value for slot, state in states.items() for key, value in state.items()}


def _of_kind(name: str, rows: FeatureRows, slot: str) -> str:
    """Return what a recipe's normaliser means for a slot: in a mixture the sparse slots are weighted by tfidf."""
    kinds = {sparse.issparse(matrix) for matrix in rows.parts.values()}
    mixed = len(kinds) == 2 and name.endswith("_std")
    return "tfidf" if mixed and sparse.issparse(rows.parts[slot]) else name


def fit(name: str, train: Matrix) -> State:
    """Return the statistics of the source's train rows, as arrays by name.

    Raises:
        SettingError: the normaliser is unknown, or does not suit this kind of features.
    """
    if name not in NORMALISERS:
        raise SettingError(f"no normaliser is called {name!r} (known: {', '.join(NORMALISERS)})")
    if name == "none":
        return {}
    if (name == "tfidf") != sparse.issparse(train):
        kind = "sparse" if sparse.issparse(train) else "dense"
        raise SettingError(
            f"normalise: {name} does not suit {kind} features; take tfidf for sparse and a *_std for dense"
        )
    return _fit_tfidf(train) if name == "tfidf" else _fit_std(train)


def apply(name: str, state: Mapping[str, NDArray[Any]], rows: Matrix) -> Matrix:
    """Return the normalised rows: float64 CSR for tfidf, float32 otherwise."""
    if name == "none":
        return rows
    if name == "tfidf":
        return _apply_tfidf(state, rows)
    if isinstance(rows, Ragged):
        return Ragged(apply(name, state, rows.values), rows.starts)
    normal: NDArray[np.float32] = ((rows - state["mean"]) / state["scale"]).astype(np.float32)
    return normal


def _fit_std(train: NDArray[Any] | Ragged) -> State:
    values = train.values if isinstance(train, Ragged) else train
    if not len(values):
        raise SettingError("there are no features to standardise by: no train row has this modality")
    chunks = range(0, len(values), CHUNK)
    mean = sum(values[at : at + CHUNK].sum(axis=0, dtype=np.float64) for at in chunks) / len(values)
    squares = sum(np.square(values[at : at + CHUNK] - mean).sum(axis=0) for at in chunks)
    scale = np.sqrt(squares / len(values))
    scale[scale < 1e-8] = 1.0  # a constant feature says nothing; keep it at zero
    return {"mean": mean, "scale": scale}


def _fit_tfidf(train: sparse.csr_matrix) -> State:
    texts = np.bincount(train.indices, minlength=train.shape[1])
    columns = np.flatnonzero(texts >= MIN_TEXTS)
    if not len(columns):
        raise SettingError(
            "tfidf: no n-gram occurs in two texts of the source's train split; there is nothing to learn"
        )
    return {"columns": columns, "idf": np.log((1 + train.shape[0]) / (1 + texts[columns])) + 1}


def _apply_tfidf(state: Mapping[str, NDArray[Any]], rows: sparse.csr_matrix) -> sparse.csr_matrix:
    place = np.full(rows.shape[1], -1, dtype=np.int64)
    place[state["columns"]] = np.arange(len(state["columns"]))
    kept = place[rows.indices] >= 0
    starts = np.concatenate([[0], np.cumsum(kept)])[rows.indptr]
    columns = place[rows.indices][kept]
    values = (1 + np.log(rows.data[kept].astype(np.float64))) * state["idf"][columns]
    weighted = sparse.csr_matrix((values, columns, starts), shape=(rows.shape[0], len(state["columns"])))
    norms = np.sqrt(weighted.multiply(weighted).sum(axis=1)).A1
    norms[norms == 0] = 1.0
    return sparse.csr_matrix(sparse.diags(1 / norms) @ weighted)
