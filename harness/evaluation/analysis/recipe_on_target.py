"""What an analysis knows of one recipe in one space on one target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.matrix.scoring import Floats, ScoredRows
from harness.evaluation.matrix.target_corpus import least_support, target_corpus
from harness.statistics import prior_shift
from harness.study import predictions
from harness.study.labels import ClassSpace, space
from harness.study.predictions import Predictions
from harness.study.prepared import prepared
from harness.study.recipes import view_of


class RecipeOnTarget:
    """The cells of one recipe, space and target, each read once."""

    def __init__(self, params: Mapping[str, Any], plan: Mapping[str, Any], name: str, target: str) -> None:
        """Read nothing yet; `name` is of a space with classes."""
        label_space = space(name)
        assert isinstance(label_space, ClassSpace)
        self.space, self.params, self.plan = label_space, params, plan
        self.metric, self.statistics = str(params["primary"][name]), params["statistics"]
        self.level = float(self.statistics["level"])
        self.target = target_corpus(target, least_support(params))
        self._files = {
            (cell["source"], cell["target"]): Path(cell["file"])
            for cell in plan["cells"]
            if cell["space"] == name and "file" in cell
        }
        self._predictions: dict[tuple[str, str], list[Predictions]] = {}
        self._scored: dict[str, ScoredRows] = {}

    def sources(self) -> list[str]:
        """Return the sources with predictions of the target's labelled test rows, in-domain included."""
        here = [source for source, target in self._files if target == self.target.name]
        return [source for source in here if len(self.scored(source).truth)]

    def scored(self, source: str) -> ScoredRows:
        """Return the predictions of a source beside the target's truth."""
        if source not in self._scored:
            self._scored[source] = self.aligned(source, self.predictions(source))
        return self._scored[source]

    def aligned(self, source: str, replicates: Sequence[Predictions]) -> ScoredRows:
        """Return predictions, changed ones too, beside the target's truth, as the cell's are."""
        return self.target.rows(self.space).align(replicates, source == self.target.name)

    def predictions(self, source: str, target: str = "") -> list[Predictions]:
        """Return the predictions of the target, or of another one, one per replicate of the source; no file, none."""
        key = source, target or self.target.name
        if key not in self._predictions:
            self._predictions[key] = predictions.read(self._files[key], self.space) if key in self._files else []
        return self._predictions[key]

    def dev(self, source: str) -> dict[tuple[str, int], tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Return (fold, seed) -> truth and probabilities of the source's labelled dev rows; empty where it has none."""
        by_fold = {}
        for replicate in self.predictions(source, source):
            labels, split_of = (
                prepared(source).labels(self.space.name),
                zip(replicate.ids, replicate.splits, strict=True),
            )
            rows = [at for at, (name, split) in enumerate(split_of) if split == "dev" and name in labels]
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
