"""What an analysis knows of one recipe in one space on one target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.cells import CellScorer, CellToScore, planned
from harness.evaluation.matrix.target_corpus import target_corpus
from harness.statistics import prior_shift
from harness.study import predictions
from harness.study.labels import MAIN_VIEW, ClassSpace, space
from harness.study.predictions import Predictions
from harness.study.prepared import prepared
from harness.study.recipes import view_of

Floats = NDArray[np.float64]


class RecipeOnTarget:
    """The cells of one recipe, space and target, each read once."""

    def __init__(self, params: Mapping[str, Any], plan: Mapping[str, Any], name: str, target: str) -> None:
        """Read nothing yet; `name` is of a space with classes."""
        label_space = space(name)
        assert isinstance(label_space, ClassSpace)
        self.space, self.params, self.plan = label_space, params, plan
        self.metric = str(params["primary"][name])
        self.target = target_corpus(target)
        self._rows: dict[str, CellToScore] = {}
        self._predictions: dict[str, list[Predictions]] = {}

    def sources(self) -> list[str]:
        """Return the sources with predictions of the target's labelled test rows, in-domain included."""
        return [source for source in self._files(self.target.name) if self.row(source).scored is not None]

    def row(self, source: str) -> CellToScore:
        """Return the scored cell of a source."""
        if source not in self._rows:
            cell = {"source": source, "target": self.target.name, "file": self._files(self.target.name)[source]}
            scorer = CellScorer(self.params["statistics"], self.space, [self.metric], self.target)
            self._rows[source] = scorer.score(planned(self.plan, cell, MAIN_VIEW))
        return self._rows[source]

    def scored(self, source: str) -> scoring.ScoredRows:
        """Return the scored rows of a source that `sources` names."""
        scored = self.row(source).scored
        assert scored is not None
        return scored

    def home(self) -> scoring.ScoredRows | None:
        """Return the in-domain cell's scored rows, where there is one."""
        name = self.target.name
        return self.scored(name) if name in self.sources() else None

    def weights(self, source: str) -> NDArray[np.uint32]:
        """Return the draws of dialogues that the cell's interval is from."""
        return self.scored(source).draws(self.params["statistics"])

    @property
    def level(self) -> float:
        """Return the level of intervals."""
        return float(self.params["statistics"]["level"])

    def predictions(self, source: str) -> list[Predictions]:
        """Return the predictions of the target, one per replicate of the source."""
        return predictions.read(Path(self._files(self.target.name)[source]), self.space)

    def dev(self, source: str) -> dict[tuple[str, int], tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Return (fold, seed) -> truth and probabilities of the source's labelled dev rows; empty where it has none."""
        path = self._files(source).get(source)
        if path is None:
            return {}
        if source not in self._predictions:
            self._predictions[source] = predictions.read(Path(path), self.space)
        labels, by_fold = prepared(source).labels(self.space.name), {}
        for replicate in self._predictions[source]:
            split_of = enumerate(zip(replicate.ids, replicate.splits, strict=True))
            rows = [at for at, (name, split) in split_of if split == "dev" and name in labels]
            if rows:
                truth = predictions.indices([labels[replicate.ids[at]] for at in rows], self.space)
                by_fold[replicate.fold, replicate.seed] = truth, replicate.scores[rows]
        return by_fold

    def priors(self, source: str) -> dict[str, Floats]:
        """Return fold -> the class shares that the scores of a source's models stand for.

        Uniform over the classes of train where training weighs classes alike, those of train otherwise.
        Empty for a source that is no corpus.
        """
        if source not in self.params["corpora"]:
            return {}
        labels = prepared(source).labels(self.space.name, view_of(self.plan["settings"]))
        priors = {}
        for fold in prepared(source).folds:
            truth = predictions.indices([labels[name] for name in fold.train if name in labels], self.space)
            if len(truth):
                shares = prior_shift.shares(truth, len(self.space.classes))
                balanced = self.plan["settings"]["balanced"]
                priors[fold.name] = (shares > 0) / (shares > 0).sum() if balanced else shares
        return priors

    def _files(self, target: str) -> dict[str, str]:
        return {
            cell["source"]: cell["file"]
            for cell in self.plan["cells"]
            if (cell["space"], cell["target"]) == (self.space.name, target) and "file" in cell
        }
