"""Put features on a common footing, with statistics of the source corpus' train split unless the name says otherwise.

none          features as they are
source_std    each feature minus its mean, over its standard deviation, both from source train
target_std    as source_std, but a target corpus is standardised by its own train split, without its labels:
              a transductive protocol, named so in every table
tfidf         (1 + log count) * idf, rows of unit length; idf and vocabulary (n-grams in at least 2 texts) from source
              train, as in scikit-learn's TfidfTransformer with sublinear counts
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness.errors import SettingError
from harness.features import Matrix

NORMALISERS = ("none", "source_std", "target_std", "tfidf")
TRANSDUCTIVE = frozenset({"target_std"})
State = dict[str, NDArray[Any]]
MIN_TEXTS = 2


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
    normal: NDArray[np.float32] = ((rows - state["mean"]) / state["scale"]).astype(np.float32)
    return normal


def _fit_std(train: NDArray[np.float32]) -> State:
    scale = train.std(axis=0, dtype=np.float64)
    scale[scale < 1e-8] = 1.0  # a constant feature says nothing; keep it at zero
    return {"mean": train.mean(axis=0, dtype=np.float64), "scale": scale}


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
