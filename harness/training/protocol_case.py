"""Train and predict one case of a protocol; its predictions are written whole and kept while their key fits.

protocol_case.py         what a case is made from, and its predictions
protocol_case_rows.py    the rows of several corpora put together
protocol_case_masked.py  models of `transfer` that some modalities are taken away from
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from scipy import sparse

from harness.core import paths
from harness.core.code_digest import code_digest
from harness.core.errors import SettingError
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


def work(job: ProtocolCase) -> None:
    """Train and predict a case, unless its predictions are current."""
    wanted = key_of(job)
    if predictions.is_current(job.path, wanted):
        return
    if job.case.runs:
        replicates = [replicate for run in job.case.runs for replicate in _trained_predictions(job, run)]
    else:
        replicates = protocol_case_masked.predicted(job.case, job.row)
    predictions.write(job.path, wanted, space(job.case.space), replicates)


def key_of(job: ProtocolCase) -> str:
    """Name everything the predictions are made from: code, libraries, recipe, seeds, features, labels, parts."""
    case, target = job.case, space(job.case.space)
    fusion = str(job.recipe["fusion"])
    return digest(
        [
            code_digest(source("fusion", fusion), Path(__file__)),
            {package: importlib.metadata.version(package) for package in PACKAGES},
            {key: value for key, value in job.recipe.items() if key not in OF_TESTING},
            target.classes if isinstance(target, ClassSpace) else (target.low, target.high),
            [_facts(job, run) for run in case.runs] or protocol_case_masked.facts(case, job.row),
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


def _trained_predictions(job: ProtocolCase, run: TrainingRun) -> list[Predictions]:
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
    predicted = []
    for seed, trained in _trained(module, data, target, recipe, _seeds(job, run)):
        scores = replicates.predict(module, trained.arrays, x, target, recipe, trained.chosen)
        predicted.append(Predictions(run.fold, seed, ids, ["test"] * len(ids), scores))
        for tied in trained.tied:
            scores = replicates.predict(module, tied.arrays, x, target, recipe, tied.chosen)
            predicted.append(Predictions(run.fold, seed, ids, ["test"] * len(ids), scores, tied.name))
    return predicted


def _aligned(recipe: dict[str, Any], case: Case) -> dict[str, Any]:
    """Return a recipe whose network is aligned with the target while it is trained, where the case says so."""
    if case.align in ("", CORAL):
        return recipe
    return {**recipe, "settings": {**recipe["settings"], "alignment": case.align, "alignment_weight": case.weight}}


def _trained(
    module: ModuleType, data: replicates.TrainingData, target: Space, recipe: Mapping[str, Any], seeds: Sequence[int]
) -> Iterator[tuple[int, SelectedModel]]:
    """Yield seed and model; what a search has to choose is chosen with the first seed on dev."""
    settings = recipe["settings"]
    draws = replicates.draws(module, settings)
    names = [replicates.drawn(module, settings, Trial(seeds[0], draw)) for draw in draws]

    def trained(seed: int, at: int) -> SelectedModel:
        (of,) = replicates.train(module, data, target, recipe, [Trial(seed, draws[at])])
        beside = tuple(replace(tied, chosen={**names[at], **tied.chosen}) for tied in of.tied)
        return replace(of, chosen={**names[at], **of.chosen}, tied=beside)

    tried = [trained(seeds[0], at) for at in range(len(draws))]
    best, others = selection.chosen_draw(draws, tried, data.rule)
    drawn = [Tied(name_of(names[at]), tried[at].arrays, tried[at].dev, tried[at].chosen) for at in others]
    yield seeds[0], replace(tried[best], tied=(*tried[best].tied, *drawn))
    for seed in seeds[1:]:
        yield seed, trained(seed, best)
