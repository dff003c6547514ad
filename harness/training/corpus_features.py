"""One corpus for a recipe: its utterances and labels with the features of each slot, or why there are none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness.core import paths
from harness.core.errors import SettingError
from harness.core.files import digest
from harness.core.memory import remembered
from harness.core.plugins import find
from harness.features import store as features
from harness.features.matrix import Matrix, Ragged
from harness.features.store import FeatureStore
from harness.study import splits
from harness.study.labels import MAIN_VIEW
from harness.study.params.rows import NATIVE, inputs
from harness.study.prepared import prepared
from harness.study.recipes import BY_CORPUS, SPEAKER, test_views_of, view_of
from harness.study.utterance import Modality
from harness.training.feature_rows import ABSENT, FeatureRows
from harness.training.speaker_normaliser import by_speaker

MODALITIES = tuple(modality.value for modality in Modality)
SLOT_MODALITIES = "slots"  # in a checked recipe: slot -> modality of its encoder
CHUNK = 2**22  # frame values that are averaged at a time


class CorpusFeatures:
    """The features of one corpus, of the encoders of one recipe.

    Args:
        corpus: a row of `corpora`.
        recipe: a recipe as `with_modalities` returns it.
    """

    def __init__(self, corpus: str, recipe: Mapping[str, Any]) -> None:
        self.corpus, self.prepared = corpus, prepared(corpus)
        self.stores: dict[str, FeatureStore] = {}
        for slot, encoder in inputs(recipe).items():
            route = str(recipe["route"]) if recipe[SLOT_MODALITIES][slot] == Modality.TEXT else NATIVE
            self.stores[slot] = features.read(paths.features(encoder, corpus, route))
        self.by_speaker = recipe["normalise"] == SPEAKER
        self.by_corpus = recipe["normalise"] in BY_CORPUS
        self.level = str(find("fusion", str(recipe["fusion"])).LEVEL)

    @cached_property
    def places(self) -> dict[str, dict[str, int]]:
        """Return slot -> utterance id -> row in the store."""
        return {slot: {name: at for at, name in enumerate(store.ids)} for slot, store in self.stores.items()}

    @cached_property
    def covered(self) -> set[str]:
        """Return the ids that have features in at least one slot."""
        return set().union(*(set(place) for place in self.places.values()))

    @property
    def digests(self) -> list[str]:
        """Return digests of the features, and of what of the corpus decides how they are normalised."""
        rows = self.prepared.utterances
        speakers = [digest([(row.id, row.speaker) for row in rows])] if self.by_speaker else []
        own_statistics = [digest(splits.adaptation_rows(rows))] if self.by_corpus else []
        return [*(store.content for store in self.stores.values()), *speakers, *own_statistics]

    @cached_property
    def parts(self) -> dict[str, Matrix]:
        """Return slot -> stored features; frames are averaged over time for a model that takes none."""
        pooled = self.level != "frames"
        loaded = {
            slot: _means(store.matrix) if pooled and isinstance(store.matrix, Ragged) else store.matrix
            for slot, store in self.stores.items()
        }
        return {slot: self._by_speaker(slot, matrix) for slot, matrix in loaded.items()} if self.by_speaker else loaded

    def _by_speaker(self, slot: str, matrix: Matrix) -> Matrix:
        if sparse.issparse(matrix):
            return matrix
        who = {row.id: row.speaker for row in self.prepared.utterances}
        return by_speaker(matrix, [who[name] for name in self.stores[slot].ids])

    def rows(self, ids: Sequence[str]) -> FeatureRows:
        """Return the features of these utterances; nothing is read yet."""
        places = {
            slot: np.array([place.get(name, ABSENT) for name in ids], dtype=np.int64)
            for slot, place in self.places.items()
        }
        return FeatureRows(self.parts, places)

    def labels(self, space: str, view: str = MAIN_VIEW) -> dict[str, str | float]:
        """Return utterance id -> shared label in a space and view, of the utterances that have one and features."""
        return {id_: label for id_, label in self.prepared.labels(space, view).items() if id_ in self.covered}


@remembered(16)
def _read(corpus: str, recipe: str) -> CorpusFeatures:
    return CorpusFeatures(corpus, json.loads(recipe))


def corpus_features(corpus: str, recipe: Mapping[str, Any]) -> CorpusFeatures:
    """Return the features of a corpus, of the encoders of a recipe; a process reads each once."""
    return _read(corpus, json.dumps(recipe))


def with_modalities(recipe: Mapping[str, Any], encoders: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe with the modality of each slot's encoder.

    Args:
        recipe: a row of `recipes`.
        encoders: the section of params.yaml.

    Raises:
        SettingError: an encoder stands in the slot of another modality, or params.yaml has no such encoder.
    """
    modalities = {}
    for slot, name in inputs(recipe).items():
        if name not in encoders:
            raise SettingError(f"{slot}: {name} is no row of encoders in params.yaml (rows: {', '.join(encoders)})")
        modality = str(find("encoder", str(encoders[name]["encoder"])).MODALITY)
        if slot in MODALITIES and slot != modality:
            raise SettingError(f"{slot}: {name} is an encoder of {modality}; name it under `{modality}` or `also`")
        modalities[slot] = modality
    return {**recipe, SLOT_MODALITIES: modalities}


