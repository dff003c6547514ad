"""Estimate transferability for every pair of corpora of a study, without a test row of the target.

pairs.py          one pair: what is known before testing, and every estimate from it
against_cells.py  whether the estimates ranked the pairs as the cells turned out

A target is known by its *train* rows. A corpus that is divided by folds has none that are not tested by a model of
another corpus; as a target it has a reason in place of estimates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.core import paths
from harness.core.plugins import find
from harness.evaluation.transferability.estimate import Estimate
from harness.evaluation.transferability.estimators import ESTIMATORS, KnownPair, estimates
from harness.evaluation.transferability.of_predictions import log_odds
from harness.features.matrix import Ragged
from harness.study import splits
from harness.study.labels import ClassSpace, space
from harness.study.predictions import indices
from harness.study.recipes import view_of
from harness.training import model_files, replicates
from harness.training.corpus_features import CorpusFeatures, corpus_features, with_modalities
from harness.training.matrix_row import own_statistics
from harness.training.predictor import predict

COLUMNS = ("space", "recipe", "source", "target", "estimator", "value", "needs", "reason")
DIVIDED, UNLABELLED = "target_has_no_train_split", "target_no_labelled_train_rows"


@dataclass(frozen=True, slots=True)
class CorpusPair:
    """One pair of corpora: recipe as written, space, source and target."""

    params: Mapping[str, Any]
    name: str
    settings: Mapping[str, Any]
    space: str
    source: str
    target: str


def work(job: CorpusPair) -> list[list[Any]]:
    """Return a line of estimates.csv for each estimator."""
    recipe = with_modalities(dict(job.settings), job.params["encoders"])
    target = corpus_features(job.target, recipe)
    keys = [job.space, job.name, job.source, job.target]
    truth = target.labels(job.space)
    labels = {name: truth[name] for name in splits.adaptation_rows(target.prepared.utterances) if name in truth}
    if reason := DIVIDED if splits.has_folds(target.prepared.utterances) else "" if labels else UNLABELLED:
        values = dict.fromkeys(ESTIMATORS, Estimate(None, reason))
    else:
        pair = _pair(job, recipe, corpus_features(job.source, recipe), target, labels)
        values = estimates(pair, int(job.params["statistics"]["seed"]))
    return [[*keys, name, of.value, ESTIMATORS[name].target_labels, of.reason] for name, of in values.items()]


def _pair(
    job: CorpusPair,
    recipe: Mapping[str, Any],
    source: CorpusFeatures,
    target: CorpusFeatures,
    labels: Mapping[str, str | float],
) -> KnownPair:
    """Return what is known of a pair; what the source says of the target is the mean over its models.

    Args:
        job: the pair.
        recipe: with the modality of each slot.
        source, target: the corpora.
        labels: of the target's train rows, by id.
    """
    label_space = space(job.space)
    trained = model_files.read(paths.model(job.name, job.source, job.space)).replicates
    module, own = find("fusion", str(recipe["fusion"])), own_statistics(job.target, recipe)
    rows, y = target.rows(list(labels)), indices(list(labels.values()), label_space)
    every = [predict(module, o.arrays, rows, label_space, recipe, o.chosen, own) for o in trained]
    probabilities = np.asarray(every, dtype=np.float64).mean(axis=0)
    classes = isinstance(label_space, ClassSpace)
    fold = next(known_fold for known_fold in source.prepared.folds if known_fold.name == trained[0].fold)
    source_labels = source.labels(job.space, view_of(recipe))
    learned = [name for name in fold.train if name in source_labels]
    pooled = not any(isinstance(part, Ragged) for part in (*target.parts.values(), *source.parts.values()))
    state = {name.removeprefix("norm."): value for name, value in trained[0].arrays.items() if name.startswith("norm.")}
    x = replicates.side_by_side(recipe["normalise"], {**state, **(own or {})}, rows) if pooled else None
    source_x = replicates.side_by_side(recipe["normalise"], state, source.rows(learned)) if pooled else None
    return KnownPair(
        probabilities=probabilities if classes else None,
        hidden=log_odds(probabilities) if classes else probabilities,
        y=y,
        source_y=indices([source_labels[name] for name in learned], label_space),
        x=x,
        source_x=source_x,
        dialogues=np.array([target.prepared.dialogues[name] for name in labels]),
        source_dialogues=np.array([source.prepared.dialogues[name] for name in learned]),
    )
