"""Train the replicates of a row of the matrix in pieces, each written whole, and put them together."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.core import sealed
from harness.core.files import digest
from harness.study.labels import space
from harness.study.recipes import view_of
from harness.training import model_files, settings_search
from harness.training import replicates as training
from harness.training.corpus_features import corpus_features
from harness.training.matrix_row import CellRow, examples, folds_of
from harness.training.replicates import Trial


@dataclass(frozen=True, slots=True)
class TrainingPiece:
    """Replicates of one fold that are trained together, and the file they go to."""

    job: CellRow
    fold: str
    trials: tuple[Trial, ...]

    @property
    def key(self) -> str:
        """Name everything the replicates are made from."""
        return digest([self.job.key, self.fold, [[trial.seed, trial.settings] for trial in self.trials]])

    @property
    def path(self) -> Path:
        """Return where the trained replicates are kept until the model is put together."""
        return self.job.work / f"{self.key[:24]}.safetensors"


def first_pieces(job: CellRow, batching: bool | str) -> list[TrainingPiece]:
    """Return what can be trained at once: all seeds, or the draws of a search with the first seed."""
    draws = job.draws()
    seeds = job.seeds if len(draws) == 1 else job.seeds[:1]
    return _pieces(job, [Trial(seed, settings) for settings in draws for seed in seeds], batching)


def more_pieces(job: CellRow, batching: bool | str) -> list[TrainingPiece]:
    """Return what is left after a search: the other seeds, with the settings that were best on each fold's dev."""
    if len(job.draws()) == 1:
        return []
    pieces = []
    for fold in folds_of(job):
        best = _best_draw(job, fold.name, batching)
        trials = [Trial(seed, best) for seed in job.seeds[1:]]
        pieces += [TrainingPiece(job, fold.name, group) for group in training.together(job.module, trials, batching)]
    return pieces


def train(piece: TrainingPiece) -> None:
    """Train the replicates of a piece, unless they are there."""
    if sealed.is_current(piece.path, piece.key, model_files.MADE_BY):
        return
    job, settings = piece.job, piece.job.row["settings"]
    trained = training.train(job.module, _training_data(job, piece.fold), space(job.space), job.row, piece.trials)
    replicates = [
        model_files.Trained(
            piece.fold,
            trial.seed,
            replicate.arrays,
            replicate.dev,
            {**training.drawn(job.module, settings, trial), **replicate.chosen},
        )
        for trial, replicate in zip(piece.trials, trained, strict=True)
    ]
    model_files.write(piece.path, piece.key, replicates)


@lru_cache(maxsize=1)  # replicates of one fold follow each other
def _training_data(job: CellRow, fold_name: str) -> training.TrainingData:
    own = corpus_features(job.source, job.row)
    truth, target = own.labels(job.space, view_of(job.row)), space(job.space)
    (fold,) = (fold for fold in folds_of(job) if fold.name == fold_name)
    train, dev = (examples(own, ids, truth, target) for ids in (fold.train, fold.dev))
    return training.TrainingData(train, dev, job.row)


def assemble(job: CellRow, batching: bool | str) -> None:
    """Write the model file from the replicates that were trained, and delete these."""
    first, more = first_pieces(job, batching), more_pieces(job, batching)
    searched = len(job.draws()) > 1
    trained, tried = [], []
    for fold in folds_of(job):
        candidates = _trained_in(job, fold.name, first)
        if searched:
            tried += [{"fold": fold.name, "dev": replicate.dev, **replicate.chosen} for replicate in candidates]
            best = _best_draw(job, fold.name, batching)
            keys = settings_search.drawn_keys(job.row["settings"])
            candidates = [
                replicate for replicate in candidates if all(replicate.chosen[key] == best[key] for key in keys)
            ]
        trained += sorted(
            [*candidates, *_trained_in(job, fold.name, more)], key=lambda replicate: job.seeds.index(replicate.seed)
        )
    model_files.write(job.path, job.key, trained, tried)
    shutil.rmtree(job.work, ignore_errors=True)


def _pieces(job: CellRow, trials: Sequence[Trial], batching: bool | str) -> list[TrainingPiece]:
    groups = training.together(job.module, trials, batching)
    return [TrainingPiece(job, fold.name, group) for fold in folds_of(job) for group in groups]


def _trained_in(job: CellRow, fold: str, pieces: Sequence[TrainingPiece]) -> list[model_files.Trained]:
    return [
        replicate for piece in pieces if piece.fold == fold for replicate in model_files.read(piece.path).replicates
    ]


def _best_draw(job: CellRow, fold: str, batching: bool | str) -> dict[str, Any]:
    """Return the first of the draws that are best on a fold's dev."""
    pieces = [piece for piece in first_pieces(job, batching) if piece.fold == fold]
    scored = {
        digest(dict(trial.settings)): replicate.dev
        for piece in pieces
        for replicate, trial in zip(model_files.read(piece.path).replicates, piece.trials, strict=True)
    }
    return max(job.draws(), key=lambda settings: scored[digest(settings)])