def why_no_source(corpus: CorpusFeatures, name: str, recipe: Mapping[str, Any]) -> str | None:
    """Return the reason why a corpus cannot be trained on in a space, or None if it can."""
    view = view_of(recipe)
    if reason := _why_no_features("source", corpus, recipe):
        return reason
    truth = corpus.labels(name, view)
    if not truth:
        return _not_annotated("source", view)
    for fold in corpus.prepared.folds:
        train = [id_ for id_ in fold.train if id_ in truth]
        if len({truth[id_] for id_ in train}) < 2 or not any(id_ in truth for id_ in fold.dev):
            return "source_too_few_labels"  # nothing to tell apart, or nothing to select on
        if missing := _slots_without(corpus, train):
            return f"source_no_{missing[0]}"
    return None


def why_no_target(corpus: CorpusFeatures, name: str, recipe: Mapping[str, Any]) -> str | None:
    """Return the reason why a corpus cannot be tested on in a space and any of the recipe's views, or None."""
    if reason := _why_no_features("target", corpus, recipe):
        return reason
    views = test_views_of(recipe)
    if not any(corpus.labels(name, view) for view in views):
        return _not_annotated("target", views[0])
    transductive = recipe["normalise"] in BY_CORPUS
    missing = _slots_without(corpus, splits.adaptation_rows(corpus.prepared.utterances)) if transductive else []
    return f"target_no_{missing[0]}" if missing else None  # nothing to standardise it by


def _why_no_features(part: str, corpus: CorpusFeatures, recipe: Mapping[str, Any]) -> str | None:
    card = corpus.prepared.card
    if not card["present"]:
        return f"{part}_{card['reason']}"
    for slot, store in corpus.stores.items():
        if not len(store.ids):
            return f"{part}_no_text:{recipe['route']}" if slot == "text" else f"{part}_no_{slot}"
    return None


def _slots_without(corpus: CorpusFeatures, ids: Sequence[str]) -> list[str]:
    rows = corpus.rows(ids)
    return [slot for slot, place in rows.places.items() if (place == ABSENT).all()]


def _not_annotated(part: str, view: str) -> str:
    return f"{part}_not_annotated" if view == MAIN_VIEW else f"{part}_no_view:{view}"


def _means(frames: Ragged) -> NDArray[np.float32]:
    """Return the mean frame of every utterance; each has one at least, or it would not be in the store."""
    means = np.zeros(frames.shape, dtype=np.float32)
    step = max(int(CHUNK // max(frames.values.size / max(len(frames), 1), 1)), 1)
    for at in range(0, len(frames), step):
        starts = frames.starts[at : at + step + 1]
        values = frames.values[starts[0] : starts[-1]].astype(np.float64)
        sums = np.add.reduceat(values, starts[:-1] - starts[0], axis=0)
        means[at : at + step] = sums / np.diff(starts)[:, None]
    return means
