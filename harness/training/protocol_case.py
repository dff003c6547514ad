"""Train and predict one case of a protocol; its predictions are written whole and kept while their key fits.

A case of several training runs is done in a piece for each, which are joined when all are done.

protocol_case.py         what a case is made from, and its predictions
protocol_cases.py        many of them as pieces of work
protocol_case_rows.py    the rows of several corpora put together
protocol_case_masked.py  models of `transfer` that some modalities are taken away from
"""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from scipy import sparse

from harness.core import paths
from harness.core.code_digest import code_digest
from harness.core.errors import ResultError, SettingError
from harness.core.files import digest
from harness.core.plugins import find, source
from harness.protocols._case import Case, TrainingRun
from harness.study import predictions, splits
from harness.study.labels import ClassSpace, Space, space
from harness.study.params.rows import NO_MODALITY
from harness.study.predictions import Predictions
from harness.study.recipes import view_of
from harness.study.selected_settings import ONE_STANDARD_ERROR, name_of
from harness.training import protocol_case_masked, replicates, selection
from harness.training.corpus_features import SLOT_MODALITIES, corpus_features
from harness.training.matrix_row import OF_TESTING, PACKAGES, TrainingChoices
from harness.training.predictor import Predictor
from harness.training.protocol_case_rows import adaptation, joined, learned, moved, rows_of, without_own
from harness.training.replicates import Trial
from harness.training.selection import SelectedModel, Tied

CORAL = "coral"


@dataclass(frozen=True, slots=True)
class ProtocolCase:
    """A case of a row of `protocols`, with its recipe and the rule of selection."""

    protocol: str
    row: Mapping[str, Any]
    case: Case
    rule: str = ONE_STANDARD_ERROR

    @property
    def recipe(self) -> dict[str, Any]:
        """Return the recipe, without the slots whose modality a retrained case never sees."""
        if not (self.case.keep and self.case.runs):
            return dict(self.row)
        gone = {slot for slot, modality in self.row[SLOT_MODALITIES].items() if modality not in self.case.keep}
        left = {slot: modality for slot, modality in self.row[SLOT_MODALITIES].items() if slot not in gone}
        return {**self.row, **dict.fromkeys(gone, NO_MODALITY), SLOT_MODALITIES: left}

    @property
    def path(self) -> Path:
        """Return the file of its predictions."""
        return paths.case(self.protocol, self.case.recipe, self.case.space, self.case.name)

    @property
    def work(self) -> Path:
        """Return the folder of the runs that are done, until they are joined."""
        case = self.case
        return paths.WORK / digest(["case", self.protocol, case.recipe, case.space, case.name])[:24]


@dataclass(frozen=True, slots=True)
class CasePiece:
    """A case, or one training run of it, and whether the seeds of a network are trained as one batch.

    `run` is the number of the run; None is the whole case.
    """

    job: ProtocolCase
    batched: bool = False
    run: int | None = None

    @property
    def path(self) -> Path:
        """Return the file of its predictions."""
        return self.job.path if self.run is None else self.job.work / f"{self.run}.parquet"


def is_current(job: ProtocolCase) -> bool:
    """Tell whether the predictions of a case lie there, made from the same."""
    return predictions.is_current(job.path, key_of(job))


def work(piece: CasePiece) -> None:
    """Train and predict a case, or one run of it, unless its predictions are current."""
    job, runs = piece.job, piece.job.case.runs
    if piece.run is not None:
        runs = (runs[piece.run],)
    wanted = key_of(job, runs)
    if predictions.is_current(piece.path, wanted):
        return
    if runs:
        replicates = [replicate for run in runs for replicate in _trained_predictions(job, run, piece.batched)]
    else:
        replicates = protocol_case_masked.predicted(job.case, job.row)
    predictions.write(piece.path, wanted, space(job.case.space), replicates)


def join(pieces: Sequence[CasePiece]) -> None:
    """Write the predictions of a case from those of its runs, and delete these."""
    job = pieces[0].job
    target = space(job.case.space)
    try:
        runs = [of for piece in pieces for kind in (False, True) for of in predictions.read(piece.path, target, kind)]
    except ResultError:  # this case was begun before, and its machine lost after the runs were deleted
        if not is_joined(pieces):
            raise
        return
    predictions.write(job.path, key_of(job), target, runs)
    shutil.rmtree(job.work, ignore_errors=True)


def is_joined(pieces: Sequence[CasePiece]) -> bool:
    """Tell whether the predictions of a case are there, so that those of its runs are not needed any more."""
    return is_current(pieces[0].job)


def key_of(job: ProtocolCase, runs: Sequence[TrainingRun] | None = None) -> str:
    """Name everything the predictions are made from: code, libraries, recipe, seeds, features, labels, parts.

    Args:
        job: the case.
        runs: those of its training runs that are meant; None is all.
    """
    runs = job.case.runs if runs is None else runs
    case, target = job.case, space(job.case.space)
    fusion = str(job.recipe["fusion"])
    return digest(
        [
            code_digest(source("fusion", fusion), Path(__file__)),
            {package: importlib.metadata.version(package) for package in PACKAGES},
            {key: value for key, value in job.recipe.items() if key not in OF_TESTING},
            target.classes if isinstance(target, ClassSpace) else (target.low, target.high),
            [_facts(job, run) for run in runs] or protocol_case_masked.facts(case, job.row),
            corpus_features(case.target, job.recipe).digests,
            [case.align, case.weight, _aligned_ids(job)],
            job.rule,
        ]
    )


