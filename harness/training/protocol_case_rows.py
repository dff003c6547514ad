"""Join rows of several corpora: what a model of a pooled, few-shot or left-out protocol learns from.

Where the recipe standardises each corpus by its own unlabelled train split (transductive), that is done here, corpus by
corpus, before they are put together; what is learned from is then standardised as a whole like any source. All others
are put together as they are, and the one normaliser is fitted on what is learned from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from harness.features.matrix import Matrix, Ragged
from harness.protocols._case import CorpusPart
from harness.study import splits
from harness.study.labels import Space
from harness.study.predictions import indices
from harness.study.prepared import prepared
from harness.study.recipes import BY_CORPUS, view_of
from harness.training import normalisers
from harness.training.corpus_features import corpus_features
from harness.training.feature_rows import ABSENT, Examples, FeatureRows
from harness.training.matrix_row import own_statistics


def learned(part: CorpusPart, row: Mapping[str, Any], name: str) -> list[tuple[str, str | float]]:
    """Return (id, label) of a part, each once."""
    own = corpus_features(part.corpus, row)
    truth = own.labels(name, view_of(row))
    return [(id_, truth[id_]) for id_ in part.ids(own.prepared.utterances, truth)]


def joined(parts: Sequence[CorpusPart], row: Mapping[str, Any], target: Space, view: str) -> Examples:
    """Return the rows of all parts with their truth, in the order of the parts.

    A part with a `share` is repeated, whole, to have about that share of all rows, one with `copies` so many times.
    """
    labelled = [learned(part, row, target.name) for part in parts]
    others = sum(len(pairs) for pairs, part in zip(labelled, parts, strict=True) if not part.share)
    ids = [
        [name for name, _ in pairs] * _times(len(pairs), others, part.share) * part.copies
        for pairs, part in zip(labelled, parts, strict=True)
    ]
    truths = [dict(pairs) for pairs in labelled]
    y = [truth[name] for truth, names in zip(truths, ids, strict=True) for name in names]
    rows = [rows_of(part.corpus, row, names) for part, names in zip(parts, ids, strict=True)]
    dialogues = [
        f"{part.corpus} {prepared(part.corpus).dialogues[name]}"
        for part, names in zip(parts, ids, strict=True)
        for name in names
    ]
    return Examples(put_together(rows), indices(y, target), np.array(dialogues))


def rows_of(corpus: str, row: Mapping[str, Any], ids: Sequence[str]) -> FeatureRows:
    """Return the features of utterances of a corpus, standardised by its own where the recipe is transductive."""
    rows = corpus_features(corpus, row).rows(list(ids))
    own = own_statistics(corpus, row)
    return rows if own is None else standardised(rows, own)


def adaptation(corpus: str, row: Mapping[str, Any]) -> FeatureRows:
    """Return the features of a target's train split, which an adapted model may see without labels."""
    return rows_of(corpus, row, splits.adaptation_rows(corpus_features(corpus, row).prepared.utterances))


def moved(examples: Sequence[Examples], target: FeatureRows) -> list[Examples]:
    """Return examples whose features have the target's mean and covariance, as far as the first of them tells."""
    from harness.training.alignment import coral

    state = coral.fit_rows(examples[0].x, target)
    return [
        Examples(
            FeatureRows.of(**{slot: coral.apply_slot(state, example.x, slot) for slot in example.x.parts}).masked(
                example.x.present
            ),
            example.y,
            example.dialogues,
        )
        for example in examples
    ]


def without_own(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe as rows of `rows_of` need it: those that are standardised already are so as a whole, too."""
    transductive = row["normalise"] in BY_CORPUS
    return {**row, "normalise": "source_std"} if transductive else dict(row)


def standardised(rows: FeatureRows, state: Mapping[str, Any]) -> FeatureRows:
    """Return rows whose dense slots are standardised by `state`, in memory; sparse ones stay as they are."""
    parts: dict[str, Matrix] = {}
    places = {}
    for slot, matrix in rows.parts.items():
        there = rows.places[slot] != ABSENT
        dense = matrix if sparse.issparse(matrix) else rows.features_of(slot)
        if sparse.issparse(matrix):
            parts[slot], places[slot] = matrix, rows.places[slot]
            continue
        parts[slot] = normalisers.apply("source_std", normalisers.of_slot(state, slot), dense)
        places[slot] = np.where(there, np.cumsum(there) - 1, ABSENT)
    return FeatureRows(parts, places)


def put_together(rows: Sequence[FeatureRows]) -> FeatureRows:
    """Return the rows of several corpora as one, each slot's features copied into one matrix."""
    if len(rows) == 1:
        return rows[0]
    parts, places = {}, {}
    for slot in rows[0].parts:
        matrices = [part.features_of(slot) for part in rows]
        parts[slot] = _stacked(matrices)
        there = np.concatenate([part.places[slot] != ABSENT for part in rows])
        places[slot] = np.where(there, np.cumsum(there) - 1, ABSENT)
    return FeatureRows(parts, places)


def _stacked(matrices: Sequence[Matrix]) -> Matrix:
    if sparse.issparse(matrices[0]):
        return sparse.csr_matrix(sparse.vstack(matrices, format="csr"))
    if isinstance(matrices[0], Ragged):
        ends = np.concatenate([ragged.lengths for ragged in matrices if isinstance(ragged, Ragged)])
        values = np.concatenate([ragged.values for ragged in matrices if isinstance(ragged, Ragged)])
        return Ragged(values, np.concatenate([[0], np.cumsum(ends)]))
    return np.concatenate([np.asarray(matrix) for matrix in matrices])


def _times(rows: int, others: int, share: float) -> int:
    """Return how often `rows` rows are taken to be nearest to that share of them and `others` together."""
    if not share or not rows:
        return 1
    return max(round(share * others / ((1 - share) * rows)), 1)
