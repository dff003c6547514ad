"""Finish a row of the matrix: check its model file against its dev scores, and predict every target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.core import paths
from harness.core.errors import ResultError
from harness.core.files import digest
from harness.study import predictions, splits
from harness.study.labels import Space, space
from harness.study.recipes import view_of
from harness.training import model_files, replicates
from harness.training.corpus_features import CorpusFeatures, corpus_features
from harness.training.matrix_row import CellRow, examples, folds_of, is_trained, own_statistics
from harness.training.matrix_row_pieces import TrainingPiece, assemble
from harness.training.predictor import Predictor
from harness.training.selection import dev_scores

DEV_TOLERANCE = 1e-3  # of CCC between machines; a wrong checkpoint is off by far more


@dataclass(frozen=True, slots=True)
class RowToFinish:
    """A row of the matrix and the pieces that were trained for its model; none where the model lies there already."""

    job: CellRow
    first: tuple[TrainingPiece, ...] = ()
    more: tuple[TrainingPiece, ...] = ()


def is_assembled(row: RowToFinish) -> bool:
    """Tell whether the model is there, so that the pieces are not needed any more."""
    return not row.first or is_trained(row.job)


def finish(row: RowToFinish) -> None:
    """Put the model together if it is new, check it against its dev scores, and predict what is not current."""
    job = row.job
    if row.first:
        try:
            assemble(job, row.first, row.more)
        except ResultError:  # this row was begun before, and its machine lost after the pieces were deleted
            if not is_assembled(row):
                raise
    own, target_space = corpus_features(job.source, job.row), space(job.space)
    trained = model_files.read(job.path)
    _check_dev_scores(job, own, target_space, trained.replicates)
    for name in job.targets:
        _predict(job, corpus_features(name, job.row), target_space, trained)


def key_of(job: CellRow, trained: model_files.Model, target: str) -> str:
    """Name everything the predictions of a target are made from: the model as it lies there, features and rows."""
    of = corpus_features(target, job.row)
    return digest([job.key, trained.content, of.digests, _predicted_rows(job, of)])


def _check_dev_scores(job: CellRow, own: CorpusFeatures, target: Space, trained: Sequence[model_files.Trained]) -> None:
    """Refuse a model on disk that does not reproduce the dev score it was chosen for.

    It may have been trained on another device, whose rounding decides rows between two classes that are nearly equal:
    the score may be any that these rows allow.
    """
    truth = own.labels(job.space, view_of(job.row))
    dev = {fold.name: examples(own, fold.dev, truth, target) for fold in folds_of(job)}
    fold, predictor = "", None
    for replicate in trained:
        on = dev[replicate.fold]
        if predictor is None or replicate.fold != fold:
            fold, predictor = replicate.fold, Predictor(job.module, on.x, target, job.row)
        scores = predictor.predict(replicate.arrays, replicate.chosen)
        low, high = dev_scores(scores, on.y, target)
        if not low - DEV_TOLERANCE <= replicate.dev <= high + DEV_TOLERANCE:
            again = replicates.dev_score(scores, on.y, target)
            raise ResultError(
                f"{job.path}: fold {replicate.fold}, seed {replicate.seed} scored {replicate.dev:.4f} on dev when it "
                f"was trained and scores {again:.4f} when read back; delete the file and run the stage again"
            )


def _predict(
    job: CellRow,
    target: CorpusFeatures,
    label_space: Space,
    trained: model_files.Model,
) -> None:
    path = paths.prediction(job.recipe, job.source, job.space, target.corpus)
    ids, wanted = _predicted_rows(job, target), key_of(job, trained, target.corpus)
    if predictions.is_current(path, wanted):
        return
    statistics = None if target.corpus == job.source else own_statistics(target.corpus, job.row)
    predicted = []
    of_rows, predictor = ("", False), None
    for replicate in (*trained.replicates, *trained.variants):
        rows, wanted_rows = ids[replicate.fold], (replicate.fold, bool(replicate.variant))
        if replicate.variant:  # nothing is fitted on what a variant says of dev
            rows = {name: split for name, split in rows.items() if split == "test"}
        if predictor is None or wanted_rows != of_rows:
            x = target.rows(list(rows))
            of_rows, predictor = wanted_rows, Predictor(job.module, x, label_space, job.row, statistics)
        scores = predictor.predict(replicate.arrays, replicate.chosen)
        of = replicate.fold, replicate.seed, list(rows), list(rows.values()), scores, replicate.variant
        predicted.append(predictions.Predictions(*of))
    predictions.write(path, wanted, label_space, predicted)


def _predicted_rows(job: CellRow, target: CorpusFeatures) -> dict[str, dict[str, str]]:
    """Return fold of the source -> id -> split, for the rows of the target that each fold's model predicts."""
    own = corpus_features(job.source, job.row)
    wanted = {
        fold.name: splits.own_rows(fold)
        if own.corpus == target.corpus
        else splits.target_rows(target.prepared.utterances)
        for fold in own.prepared.folds
    }
    return {
        fold: {name: split for name, split in rows.items() if name in target.covered} for fold, rows in wanted.items()
    }
