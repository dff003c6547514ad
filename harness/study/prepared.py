"""A corpus as `prepare` wrote it: its card, utterances and labels, read once per process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from harness.core import paths
from harness.core.files import read_json
from harness.core.memory import remembered
from harness.study import manifest, splits
from harness.study.labels import MAIN_VIEW
from harness.study.utterance import Utterance

MADE_BY = "dvc repro prepare"


class PreparedCorpus:
    """One corpus of the study; each file is read when it is first asked for.

    Args:
        name: a row of `corpora`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._labels: dict[tuple[str, str], dict[str, Any]] = {}

    @cached_property
    def card(self) -> Mapping[str, Any]:
        """Return card.json."""
        card: Mapping[str, Any] = read_json(paths.card(self.name), MADE_BY)
        return card

    @cached_property
    def utterances(self) -> Sequence[Utterance]:
        """Return the utterances in the order of the release; empty where no release is linked."""
        return manifest.read_utterances(paths.utterances(self.name))

    @cached_property
    def ids(self) -> list[str]:
        """Return the ids of the utterances."""
        return [row.id for row in self.utterances]

    @cached_property
    def annotations(self) -> dict[str, dict[str, Any]]:
        """Return utterance id -> row of labels.jsonl."""
        return manifest.read_labels(paths.labels(self.name), self.ids)

    @cached_property
    def dialogues(self) -> dict[str, str]:
        """Return utterance id -> dialogue."""
        return {row.id: row.dialogue for row in self.utterances}

    @cached_property
    def folds(self) -> list[splits.Fold]:
        """Return the divisions into train, dev and test; one where the release has an official split."""
        return splits.folds(self.utterances)

    def labels(self, space: str, view: str = MAIN_VIEW) -> dict[str, Any]:
        """Return utterance id -> shared label in a space and view, in order, of the utterances that have one."""
        if (space, view) not in self._labels:
            labels = {name: manifest.label_of(self.annotations[name], space, view) for name in self.ids}
            self._labels[space, view] = {name: label for name, label in labels.items() if label is not None}
        return self._labels[space, view]


@remembered(32)
def prepared(name: str) -> PreparedCorpus:
    """Return a corpus of the study."""
    return PreparedCorpus(name)
