"""A corpus as a target: its test rows with their truth, floors and human ceilings, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.memory import remembered
from harness.evaluation.matrix import floors, scoring
from harness.statistics import sums
from harness.statistics.rare_classes import LEAST_SUPPORT, without_rare
from harness.study import splits
from harness.study.labels import MAIN_VIEW, ClassSpace, Space
from harness.study.metric_facts import metric_module
from harness.study.predictions import indices
from harness.study.prepared import prepared


class TargetCorpus:
    """The test rows of one corpus; every recipe and source asks for the same ones.

    Args:
        name: a row of `corpora`.
        least: rows that a class needs to enter a mean over classes.
    """

    def __init__(self, name: str, least: int = LEAST_SUPPORT) -> None:
        self.name, self.prepared, self.least = name, prepared(name), least
        splits_of_rows = splits.target_rows(self.prepared.utterances)
        self.tested = [id_ for id_, split in splits_of_rows.items() if split == "test"]
        self.is_divided = splits.has_folds(self.prepared.utterances)
        self.speakers = {row.id: row.speaker for row in self.prepared.utterances}
        self._rows: dict[tuple[str, str], scoring.Tested] = {}
        self._ceilings: dict[tuple[str, str, str], float | None] = {}
        self._floors: dict[tuple[int, str, str], tuple[Any, tuple[float | None, float | None]]] = {}

    def rows(self, space: Space, view: str = MAIN_VIEW) -> scoring.Tested:
        """Return the test rows that have a label in a view, as class index or number."""
        key = space.name, view
        if key not in self._rows:
            labels = self.prepared.labels(space.name, view)
            known = {id_: labels[id_] for id_ in self.tested if id_ in labels}
            truth = dict(zip(known, indices(list(known.values()), space).tolist(), strict=True))
            self._rows[key] = scoring.Tested(truth, self.prepared.dialogues, self.tested, self.least)
        return self._rows[key]

    def floors(self, truth: NDArray[Any], space: Space, metric: str) -> tuple[float | None, float | None]:
        """Return `floors.floors` of the truth of a cell, which cells with the same rows share."""
        key = id(truth), space.name, metric
        if key not in self._floors:
            # the truth is kept, so that no other array has its id
            self._floors[key] = truth, floors.floors(truth, space, metric, self.least)
        return self._floors[key][1]

    def ceiling(self, space: Space, modality: str, metric: str) -> float | None:
        """Score people who saw one modality only against the main label; None where nobody did, and on a scale."""
        key = space.name, modality, metric
        if key not in self._ceilings:
            self._ceilings[key] = self._ceiling(space, modality, metric)
        return self._ceilings[key]

    def _ceiling(self, space: Space, modality: str, metric: str) -> float | None:
        human, truth = self.rows(space, modality).truth, self.rows(space).truth
        both = [id_ for id_ in truth if id_ in human]
        module = metric_module(metric)
        if not both or module.STATISTIC != "confusion" or not isinstance(space, ClassSpace):
            return None
        one_cluster = np.zeros(len(both), dtype=np.int64)
        t, p = (np.array([side[id_] for id_ in both], dtype=np.int64) for side in (truth, human))
        counts = sums.confusion(t, p[None], one_cluster, len(space.classes))
        return floors.of_matrix(without_rare(counts, module, self.least)[0, 0], space, metric)


def least_support(params: Mapping[str, Any]) -> int:
    """Return the rows that a class needs to enter a mean over classes, of params.yaml."""
    return int(params["statistics"].get("least_support", LEAST_SUPPORT))


@remembered(8)
def target_corpus(name: str, least: int = LEAST_SUPPORT) -> TargetCorpus:
    """Return a corpus of the study as it is tested on; a process reads each once."""
    return TargetCorpus(name, least)
