"""Train the replicates of a row of the matrix in pieces, each written whole, and put them together."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.core import sealed
from harness.core.files import digest
from harness.study.labels import space
from harness.study.predictions import RESAMPLE
from harness.study.recipes import view_of
from harness.study.selected_settings import name_of
from harness.training import model_files, selection
from harness.training import replicates as training
from harness.training.corpus_features import corpus_features
from harness.training.matrix_row import CellRow, examples, folds_of
from harness.training.model_files import Trained
from harness.training.replicates import Trial
from harness.training.resampled_dialogues import resampled


@dataclass(frozen=True, slots=True)
class TrainingPiece:
    """Replicates of one fold that are trained together, and the file they go to."""

    job: CellRow
    fold: str
    trials: tuple[Trial, ...]

    @property
    def key(self) -> str:
        """Name everything the replicates are made from."""
        trials = [[trial.seed, trial.settings, trial.resample] for trial in self.trials]
        return digest([self.job.key, self.fold, trials])

    @property
    def path(self) -> Path:
        """Return where the trained replicates are kept until the model is put together."""
        return self.job.work / f"{self.key[:24]}.safetensors"


def first_pieces(job: CellRow, batching: bool | str) -> list[TrainingPiece]:
    """Return what can be trained at once: all seeds, or the draws of a search with the first seed."""
    draws, seeds = job.draws(), job.training.seeds
    used = seeds if len(draws) == 1 else seeds[:1]
    trials = [Trial(seed, settings) for settings in draws for seed in used]
    groups = training.together(job.module, trials, batching)
    return [TrainingPiece(job, fold.name, group) for fold in folds_of(job) for group in groups]


def more_pieces(job: CellRow, batching: bool | str) -> list[TrainingPiece]:
    """Return what is left once the settings of each fold are selected: the other seeds, and resampled dialogues."""
    searched, resamples = len(job.draws()) > 1, range(1, job.training.resamples + 1)
    if not searched and not resamples:
        return []
    pieces = []
    for fold in folds_of(job):
        settings, chosen, _ = _of_search(job, fold.name, first_pieces(job, batching))
        trials = [Trial(seed, settings) for seed in job.training.seeds[1:]] if searched else []
        pieces += [TrainingPiece(job, fold.name, group) for group in training.together(job.module, trials, batching)]
        fixed = settings
        if training.selects(job.module):  # a resample is fitted with the selected candidate alone
            fixed = {**settings, **{key: [value] for key, value in chosen.chosen.items()}}
        first = job.training.seeds[0]
        pieces += [TrainingPiece(job, fold.name, (Trial(first, fixed, number),)) for number in resamples]
    return pieces


def train(piece: TrainingPiece) -> None:
    """Train the replicates of a piece, unless they are there."""
    if sealed.is_current(piece.path, piece.key, model_files.MADE_BY):
        return
    job, settings = piece.job, piece.job.row["settings"]
    data = _training_data(job, piece.fold)
    if number := piece.trials[0].resample:
        data = resampled(data, number, job.row)
    trained = training.train(job.module, data, space(job.space), job.row, piece.trials)
    replicates, variants = [], []
    for trial, of in zip(piece.trials, trained, strict=True):
        drawn = training.drawn(job.module, settings, trial)
        own = Trained(piece.fold, trial.seed, of.arrays, of.dev, {**drawn, **of.chosen}, of.error)
        if trial.resample:
            variants.append(replace(own, variant=f"{RESAMPLE}{trial.resample}"))
            continue
        replicates.append(own)
        variants += [
            Trained(piece.fold, trial.seed, tied.arrays, tied.dev, {**drawn, **tied.chosen}, of.error, tied.name)
            for tied in of.tied
        ]
    model_files.write(piece.path, piece.key, replicates, variants=variants)


@lru_cache(maxsize=1)  # replicates of one fold follow each other
def _training_data(job: CellRow, fold_name: str) -> training.TrainingData:
    own = corpus_features(job.source, job.row)
    truth, target = own.labels(job.space, view_of(job.row)), space(job.space)
    (fold,) = (fold for fold in folds_of(job) if fold.name == fold_name)
    train, dev = (examples(own, ids, truth, target) for ids in (fold.train, fold.dev))
    return training.TrainingData(train, dev, job.row, rule=job.training.rule)


def assemble(job: CellRow, batching: bool | str) -> None:
    """Write the model file from the replicates that were trained, and delete these."""
    first, more = first_pieces(job, batching), more_pieces(job, batching)
    searched = len(job.draws()) > 1
    replicates, variants, tried = [], [], []
    for fold in folds_of(job):
        of_first, of_more = (
            [model_files.read(piece.path) for piece in pieces if piece.fold == fold.name] for pieces in (first, more)
        )
        found = [of for file in (*of_first, *of_more) for of in file.replicates]
        beside = [of for file in (*of_first, *of_more) for of in file.variants]
        if searched:
            tried += [{"fold": fold.name, "dev": of.dev, **of.chosen} for file in of_first for of in file.replicates]
            _, best, tied = _of_search(job, fold.name, first)
            found = [of for of in found if _is_draw(job, of, best)]
            beside = [of for of in beside if of.variant.startswith(RESAMPLE) or _is_draw(job, of, best)]
            names = [name_of(training.searched(job.row["settings"], of.chosen)) for of in tied]
            beside += [replace(of, variant=name) for of, name in zip(tied, names, strict=True)]
        replicates += sorted(found, key=lambda of: job.training.seeds.index(of.seed))
        variants += beside
    model_files.write(job.path, job.key, replicates, tried, variants)
    shutil.rmtree(job.work, ignore_errors=True)


def _is_draw(job: CellRow, one: Trained, other: Trained) -> bool:
    """Tell whether two replicates were trained with the same draw of a search."""
    settings = job.row["settings"]
    return training.searched(settings, one.chosen) == training.searched(settings, other.chosen)


def _of_search(
    job: CellRow, fold: str, first: Sequence[TrainingPiece]
) -> tuple[dict[str, Any], Trained, list[Trained]]:
    """Return the draw of a search that is selected on a fold's dev, its first replicate, and those tied with it."""
    seed = job.training.seeds[0]
    tried = [
        (trial, of)
        for piece in first
        if piece.fold == fold
        for trial, of in zip(piece.trials, model_files.read(piece.path).replicates, strict=True)
        if trial.seed == seed
    ]
    drawn = [digest(draw) for draw in job.draws()]  # batches of trials need not be in the order of the draws
    tried.sort(key=lambda of: drawn.index(digest(dict(of[0].settings))))
    settings, replicates = [dict(trial.settings) for trial, _ in tried], [of for _, of in tried]
    at, tied = selection.chosen_draw(settings, replicates, job.training.rule)
    return settings[at], replicates[at], [replicates[place] for place in tied]
