"""Select on source dev: penalties, epochs and draws of settings, by a rule that ties cannot toss.

Dev scores of several settings often lie within a fraction of their own standard error, and the same settings can lie
far apart on another corpus. So the default is the one-standard-error rule (Breiman et al. 1984; Hastie, Tibshirani &
Friedman 2009, section 7.10): of all settings whose dev score is within one standard error of the best, the simplest.
The standard error is that of the best score, by a jackknife over the dialogues of dev. The settings within it are
called tied; a model keeps them beside the one that is selected, so that a cell can show what the choice decides.

Of fewer than a hundred dev rows the standard error is so large that hardly anything is ruled out, and the first epoch
would nearly always be the simplest: there the best is selected under either rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.core import epochs
from harness.metrics import ccc, uar
from harness.statistics import sums
from harness.statistics.rare_classes import LEAST_SUPPORT, without_rare
from harness.study.labels import ClassSpace, Space
from harness.study.selected_settings import BEST, EPOCH, ONE_STANDARD_ERROR

NEAR = 1e-3  # two probabilities of a row that another device may put in the other order
ENOUGH = 100  # dev rows from which on a standard error says something
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class SelectedModel:
    """What selection on dev chose.

    Args:
        arrays: of the model.
        dev: its score on dev.
        chosen: the setting or epoch.
        error: the standard error of the best score on dev.
        tied: what dev cannot tell apart from the best, without what was selected.
        curve: {"epoch", "dev", "loss"} -> a value of each epoch of a network, as far as it was trained.
    """

    arrays: Arrays
    dev: float
    chosen: dict[str, Any]
    error: float = 0.0
    tied: tuple[Tied, ...] = ()
    curve: Mapping[str, Sequence[float | None]] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """Return how many numbers the model has learned."""
        return parameters_of(self.arrays)


@dataclass(frozen=True, slots=True)
class Tied:
    """A model that dev cannot tell apart from the best; `name` is the same in all replicates, as in `c=0.01`."""

    name: str
    arrays: Arrays
    dev: float
    chosen: dict[str, Any]


class ScoredModel(Protocol):
    """A trained model with its score on dev."""

    @property
    def parameters(self) -> int:
        """Return how many numbers it has learned."""
        ...

    @property
    def dev(self) -> float:
        """Return its score on dev."""
        ...

    @property
    def error(self) -> float:
        """Return the standard error of this score."""
        ...


class DevRows:
    """The dev rows that a model is selected on; a class of fewer than ten rows does not enter their UAR.

    Args:
        y: class indices (n,) or numbers (n,).
        dialogues: of each row (n,); None takes each row for itself.
        space: the label space; UAR is maximised for classes, CCC for a scale.
        rule: one of `RULES`; of few rows the best is selected, whatever it says.
    """

    def __init__(
        self, y: NDArray[Any], dialogues: NDArray[Any] | None, space: Space, rule: str = ONE_STANDARD_ERROR
    ) -> None:
        self.y, self.space, self.rule = y, space, rule if len(y) >= ENOUGH else BEST
        rows = np.arange(len(y)) if dialogues is None else dialogues
        self._clusters = _numbered(rows)
        if len(y) and self._clusters.max() == 0:
            self._clusters = np.arange(len(y))  # of one dialogue nobody knows how dialogues differ

    def score(self, scores: NDArray[np.float32]) -> float:
        """Return what selection maximises: UAR of probabilities (n, classes), or CCC of numbers (n, 1)."""
        metric, statistic = self._sums(scores)
        return float(np.nan_to_num(metric.from_statistic(statistic.sum(axis=0))))

    def error(self, scores: NDArray[np.float32]) -> float:
        """Return the standard error of the score, by a jackknife over dialogues; 0 where there is nothing to leave."""
        metric, statistic = self._sums(scores)
        without = np.asarray(metric.from_statistic(statistic.sum(axis=0) - statistic))
        without = without[np.isfinite(without)]
        n = len(without)
        return float(np.sqrt((n - 1) / n * np.square(without - without.mean()).sum())) if n > 1 else 0.0

    def _sums(self, scores: NDArray[np.float32]) -> tuple[ModuleType, NDArray[np.float64]]:
        if isinstance(self.space, ClassSpace):
            said = scores.argmax(axis=1)[None]
            counts = sums.confusion(self.y, said, self._clusters, len(self.space.classes))
            return uar, without_rare(counts, uar, LEAST_SUPPORT)[0]
        return ccc, sums.moments(self.y, scores[:, 0][None].astype(np.float64), self._clusters)[0]


def dev_scores(scores: NDArray[np.float32], y: NDArray[Any], space: Space) -> tuple[float, float]:
    """Return the lowest and the highest dev score that rows between two nearly equal classes allow."""
    rows_of_dev = DevRows(y, None, space)
    own = rows_of_dev.score(scores)
    if not isinstance(space, ClassSpace):
        return own, own
    rows, top = np.arange(len(y)), scores.max(axis=1)
    near = top - np.partition(scores, -2, axis=1)[:, -2] < NEAR
    found = [own]
    for wanted in (True, False):  # all such rows decided for the truth where it is near, or for another class
        said, is_truth = scores.copy(), np.zeros(scores.shape, bool)
        is_truth[rows, y] = True
        among = (scores > top[:, None] - NEAR) & (is_truth == wanted) & near[:, None]
        said[among] = 2
        found.append(rows_of_dev.score(said))
    return min(found), max(found)


@dataclass(slots=True)
class EpochsKept:
    """The epochs in which a network was better on dev than ever before: one of them is selected.

    The first epoch within some distance of the best is always one of these.
    """

    on: DevRows
    epochs: list[tuple[int, float, Arrays]] = field(default_factory=list)
    scores: NDArray[np.float32] | None = None  # of the best
    curve: dict[str, list[float | None]] = field(default_factory=lambda: {"epoch": [], "dev": [], "loss": []})

    @property
    def best(self) -> float:
        """Return the best score so far."""
        return self.epochs[-1][1] if self.epochs else -np.inf

    @property
    def last(self) -> int:
        """Return the epoch of the best score so far, 0 before the first."""
        return self.epochs[-1][0] if self.epochs else 0

    def saw(self, epoch: int, score: float, loss: float, seed: int, device: str) -> None:
        """Note an epoch, whether it is kept or not, and tell whoever looks on: score on dev, and mean loss of train."""
        values = {"epoch": epoch, "dev": _short(score), "loss": _short(loss)}
        for name, value in values.items():
            self.curve[name].append(value)
        epochs.tell({**values, "seed": seed, "device": device})

    def add(self, epoch: int, score: float, arrays: Arrays, scores: NDArray[np.float32]) -> None:
        """Keep an epoch that is the best so far: its score, its parameters, and what it says of dev."""
        self.epochs.append((epoch, score, arrays))
        self.scores = scores

    def selected(self) -> SelectedModel:
        """Return the epoch that the rule selects: of those within one standard error of the best the first."""
        error = self.on.error(self.scores) if self.scores is not None else 0.0
        at, _ = chosen([score for _, score, _ in self.epochs], error, self.on.rule)
        first = tied([score for _, score, _ in self.epochs], error)[0]
        other, name = (
            (len(self.epochs) - 1, "epoch=best") if self.on.rule == ONE_STANDARD_ERROR else (first, "epoch=first")
        )
        epoch, score, arrays = self.epochs[at]
        beside: tuple[Tied, ...] = ()
        if other != at:
            beside = (Tied(name, self.epochs[other][2], self.epochs[other][1], {EPOCH: self.epochs[other][0]}),)
        return SelectedModel(arrays, float(score), {EPOCH: epoch}, error, beside, self.curve)


def _short(value: float) -> float | None:
    """Return six digits of a number, or None where it is infinite or none."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def parameters_of(arrays: Arrays) -> int:
    """Return how many numbers a model has learned, without those of its normaliser."""
    return sum(array.size for name, array in arrays.items() if not name.startswith("norm."))


