"""One cell row: train on a source in one label space, then predict every target. The unit of work of `transfer`.

Each result is written whole under the key of all it was made from; a result whose key still fits is kept. So a
killed run resumes, and a new corpus costs its own row and column only.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness import features, layout, manifest, models, normalisers, predictions, training
from harness.closure import code_digest
from harness.corpus import MAIN_VIEW, Utterance
from harness.errors import ResultError
from harness.examples import Examples
from harness.files import digest
from harness.labels import ClassSpace, Space, space
from harness.plugins import find, source
from harness.protocols import single_source as protocol
from harness.settings import inputs

DEV_TOLERANCE = 1e-3  # between machines a tie may fall the other way; a wrong checkpoint is off by far more
PACKAGES = ("numpy", "scipy", "torch")


@dataclass(frozen=True, slots=True)
class CellRow:
    """What to do: one recipe, source and space, and the targets to predict."""

    recipe: str
    row: Mapping[str, Any]
    source: str
    space: str
    targets: tuple[str, ...]
    seeds: tuple[int, ...]


class Inputs:
    """The utterances of one corpus with the features a recipe asks for."""

    def __init__(self, corpus: str, recipe: Mapping[str, Any]) -> None:
        self.corpus = corpus
        self.utterances: list[Utterance] = manifest.read_utterances(layout.utterances(corpus))
        used = inputs(recipe)
        self.by_modality = {m: features.read(layout.features(used[m], corpus, _route(m, recipe))) for m in sorted(used)}
        self.stores = list(self.by_modality.values())

    @cached_property
    def covered(self) -> set[str]:
        """Return the ids that have a row in every store."""
        return set.intersection(*(set(store.ids) for store in self.stores))

    @property
    def digests(self) -> list[str]:
        """Return what the features were made from."""
        return [store.digest for store in self.stores]

    def rows(self, ids: Sequence[str]) -> features.Matrix:
        """Return the features of these utterances, those of several modalities side by side."""
        parts = [store.rows(ids) for store in self.stores]
        if any(sparse.issparse(part) for part in parts):
            return sparse.csr_matrix(sparse.hstack(parts, format="csr"))
        return np.concatenate(parts, axis=1)

    @cached_property
    def annotated(self) -> dict[str, dict[str, Any]]:
        """Return id -> row of labels.jsonl."""
        return manifest.read_labels(layout.labels(self.corpus))

    def labels(self, name: str, view: str = MAIN_VIEW) -> dict[str, str | float]:
        """Return id -> shared label in a space and view, for the utterances that have one and features."""
        rows = self.annotated
        labelled = (row.id for row in self.utterances if row.id in self.covered)
        found = ((one, manifest.label_of(rows[one], name, view)) for one in labelled)
        return {key: value for key, value in found if value is not None}


def why_no_source(corpus: Inputs, card: Mapping[str, Any], name: str, recipe: Mapping[str, Any]) -> str | None:
    """Return the reason why a corpus cannot be trained on in a space, or None if it can."""
    view = view_of(recipe)
    if reason := _why_no_features("source", corpus, card, recipe):
        return reason
    truth = corpus.labels(name, view)
    if not truth:
        return _not_annotated("source", view)
    for fold in protocol.folds(corpus.utterances):
        train = {truth[one] for one in fold.train if one in truth}
        if len(train) < 2 or not any(one in truth for one in fold.dev):
            return "source_too_few_labels"  # nothing to tell apart, or nothing to select on
    return None


def why_no_target(corpus: Inputs, card: Mapping[str, Any], name: str, recipe: Mapping[str, Any]) -> str | None:
    """Return the reason why a corpus cannot be tested on in a space and any of the recipe's views, or None."""
    if reason := _why_no_features("target", corpus, card, recipe):
        return reason
    views = test_views_of(recipe)
    return None if any(corpus.labels(name, view) for view in views) else _not_annotated("target", views[0])


def view_of(recipe: Mapping[str, Any]) -> str:
    """Return the label view that a recipe is trained on."""
    return str(recipe.get("view", MAIN_VIEW))


def test_views_of(recipe: Mapping[str, Any]) -> list[str]:
    """Return the label views that a recipe is tested against."""
    return [str(view) for view in recipe.get("test_views", [MAIN_VIEW])]


def _why_no_features(part: str, corpus: Inputs, card: Mapping[str, Any], recipe: Mapping[str, Any]) -> str | None:
    if not card["present"]:
        return f"{part}_{card['reason']}"
    for modality, store in corpus.by_modality.items():
        if not len(store.ids):
            return f"{part}_no_text:{recipe['route']}" if modality == "text" else f"{part}_no_{modality}"
    return None if corpus.covered else f"{part}_no_features"


def _not_annotated(part: str, view: str) -> str:
    return f"{part}_not_annotated" if view == MAIN_VIEW else f"{part}_no_view:{view}"


def run(job: CellRow) -> None:
    """Train the cell row unless its model is current, check the model on disk, and predict what is not current."""
    target_space, module = space(job.space), find("fusion", str(job.row["fusion"]))
    own = Inputs(job.source, job.row)
    truth = own.labels(job.space, view_of(job.row))
    key = _model_key(job, own, truth)
    path = layout.model(job.recipe, job.source, job.space)
    known = models.facts(path)
    if known is None or known["key"] != key:
        models.write(path, key, _train(job, module, own, truth, target_space))
    trained = models.read(path)
    _check_dev_scores(job, module, own, truth, target_space, trained)
    for name in job.targets:
        target = own if name == job.source else Inputs(name, job.row)
        _predict(job, module, own, target, target_space, trained, key)


