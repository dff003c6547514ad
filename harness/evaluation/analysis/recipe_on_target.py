"""What an analysis knows of one recipe in one space on one target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.cells import Row, Target, planned, score
from harness.statistics import prior_shift, sums
from harness.study import predictions, splits
from harness.study.corpus import MAIN_VIEW
from harness.study.labels import ClassSpace, space
from harness.study.predictions import Predictions
from harness.study.recipes import view_of

Floats = NDArray[np.float64]


class Field:
    """The cells of one recipe, space and target, each read once."""

    def __init__(self, params: Mapping[str, Any], plan: Mapping[str, Any], name: str, target: str) -> None:
        """Read nothing yet; `name` is of a space with classes."""
        found = space(name)
        assert isinstance(found, ClassSpace)
        self.space, self.params, self.plan = found, params, plan
        self.metric = str(params["primary"][name])
        self.target = corpus(target)
        self._rows: dict[str, Row] = {}
        self._said: dict[str, list[Predictions]] = {}

    def sources(self) -> list[str]:
        """Return the sources with predictions of the target's labelled test rows, in-domain included."""
        return [source for source in self._files(self.target.corpus) if self.row(source).scored is not None]

    def row(self, source: str) -> Row:
        """Return the scored cell of a source."""
        if source not in self._rows:
            cell = {"source": source, "target": self.target.corpus, "file": self._files(self.target.corpus)[source]}
            self._rows[source] = score(
                planned(self.plan, cell, MAIN_VIEW), self.params, self.space, [self.metric], self.target
            )
        return self._rows[source]

    def scored(self, source: str) -> scoring.Scored:
        """Return the scored rows of a source that `sources` names."""
        found = self.row(source).scored
        assert found is not None
        return found

    def home(self) -> scoring.Scored | None:
        """Return the in-domain cell's scored rows, where there is one."""
        name = self.target.corpus
        return self.scored(name) if name in self.sources() else None

    def weights(self, source: str) -> NDArray[np.uint32]:
        """Return the draws of dialogues that the cell's interval is from."""
        settings = self.params["statistics"]
        clusters = int(self.scored(source).clusters.max()) + 1
        return sums.draws(clusters, int(settings["resamples"]), int(settings["seed"]))

    @property
    def level(self) -> float:
        """Return the level of intervals."""
        return float(self.params["statistics"]["level"])

    def is_trained(self, source: str) -> bool:
        """Tell whether a source is a corpus of the study: predictions of other systems may have none."""
        return source in self.params["corpora"]

    def said(self, source: str) -> list[Predictions]:
        """Return the predictions of the target, one a replicate of the source."""
        return predictions.read(Path(self._files(self.target.corpus)[source]), self.space)

    def aligned(self, source: str, said: Sequence[Predictions]) -> scoring.Scored:
        """Return predictions, changed ones too, beside the target's truth, as the cell's are."""
        return self.target.rows(self.space).align(said, source == self.target.corpus)

    def dev(self, source: str) -> dict[tuple[str, int], tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Return (fold, seed) -> truth and probabilities of the source's labelled dev rows; empty where it has none."""
        path = self._files(source).get(source)
        if path is None:
            return {}
        if source not in self._said:
            self._said[source] = predictions.read(Path(path), self.space)
        labels, places = corpus(source).labels, {name: at for at, name in enumerate(self.space.classes)}
        found = {}
        for one in self._said[source]:
            truth = [_label(labels, name, self.space.name) for name in one.ids]
            rows = [at for at, t in enumerate(truth) if t is not None and one.splits[at] == "dev"]
            if rows:
                known = np.array([places[str(truth[at])] for at in rows], dtype=np.int64)
                found[one.fold, one.seed] = known, one.scores[rows]
        return found

    def priors(self, source: str) -> dict[str, Floats]:
        """Return fold -> the class shares that the scores of a source's models stand for.

        Uniform over the classes of train where training weighs classes alike, those of train otherwise.
        Empty for a source that is no corpus.
        """
        if not self.is_trained(source):
            return {}
        own, k = corpus(source), len(self.space.classes)
        places = {name: at for at, name in enumerate(self.space.classes)}
        view = view_of(self.plan["settings"])
        found = {}
        for fold in splits.folds(own.utterances):
            labels = [_label(own.labels, name, self.space.name, view) for name in fold.train]
            known = np.array([places[str(one)] for one in labels if one is not None], dtype=np.int64)
            if len(known):
                shares = prior_shift.shares(known, k)
                balanced = self.plan["settings"]["balanced"]
                found[fold.name] = (shares > 0) / (shares > 0).sum() if balanced else shares
        return found

    def _files(self, target: str) -> dict[str, str]:
        return {
            cell["source"]: cell["file"]
            for cell in self.plan["cells"]
            if (cell["space"], cell["target"]) == (self.space.name, target) and "file" in cell
        }


def forget() -> None:
    """Forget what was read of corpora: a stage begins with this."""
    corpus.cache_clear()


@lru_cache(maxsize=8)
def corpus(name: str) -> Target:
    """Return the utterances and labels of a corpus; a process reads each once."""
    return Target(name)


def _label(labels: Mapping[str, Any], name: str, space_name: str, view: str = MAIN_VIEW) -> str | float | None:
    from harness.study.manifest import label_of

    return label_of(labels[name], space_name, view)
