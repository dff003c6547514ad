"""The proxy A-distance: how well a classifier tells rows of the source from rows of the target."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness.evaluation.transferability.estimate import Estimate, Floats
from harness.features.matrix import Matrix

COMPONENTS = 100
FOLDS = 5


def proxy_a_distance(
    source: Matrix,
    target: Matrix,
    source_dialogues: NDArray[Any],
    target_dialogues: NDArray[Any],
    rows: int = 3000,
    seed: int = 0,
) -> Estimate:
    """Return d = 2 (1 - 2 e) of a logistic regression's error e on dialogues it has not seen: 0 alike, 2 apart.

    `rows` rows of each side, the same number of both, are drawn by `seed`; centred together, they are reduced to 100
    principal components and brought to one size, so that the value depends on no rotation or scale of the features.
    No label is used. An error above one half counts as one half.

    Args:
        source, target: features (n, width) and (m, width), dense or CSR.
        source_dialogues, target_dialogues: dialogue of each row; a dialogue stays in one fold.
        rows: largest number of rows of a side.
        seed: of the draw and the folds.

    Raises:
        ValueError: widths differ, or dialogues do not belong to the rows.

    Source: Ben-David et al. 2007; Glorot et al. 2011.
    """
    from sklearn.linear_model import LogisticRegression

    groups = [_numbered(rows, side) for rows, side in ((source, source_dialogues), (target, target_dialogues))]
    if source.shape[1] != target.shape[1]:
        raise ValueError(f"source and target have {source.shape[1]} and {target.shape[1]} features")
    size, chance = min(rows, source.shape[0], target.shape[0]), np.random.default_rng(seed)
    drawn = [np.sort(chance.permutation(rows.shape[0])[:size]) for rows in (source, target)]
    group = [numbers[which] for numbers, which in zip(groups, drawn, strict=True)]
    folds = min(FOLDS, *(len(np.unique(dialogues)) for dialogues in group))
    if folds < 2:
        return Estimate(None, "one_dialogue_only")
    x = _reduced([rows[which] for rows, which in zip((source, target), drawn, strict=True)], seed)
    if x is None:
        return Estimate(0.0)
    y, fold = np.repeat([0, 1], size), np.concatenate([_folds(dialogues, folds, chance) for dialogues in group])
    wrong = 0
    for held in range(folds):
        model = LogisticRegression(max_iter=300).fit(x[fold != held], y[fold != held])
        wrong += int((model.predict(x[fold == held]) != y[fold == held]).sum())
    return Estimate(max(2 * (1 - 2 * wrong / len(y)), 0.0))


def _numbered(matrix: Matrix, dialogues: NDArray[Any]) -> NDArray[np.int64]:
    if matrix.shape[0] != len(dialogues) or not len(dialogues):
        raise ValueError(f"{matrix.shape[0]} rows and {len(dialogues)} dialogues do not belong together")
    numbers: NDArray[np.int64] = np.unique(np.asarray(dialogues), return_inverse=True)[1]
    return numbers


def _folds(groups: NDArray[np.int64], folds: int, chance: np.random.Generator) -> NDArray[np.int64]:
    """Return a fold per row: whole dialogues, in random order, the next always to the fold with the fewest rows."""
    sizes, filled = np.bincount(groups), np.zeros(folds)
    fold_of = np.zeros(len(sizes), dtype=np.int64)
    order = chance.permutation(np.flatnonzero(sizes))
    for dialogue in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[dialogue] = filled.argmin()
        filled[fold_of[dialogue]] += sizes[dialogue]
    return fold_of[groups]


def _reduced(sides: list[Matrix], seed: int) -> Floats | None:
    """Return the leading components of both sides, mean variance 1 a component, or None where nothing varies."""
    if sparse.issparse(sides[0]):
        from sklearn.decomposition import TruncatedSVD

        both = sparse.vstack(sides, format="csr").astype(np.float64)
        used = np.unique(both.indices)
        if len(used) < 2:
            return None
        x = TruncatedSVD(min(COMPONENTS, len(used) - 1), random_state=seed).fit_transform(both[:, used])
    else:
        both = np.concatenate(sides).astype(np.float64)
        both -= both.mean(axis=0)
        tall = both.shape[0] >= both.shape[1]
        values, vectors = np.linalg.eigh(both.T @ both if tall else both @ both.T)
        leading = slice(None, -COMPONENTS - 1, -1)
        scale = np.sqrt(np.maximum(values[leading], 0))
        x = both @ vectors[:, leading] if tall else vectors[:, leading] * scale
    x = x - x.mean(axis=0)
    size = float(np.sqrt(np.mean(x**2)))
    return x / size if size > 0 else None
