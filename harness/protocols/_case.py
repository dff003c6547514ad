"""The cases of a protocol: each is tested on one target by models that are trained on parts of corpora."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.study import splits
from harness.study.splits import ALL
from harness.study.utterance import Utterance

OTHERS, EVERY = "others", "all"  # what stands for the source where it is not one corpus
TRAIN, DEV = "train", "dev"


@dataclass(frozen=True, slots=True)
class CorpusPart:
    """Which labelled utterances of one corpus are learned from.

    Args:
        corpus: a row of `corpora`.
        split: `train` or `dev` of the fold.
        fold: of a corpus that is divided by folds; empty means its first, and in a corpus with an official split all.
        whole: of a corpus divided by folds the test fold too: it is not tested here.
        per_class: so many of each class, drawn; 0 takes all.
        rows: so many in all, drawn; 0 takes all.
        classes: of these alone; empty takes all.
        draw: number of the draw; of one draw a smaller number is a part of a larger one.
        share: repeated, whole, to make up about this share of what is learned from; 0 takes each once.
        copies: taken whole so many times.
        hold: this share of each class, of what was drawn, is left out (positive) or alone taken (negative).
    """

    corpus: str
    split: str = TRAIN
    fold: str = ""
    whole: bool = False
    per_class: int = 0
    rows: int = 0
    classes: tuple[str, ...] = ()
    draw: int = 0
    share: float = 0.0
    copies: int = 1
    hold: float = 0.0

    def ids(self, utterances: Sequence[Utterance], truth: Mapping[str, Any]) -> list[str]:
        """Return the ids in the order of the corpus; those without a label are left out.

        Args:
            utterances: the corpus.
            truth: id -> label.
        """
        folds = splits.folds(utterances)
        fold = next(known_fold for known_fold in folds if self.fold in ("", known_fold.name))
        ids = set(fold.train if self.split == TRAIN else fold.dev)
        if self.whole and len(folds) > 1 and self.split == TRAIN:
            ids |= set(fold.test)
        order = [row.id for row in utterances if row.id in ids and row.id in truth]
        if self.classes:
            order = [name for name in order if truth[name] in self.classes]
        if not self.per_class and not self.rows:
            return order
        mixed = [order[at] for at in np.random.default_rng([self.draw, len(order)]).permutation(len(order))]
        taken = set(mixed[: self.rows] if self.rows else self._of_each(mixed, truth))
        return [name for name in order if name in taken]

    def _of_each(self, mixed: Sequence[str], truth: Mapping[str, Any]) -> Iterator[str]:
        by_class: dict[Any, list[str]] = {}
        for name in mixed:
            by_class.setdefault(truth[name], []).append(name)
        for names in by_class.values():
            names = names[: self.per_class]
            held = max(round(abs(self.hold) * len(names)), 1) if self.hold else 0
            yield from names[held:] if self.hold >= 0 else names[:held]


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One division of what is learned from, and the seeds that train on it.

    `tested` is the fold of the target whose rows alone are tested, for its other rows are learned from; empty tests
    all. `fold` is what the predictions are told apart by, beside the seed.
    """

    seeds: tuple[int, ...]
    train: tuple[CorpusPart, ...]
    dev: tuple[CorpusPart, ...]
    tested: str = ""
    fold: str = ALL


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of a protocol: what stands for the source, the target, and what varies (`k=20`), or its reason.

    One without runs is predicted by the models that `transfer` trained on the source. `keep` names the slots that
    are left to them, or `rate` the share that is taken away at random, and `fill` what stands in their place.
    `align` (`coral`, `mmd`, `dann`) is how training sees the unlabelled train split of the target, with a `weight`.
    """

    recipe: str
    space: str
    source: str
    target: str
    variant: str = ""
    runs: tuple[TrainingRun, ...] = ()
    reason: str = ""
    keep: tuple[str, ...] = ()
    rate: float = 0.0
    fill: str = ""
    align: str = ""
    weight: float = 1.0

    @property
    def name(self) -> str:
        """Return the name of its file."""
        return "-".join(
            part for part in (self.source, self.target, self.variant.replace("=", "").replace(":", "-")) if part
        )


@dataclass(frozen=True, slots=True)
class CaseContext:
    """What a protocol plans with: one recipe in one space.

    Args:
        recipe: name of the recipe.
        slots: those that it uses.
        space: name of the space.
        classes: how many classes it has, 0 for a scale.
        why_no_source: corpus -> reason, empty if it can be learned from.
        why_no_target: corpus -> reason, empty if it can be tested.
        families: corpus -> family; corpora of one family share utterances.
        folds: corpus -> names of its folds.
        counts: corpus -> class -> labelled train rows, of the fold that has the fewest; of a scale one entry.
        rows: corpus -> labelled train rows, of the fold that has the fewest.
        seeds: those of the study.
        chooses: whether training chooses something on dev: an epoch, or one of several settings.
    """

    recipe: str
    slots: Sequence[str]
    space: str
    classes: int
    why_no_source: Mapping[str, str]
    why_no_target: Mapping[str, str]
    families: Mapping[str, str]
    folds: Mapping[str, Sequence[str]]
    counts: Mapping[str, Mapping[Any, int]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    seeds: Sequence[int] = ()
    chooses: bool = True

    @property
    def corpora(self) -> list[str]:
        """Return all corpora."""
        return list(self.why_no_source)

    def others(self, target: str) -> list[str]:
        """Return the corpora that can be learned from and share nothing with a target."""
        return [
            name
            for name, reason in self.why_no_source.items()
            if not reason and self.families[name] != self.families[target]
        ]

    def divided(self, corpus: str) -> bool:
        """Tell whether a corpus is divided by folds instead of an official split."""
        return len(self.folds[corpus]) > 1

    def why_no_pair(self, source: str, target: str) -> str:
        """Return why a source cannot be set against another target, or an empty string."""
        related = self.families[source] == self.families[target]
        return self.why_no_source[source] or self.why_no_target[target] or ("same_family" if related else "")
