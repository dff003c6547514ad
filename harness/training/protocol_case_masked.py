"""Predict cases in which modalities are taken away from the models that `transfer` trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness.core import paths
from harness.core.errors import ResultError, SettingError
from harness.core.plugins import find
from harness.features.matrix import Ragged
from harness.protocols._case import Case
from harness.study import splits
from harness.study.labels import space
from harness.study.predictions import RESAMPLE, Predictions
from harness.training import model_files
from harness.training.corpus_features import SLOT_MODALITIES, CorpusFeatures, corpus_features
from harness.training.feature_rows import ABSENT, FeatureRows
from harness.training.matrix_row import own_statistics
from harness.training.predictor import predict

Vectors = Mapping[str, NDArray[np.float32]]


def facts(case: Case, row: Mapping[str, Any]) -> Any:
    """Return what the predictions of a case are made from beside the target's features."""
    tested = _tested_by(corpus_features(case.target, row), case)
    return _model(case).content, case.keep, case.rate, case.fill, tested


def predicted(case: Case, row: Mapping[str, Any]) -> list[Predictions]:
    """Return what every model of the source says of the target with modalities taken away."""
    target, module = corpus_features(case.target, row), find("fusion", str(row["fusion"]))
    own = None if case.target == case.source else own_statistics(case.target, row)
    every, tested_by = _tested(target), _tested_by(target, case)
    predicted = []
    model = _model(case)
    tied = [of for of in model.variants if not of.variant.startswith(RESAMPLE)]
    for replicate in (*model.replicates, *tied):
        keep = _kept(case, row, target.rows(every), replicate.seed)
        mine = set(tested_by.get(replicate.fold, every))
        tested = keep.any(axis=1) & np.array([name in mine and name in target.covered for name in every])
        ids = [every[at] for at in np.flatnonzero(tested)]
        x = target.rows(ids)
        if case.fill == "mask":
            x = x.masked(keep[tested])
        else:
            x = filled(x, keep[tested], _vectors(case, x, {**replicate.arrays, **_prefixed(own or {})}))
        scores = predict(module, replicate.arrays, x, space(case.space), row, replicate.chosen, own)
        of = replicate.fold, replicate.seed, ids, ["test"] * len(ids), scores, replicate.variant
        predicted.append(Predictions(*of))
    return predicted


def filled(rows: FeatureRows, keep: NDArray[np.bool_], vectors: Vectors) -> FeatureRows:
    """Return rows in which what is not kept is replaced, as if it had been measured.

    Args:
        rows: n utterances.
        keep: (n, slots).
        vectors: slot -> the row, or the one frame, that is put in.
    """
    parts, places = dict(rows.parts), dict(rows.places)
    for slot, kept in zip(rows.places, keep.T, strict=True):
        gone = ~kept & (rows.places[slot] != ABSENT)
        if not gone.any():
            continue
        matrix, vector = rows.take(np.flatnonzero(~gone)).features_of(slot), vectors[slot][None]
        if sparse.issparse(matrix):
            parts[slot] = sparse.vstack([matrix, sparse.csr_matrix(vector)], format="csr")
        elif isinstance(matrix, Ragged):
            parts[slot] = Ragged(
                np.concatenate([matrix.values, vector]), np.append(matrix.starts, len(matrix.values) + 1)
            )
        else:
            parts[slot] = np.concatenate([np.asarray(matrix), vector])
        there = (rows.places[slot] != ABSENT) & ~gone
        places[slot] = np.where(there, np.cumsum(there) - 1, ABSENT)
        places[slot][gone] = there.sum()
    return FeatureRows(parts, places)


def _kept(case: Case, row: Mapping[str, Any], rows: FeatureRows, seed: int) -> NDArray[np.bool_]:
    """Return which slots are left of all tested utterances, (n, slots); where none is left, the row is not tested."""
    modalities = [row[SLOT_MODALITIES][slot] for slot in rows.parts]
    if case.keep:
        fixed: NDArray[np.bool_] = rows.present & np.array([modality in case.keep for modality in modalities])
        return fixed
    names = sorted(set(modalities))
    has = np.stack(
        [rows.present[:, [modality == name for modality in modalities]].any(axis=1) for name in names], axis=1
    )
    chance = np.random.default_rng([seed, round(1000 * case.rate)])
    left = has & (chance.random(has.shape) >= case.rate)
    spared = np.where(has, chance.random(has.shape), -1.0).argmax(axis=1)  # of those that would lose all
    lost = ~left.any(axis=1) & has.any(axis=1)
    left[lost, spared[lost]] = True
    kept: NDArray[np.bool_] = rows.present & left[:, [names.index(modality) for modality in modalities]]
    return kept


def _vectors(case: Case, rows: FeatureRows, arrays: Mapping[str, NDArray[Any]]) -> Vectors:
    vectors = {}
    for slot, matrix in rows.parts.items():
        mean = arrays.get(f"norm.{slot}.mean")
        if case.fill == "mean" and mean is None and not sparse.issparse(matrix):
            raise SettingError(f"recipe {case.recipe}: fill mean needs a recipe whose normalise is a *_std")
        zero = np.zeros(matrix.shape[1], np.float32)
        vectors[slot] = zero if case.fill == "zero" or mean is None else mean.astype(np.float32)
    return vectors


def _prefixed(state: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"norm.{name}": array for name, array in state.items()}


def _tested(target: CorpusFeatures) -> list[str]:
    rows = splits.target_rows(target.prepared.utterances)
    return [name for name, split in rows.items() if split == "test"]


def _tested_by(target: CorpusFeatures, case: Case) -> dict[str, list[str]]:
    """Return fold of the models -> ids that they are tested on; `ALL` stands for those of every other fold."""
    if case.source == case.target:
        return {fold.name: fold.test for fold in target.prepared.folds}
    return {splits.ALL: _tested(target)}


def _model(case: Case) -> model_files.Model:
    path = paths.model(case.recipe, case.source, case.space)
    if not path.exists():
        raise ResultError(f"{path}: is not there; run `dvc repro transfer@{case.recipe}`")
    return model_files.read(path)