def _train(
    job: CellRow, module: ModuleType, own: Inputs, truth: Mapping[str, Any], target: Space
) -> list[models.Trained]:
    trained = []
    for fold in protocol.folds(own.utterances):
        train, dev = (_examples(own, ids, truth, target) for ids in (fold.train, fold.dev))
        for seed in _seeds(job, module):
            found = training.train(module, train, dev, target, job.row, seed)
            trained.append(models.Trained(fold.name, seed, found.arrays, found.dev, found.chosen))
    return trained


def _seeds(job: CellRow, module: ModuleType) -> tuple[int, ...]:
    """Return the seeds to train with: one where they cannot matter."""
    return job.seeds[:1] if module.DETERMINISTIC else job.seeds


def _examples(own: Inputs, ids: Sequence[str], truth: Mapping[str, Any], target: Space) -> Examples:
    labelled = [name for name in ids if name in truth]
    return Examples(own.rows(labelled), indices([truth[name] for name in labelled], target))


def indices(labels: Sequence[str | float], target: Space) -> NDArray[Any]:
    """Return shared labels as class indices, or as numbers for a scale."""
    if isinstance(target, ClassSpace):
        place = {name: at for at, name in enumerate(target.classes)}
        return np.array([place[str(label)] for label in labels], dtype=np.int64)
    return np.array(labels, dtype=np.float64)


def _check_dev_scores(
    job: CellRow,
    module: ModuleType,
    own: Inputs,
    truth: Mapping[str, Any],
    target: Space,
    trained: Sequence[models.Trained],
) -> None:
    """Refuse a model on disk that does not reproduce the dev score it was chosen for."""
    folds = {fold.name: fold for fold in protocol.folds(own.utterances)}
    for one in trained:
        dev = _examples(own, folds[one.fold].dev, truth, target)
        again = training.dev_score(training.predict(module, one.arrays, dev.x, target, job.row), dev.y, target)
        if abs(again - one.dev) > DEV_TOLERANCE:
            path = layout.model(job.recipe, job.source, job.space)
            raise ResultError(
                f"{path}: fold {one.fold}, seed {one.seed} scored {one.dev:.4f} on dev when it was trained and scores "
                f"{again:.4f} when read back; delete the file and run the stage again"
            )


def _predict(
    job: CellRow,
    module: ModuleType,
    source_inputs: Inputs,
    target: Inputs,
    label_space: Space,
    trained: Sequence[models.Trained],
    key: str,
) -> None:
    path = layout.prediction(job.recipe, job.source, job.space, target.corpus)
    asked = _asked(source_inputs, target)
    wanted = digest([key, target.digests, asked])
    if predictions.key_of(path) == wanted:
        return
    own = _own_statistics(job, target)
    found = []
    for one in trained:
        rows = asked[one.fold]
        scores = training.predict(module, one.arrays, target.rows(list(rows)), label_space, job.row, own)
        found.append(predictions.Predictions(one.fold, one.seed, list(rows), list(rows.values()), scores))
    predictions.write(path, wanted, label_space, found)


def _asked(own: Inputs, target: Inputs) -> dict[str, dict[str, str]]:
    """Return fold of the source -> id -> split, for the rows of the target that each fold's model predicts."""
    wanted = {
        fold.name: protocol.own_rows(fold) if own is target else protocol.target_rows(target.utterances)
        for fold in protocol.folds(own.utterances)
    }
    return {
        fold: {name: split for name, split in rows.items() if name in target.covered} for fold, rows in wanted.items()
    }


def _own_statistics(job: CellRow, target: Inputs) -> dict[str, NDArray[Any]] | None:
    """Return a target's own normaliser statistics where the recipe is transductive; the source keeps its own."""
    if job.row["normalise"] not in normalisers.TRANSDUCTIVE or target.corpus == job.source:
        return None
    rows = [name for name in protocol.adaptation_rows(target.utterances) if name in target.covered]
    return normalisers.fit(str(job.row["normalise"]), target.rows(rows))


def _model_key(job: CellRow, own: Inputs, truth: Mapping[str, Any]) -> str:
    """Name everything a model is made from: code, libraries, recipe, seeds, features, folds, labels (not of test)."""
    made_from = {key: value for key, value in job.row.items() if key not in ("description", "test_views")}
    target = space(job.space)
    code = code_digest(source("fusion", str(job.row["fusion"])), layout.HERE / "cellrow.py")
    return digest(
        [
            code,
            {name: importlib.metadata.version(name) for name in PACKAGES},
            made_from,
            _seeds(job, find("fusion", str(job.row["fusion"]))),
            target.classes if isinstance(target, ClassSpace) else (target.low, target.high),
            own.digests,
            [(row.id, row.split, row.fold, truth.get(row.id)) for row in own.utterances if row.split != "test"],
        ]
    )


def _route(modality: str, recipe: Mapping[str, Any]) -> str:
    return str(recipe["route"]) if modality == "text" else "native"