def tied(scores: Sequence[float], error: float) -> list[int]:
    """Return the places of the scores within one standard error of the best."""
    return [at for at, score in enumerate(scores) if score >= max(scores) - error]


def chosen(scores: Sequence[float], error: float, rule: str) -> tuple[int, list[int]]:
    """Return the place of the setting that a rule selects, and those of the others that are tied.

    Args:
        scores: of each setting on dev, the simplest model first.
        error: the standard error of the best of them.
        rule: one of `RULES`.
    """
    among = tied(scores, error)
    at = among[0] if rule == ONE_STANDARD_ERROR else max(range(len(scores)), key=lambda place: scores[place])
    return at, [place for place in among if place != at]


def chosen_draw(
    settings: Sequence[Mapping[str, Any]], tried: Sequence[ScoredModel], rule: str
) -> tuple[int, list[int]]:
    """Return the place of the drawn settings of a network that a rule selects, and those that are tied with them.

    The simplest network is that of the fewest parameters; then that of the largest weight decay; then that of the
    largest dropout; then the one drawn first.

    Args:
        settings: of each draw.
        tried: what was trained with them.
        rule: one of `RULES`.
    """

    def effort(at: int) -> tuple[float, ...]:
        decay, dropout = (float(settings[at].get(key, 0)) for key in ("weight_decay", "dropout"))
        return tried[at].parameters, -decay, -dropout, at

    order = sorted(range(len(settings)), key=effort)
    scores = [tried[at].dev for at in order]
    at, among = chosen(scores, tried[order[int(np.argmax(scores))]].error, rule)
    return order[at], [order[place] for place in among]


def _numbered(names: NDArray[Any]) -> NDArray[np.int64]:
    numbers: NDArray[np.int64] = np.unique(names, return_inverse=True)[1].astype(np.int64)
    return numbers