def _facts(job: ProtocolCase, run: TrainingRun) -> Any:
    parts = {}
    for what, of in (("train", run.train), ("dev", run.dev)):
        parts[what] = [
            (
                corpus_features(part.corpus, job.recipe).digests,
                part.share,
                part.copies,
                learned(part, job.recipe, job.case.space),
            )
            for part in of
        ]
    return _seeds(job, run), parts, _tested_ids(job, run)


def _seeds(job: ProtocolCase, run: TrainingRun) -> tuple[int, ...]:
    return TrainingChoices(run.seeds).of_model(find("fusion", str(job.recipe["fusion"]))).seeds


def _tested_ids(job: ProtocolCase, run: TrainingRun) -> list[str]:
    """Return the ids of the target that a run's models are tested on."""
    own = corpus_features(job.case.target, job.recipe)
    if run.tested:
        fold = next(known_fold for known_fold in own.prepared.folds if known_fold.name == run.tested)
        ids: Sequence[str] = fold.test
    else:
        rows = splits.target_rows(own.prepared.utterances)
        ids = [name for name, split in rows.items() if split == "test"]
    return [name for name in ids if name in own.covered]


def _aligned_ids(job: ProtocolCase) -> list[str]:
    """Return the ids of the target that models are aligned with, without labels."""
    own = corpus_features(job.case.target, job.recipe)
    return splits.adaptation_rows(own.prepared.utterances) if job.case.align else []


def _trained_predictions(job: ProtocolCase, run: TrainingRun, batched: bool) -> list[Predictions]:
    case, target, module = job.case, space(job.case.space), find("fusion", str(job.recipe["fusion"]))
    recipe = _aligned(without_own(job.recipe), case)
    train, dev = (joined(of, job.recipe, target, view_of(job.recipe)) for of in (run.train, run.dev))
    seen = adaptation(case.target, job.recipe) if case.align else None
    if case.align == CORAL and seen is not None:
        if any(sparse.issparse(matrix) for matrix in seen.parts.values()):
            raise SettingError(
                f"protocols.{job.protocol}: coral does not suit the sparse features of recipe {case.recipe}; "
                "take a recipe of dense ones"
            )
        train, dev = moved([train, dev], seen)
    data = replicates.TrainingData(train, dev, recipe, None if case.align == CORAL else seen, job.rule)
    ids = _tested_ids(job, run)
    x = rows_of(case.target, job.recipe, ids)
    predicted, predictor = [], Predictor(module, x, target, recipe)
    for seed, trained in _trained(module, data, target, recipe, _seeds(job, run), batched):
        scores = predictor.predict(trained.arrays, trained.chosen)
        predicted.append(Predictions(run.fold, seed, ids, ["test"] * len(ids), scores))
        for tied in trained.tied:
            scores = predictor.predict(tied.arrays, tied.chosen)
            predicted.append(Predictions(run.fold, seed, ids, ["test"] * len(ids), scores, tied.name))
    return predicted


def _aligned(recipe: dict[str, Any], case: Case) -> dict[str, Any]:
    """Return a recipe whose network is aligned with the target while it is trained, where the case says so."""
    if case.align in ("", CORAL):
        return recipe
    return {**recipe, "settings": {**recipe["settings"], "alignment": case.align, "alignment_weight": case.weight}}


def _trained(
    module: ModuleType,
    data: replicates.TrainingData,
    target: Space,
    recipe: Mapping[str, Any],
    seeds: Sequence[int],
    batched: bool,
) -> Iterator[tuple[int, SelectedModel]]:
    """Yield seed and model; what a search has to choose is chosen with the first seed on dev."""
    settings = recipe["settings"]
    draws = replicates.draws(module, settings)
    names = [replicates.drawn(module, settings, Trial(seeds[0], draw)) for draw in draws]

    def trained(trials: Sequence[tuple[int, int]]) -> list[SelectedModel]:
        """Return the models of (seed, place of the draw)."""
        every = [Trial(seed, draws[at]) for seed, at in trials]
        models: dict[int, SelectedModel] = {}
        for group in replicates.together(module, every, batched):
            for trial, of in zip(group, replicates.train(module, data, target, recipe, group), strict=True):
                number = next(at for at, other in enumerate(every) if other is trial)
                name = names[trials[number][1]]
                beside = tuple(replace(tied, chosen={**name, **tied.chosen}) for tied in of.tied)
                models[number] = replace(of, chosen={**name, **of.chosen}, tied=beside)
        return [models[number] for number in range(len(trials))]

    if len(draws) == 1:  # then all seeds can be trained at once
        yield from zip(seeds, trained([(seed, 0) for seed in seeds]), strict=True)
        return
    tried = trained([(seeds[0], at) for at in range(len(draws))])
    best, others = selection.chosen_draw(draws, tried, data.rule)
    drawn = [Tied(name_of(names[at]), tried[at].arrays, tried[at].dev, tried[at].chosen) for at in others]
    yield seeds[0], replace(tried[best], tied=(*tried[best].tied, *drawn))
    yield from zip(seeds[1:], trained([(seed, best) for seed in seeds[1:]]), strict=True)
