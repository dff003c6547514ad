"""Train the replicates of a row of the matrix in pieces, each written whole, and put them together.

What a piece has trained is told in a few words, too (`Told`), so that whoever plans what follows reads no file.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.core import sealed
from harness.core.files import digest
from harness.core.memory import remembered
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


@dataclass(frozen=True, slots=True)
class Told:
    """What a piece tells of a replicate that it trained: enough to select a draw of a search, without its arrays."""

    trial: Trial
    dev: float
    error: float
    chosen: Mapping[str, Any]
    parameters: int


def first_pieces(job: CellRow, batched: bool) -> list[TrainingPiece]:
    """Return what can be trained at once: all seeds, or the draws of a search with the first seed."""
    draws, seeds = job.draws(), job.training.seeds
    used = seeds if len(draws) == 1 else seeds[:1]
    trials = [Trial(seed, settings) for settings in draws for seed in used]
    groups = training.together(job.module, trials, batched)
    return [TrainingPiece(job, fold.name, group) for fold in folds_of(job) for group in groups]


def more_pieces(job: CellRow, fold: str, told: Sequence[Told], batched: bool, together: int) -> list[TrainingPiece]:
    """Return what is left of a fold once its settings are selected: the other seeds, and resampled dialogues.

    Args:
        job: the cell row.
        fold: its name.
        told: what all first pieces of the fold have told.
        batched: whether the seeds of a network are trained as one batch.
        together: how many resamples one piece trains, one after the other.
    """
    searched, numbers = len(job.draws()) > 1, list(range(1, job.training.resamples + 1))
    if not searched and not numbers:
        return []
    at, _ = selected_draw(job, told)
    settings = dict(told[at].trial.settings)
    trials = [Trial(seed, settings) for seed in job.training.seeds[1:]] if searched else []
    pieces = [TrainingPiece(job, fold, group) for group in training.together(job.module, trials, batched)]
    if training.selects(job.module):  # a resample is fitted with the selected candidate alone
        settings |= {key: [value] for key, value in told[at].chosen.items()}
    first = job.training.seeds[0]
    for begin in range(0, len(numbers), together):
        group = tuple(Trial(first, settings, number) for number in numbers[begin : begin + together])
        pieces.append(TrainingPiece(job, fold, group))
    return pieces


def selected_draw(job: CellRow, told: Sequence[Told]) -> tuple[int, list[int]]:
    """Return the place of the draw of a search that is selected on a fold's dev, and those tied with it."""
    first = [at for at, of in enumerate(told) if of.trial.seed == job.training.seeds[0]]
    drawn = [digest(draw) for draw in job.draws()]  # batches of trials need not be in the order of the draws
    first.sort(key=lambda at: drawn.index(digest(dict(told[at].trial.settings))))
    settings = [dict(told[at].trial.settings) for at in first]
    best, tied = selection.chosen_draw(settings, [told[at] for at in first], job.training.rule)
    return first[best], [first[place] for place in tied]


def train(piece: TrainingPiece) -> list[Told]:
    """Train the replicates of a piece, unless they are there, and tell of each."""
    if not sealed.is_current(piece.path, piece.key, model_files.MADE_BY):
        _train(piece)
    if piece.trials[0].resample:  # nothing is selected by it
        return []
    return _told(piece, model_files.read(piece.path).replicates)


def _told(piece: TrainingPiece, replicates: Sequence[Trained]) -> list[Told]:
    return [
        Told(trial, of.dev, of.error, of.chosen, of.parameters)
        for trial, of in zip(piece.trials, replicates, strict=True)
    ]


def _train(piece: TrainingPiece) -> None:
    job, settings = piece.job, piece.job.row["settings"]
    data = _training_data(job, piece.fold)
    made_on = training.made_on(job.module, len(piece.trials))
    if piece.trials[0].resample:
        trained = [
            of
            for trial in piece.trials
            for of in training.train(
                job.module, resampled(data, trial.resample, job.row), space(job.space), job.row, [trial]
            )
        ]
    else:
        trained = training.train(job.module, data, space(job.space), job.row, piece.trials)
    replicates, variants = [], []
    for trial, of in zip(piece.trials, trained, strict=True):
        drawn = training.drawn(job.module, settings, trial)
        own = Trained(
            piece.fold, trial.seed, of.arrays, of.dev, {**drawn, **of.chosen}, of.error, "", of.curve, made_on
        )
        if trial.resample:
            variants.append(replace(own, variant=f"{RESAMPLE}{trial.resample}", curve={}, made_on={}))
            continue
        replicates.append(own)
        variants += [
            Trained(piece.fold, trial.seed, tied.arrays, tied.dev, {**drawn, **tied.chosen}, of.error, tied.name)
            for tied in of.tied
        ]
    model_files.write(piece.path, piece.key, replicates, variants=variants)


@remembered(1)  # replicates of one fold follow each other
def _training_data(job: CellRow, fold_name: str) -> training.TrainingData:
    own = corpus_features(job.source, job.row)
    truth, target = own.labels(job.space, view_of(job.row)), space(job.space)
    (fold,) = (fold for fold in folds_of(job) if fold.name == fold_name)
    train, dev = (examples(own, ids, truth, target) for ids in (fold.train, fold.dev))
    return training.TrainingData(train, dev, job.row, rule=job.training.rule)


def assemble(job: CellRow, first: Sequence[TrainingPiece], more: Sequence[TrainingPiece]) -> None:
    """Write the model file from the replicates that were trained, and delete these.

    Args:
        job: the cell row.
        first: its pieces as they were trained, from `first_pieces`.
        more: those from `more_pieces` of all its folds.
    """
    searched = len(job.draws()) > 1
    replicates, variants, tried = [], [], []
    for fold in folds_of(job):
        firsts = [piece for piece in first if piece.fold == fold.name]
        of_first = [model_files.read(piece.path) for piece in firsts]
        of_more = [model_files.read(piece.path) for piece in more if piece.fold == fold.name]
        found = [of for file in (*of_first, *of_more) for of in file.replicates]
        beside = [of for file in (*of_first, *of_more) for of in file.variants]
        if searched:
            tried += [{"fold": fold.name, "dev": of.dev, **of.chosen} for file in of_first for of in file.replicates]
            drawn = [of for file in of_first for of in file.replicates]
            told = [of for piece, file in zip(firsts, of_first, strict=True) for of in _told(piece, file.replicates)]
            at, places = selected_draw(job, told)
            best, tied = drawn[at], [drawn[place] for place in places]
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
