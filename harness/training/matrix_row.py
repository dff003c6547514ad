"""A row of the matrix: one source in one label space, trained once and predicted on every target.

matrix_row.py         what a cell row is, and the key of all its model is made from
matrix_row_pieces.py  its replicates (folds x seeds, and the draws of a search), trained side by side
matrix_row_finish.py  its model file, put together and checked, and its predictions
matrix_rows.py        many of them

Each result is written whole and lies under the key of all it was made from; one whose key still fits is kept. So a
killed run resumes, and a new corpus costs its own row and column only.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from harness.core import paths, sealed
from harness.core.code_digest import code_digest
from harness.core.files import digest
from harness.core.memory import remembered
from harness.core.plugins import find, source
from harness.study import splits
from harness.study.labels import ClassSpace, Space, space
from harness.study.predictions import indices
from harness.study.recipes import BY_CORPUS, view_of
from harness.study.selected_settings import ONE_STANDARD_ERROR
from harness.training import model_files, normalisers, replicates
from harness.training.corpus_features import CorpusFeatures, corpus_features
from harness.training.feature_rows import Examples

PACKAGES = ("numpy", "scipy", "torch")
OF_TESTING = ("description", "test_views")  # keys of a recipe that decide nothing of a model


@dataclass(frozen=True, slots=True)
class TrainingChoices:
    """The section `training` of params.yaml: seeds, rule of selection, and resamples of the train dialogues."""

    seeds: tuple[int, ...]
    rule: str = ONE_STANDARD_ERROR
    resamples: int = 0
    network_resamples: int = 0

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> TrainingChoices:
        """Return what params.yaml says."""
        given = params["training"]
        seeds, rule = tuple(given["seeds"]), given.get("selection", ONE_STANDARD_ERROR)
        return cls(seeds, rule, given.get("resamples", 0), given.get("network_resamples", 0))

    def of_model(self, module: ModuleType) -> TrainingChoices:
        """Return what of it a model needs: one seed where seeds cannot matter, and its number of resamples."""
        if module.DETERMINISTIC:
            return TrainingChoices(self.seeds[:1], self.rule, self.resamples)
        return TrainingChoices(self.seeds, self.rule, self.network_resamples)


@dataclass(frozen=True, slots=True, eq=False)
class CellRow:
    """What to do: one recipe, source and space, and the targets to predict; `key` names all the model is made from."""

    recipe: str
    row: Mapping[str, Any]
    source: str
    space: str
    targets: tuple[str, ...]
    training: TrainingChoices  # of this model
    key: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CellRow) and (other.key, other.targets) == (self.key, self.targets)

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def module(self) -> ModuleType:
        """Return the file of harness/fusion that is trained."""
        return find("fusion", str(self.row["fusion"]))

    @property
    def path(self) -> Path:
        """Return the file of the trained replicates."""
        return paths.model(self.recipe, self.source, self.space)

    @property
    def work(self) -> Path:
        """Return the folder of the replicates that are trained already, until the model is put together."""
        return paths.WORK / self.key[:24]

    def draws(self) -> list[dict[str, Any]]:
        """Return the settings that a search tries: those of the recipe where there is nothing to search."""
        return replicates.draws(self.module, self.row["settings"])


def key_of(row: Mapping[str, Any], own: CorpusFeatures, name: str, training: TrainingChoices) -> str:
    """Name all that a model is made from: code, libraries, recipe, training, features, folds, labels (not of test)."""
    truth = own.labels(name, view_of(row))
    target, fusion = space(name), str(row["fusion"])
    return digest(
        [
            code_digest(source("fusion", fusion), Path(__file__).with_name("matrix_row_finish.py")),
            {package: importlib.metadata.version(package) for package in PACKAGES},
            {key: value for key, value in row.items() if key not in OF_TESTING},
            astuple(training.of_model(find("fusion", fusion))),
            target.classes if isinstance(target, ClassSpace) else (target.low, target.high),
            own.digests,
            [
                (utterance.id, utterance.split, utterance.fold, utterance.dialogue, truth.get(utterance.id))
                for utterance in own.prepared.utterances
                if utterance.split != "test"
            ],
        ]
    )


def is_trained(job: CellRow) -> bool:
    """Tell whether the model of a cell row is there and current."""
    return sealed.is_current(job.path, job.key, model_files.MADE_BY)


def own_statistics(corpus: str, recipe: Mapping[str, Any]) -> normalisers.State | None:
    """Return the normaliser's statistics of a corpus' unlabelled train split, or None where it has none of its own."""
    return _own_statistics(corpus, json.dumps(recipe)) if recipe["normalise"] in BY_CORPUS else None


@remembered(16)
def _own_statistics(corpus: str, recipe: str) -> normalisers.State:
    row = json.loads(recipe)
    own = corpus_features(corpus, row)
    return normalisers.fit_own(row["normalise"], own.rows(splits.adaptation_rows(own.prepared.utterances)))


def folds_of(job: CellRow) -> list[splits.Fold]:
    """Return the folds of a cell row's source."""
    return corpus_features(job.source, job.row).prepared.folds


def examples(own: CorpusFeatures, ids: Sequence[str], truth: Mapping[str, Any], target: Space) -> Examples:
    """Return the utterances that have a label, with their features and truth."""
    labelled = [name for name in ids if name in truth]
    y = indices([truth[name] for name in labelled], target)
    return Examples(own.rows(labelled), y, np.array([own.prepared.dialogues[name] for name in labelled]))
