"""What `prepare` wrote of one corpus, read once for every part of the audit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from harness.core import paths
from harness.core.errors import ResultError
from harness.core.files import read_json
from harness.study import manifest
from harness.study.labels import MAIN_VIEW, SPACES, ClassSpace
from harness.study.split_overlap import bare_id, group_of, is_long, size_of
from harness.study.utterance import SPLITS, Utterance

MADE_BY = "dvc repro prepare"
CLASS_SPACES = {name: space.classes for name, space in SPACES.items() if isinstance(space, ClassSpace)}
NAMES = ("id", "dialogue", "speaker", "text", "gender")


@dataclass(frozen=True)
class Corpus:
    """One corpus of the study: card.json, utterances, label rows by id, and media rows where clips were probed."""

    name: str
    card: Mapping[str, Any]
    utterances: Sequence[Utterance] = ()
    labels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    media: Sequence[Mapping[str, Any]] = ()

    @property
    def present(self) -> bool:
        """Tell whether a release is linked and holds a row."""
        return bool(self.utterances)

    @cached_property
    def folded(self) -> bool:
        """Tell whether the corpus is evaluated leaving one fold out, so that its parts are no train and test."""
        return any(row.fold for row in self.utterances)

    @cached_property
    def groups(self) -> list[str]:
        """Return the splits, or folds, that occur: train, dev, test, then folds by name."""
        names = {group_of(row) for row in self.utterances}
        return [*(split for split in SPLITS if split in names), *sorted(names - set(SPLITS))]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Return the utterances as rows: some of their fields, `group` (fold or split), `bare_id`, `size` of the text.

        What is not stated, an empty text too, is missing; `long` tells whether a text is too long to recur by chance.
        """
        rows = self.utterances
        columns: dict[str, list[Any]] = {name: [getattr(row, name) or None for row in rows] for name in NAMES}
        columns |= {name: [getattr(row, name) for row in rows] for name in ("start", "end")}
        columns["group"] = [group_of(row) for row in rows]
        columns["bare_id"] = [bare_id(row.id) for row in rows]
        columns["size"] = [size_of(row.text) if row.text else None for row in rows]
        columns["long"] = [is_long(row.text) for row in rows]
        return pd.DataFrame(columns)

    @cached_property
    def views(self) -> list[str]:
        """Return the label views in which some row has a label, the main one first."""
        extra = dict.fromkeys(view for row in self.labels.values() for view in row.get("views", {}))
        return [MAIN_VIEW, *(view for view in extra if any(len(self.column(name, view)) for name in SPACES))]

    def column(self, space: str, view: str = MAIN_VIEW) -> pd.Series[Any]:
        """Return the shared labels of the rows that have one in this space and view, by id."""
        return pd.Series(self._columns.get((space, view), {}), dtype=object)

    @cached_property
    def _columns(self) -> dict[tuple[str, str], dict[str, Any]]:
        columns: dict[tuple[str, str], dict[str, Any]] = {}
        for id_, row in self.labels.items():
            for view in (MAIN_VIEW, *row.get("views", ())):
                for space in SPACES:
                    if (label := manifest.label_of(row, space, view)) is not None:
                        columns.setdefault((space, view), {})[id_] = label
        return columns


def load(name: str) -> Corpus:
    """Read what `prepare` wrote of a corpus; media.jsonl may be absent."""
    card = read_json(paths.card(name), MADE_BY)
    utterances = manifest.read_utterances(paths.utterances(name))
    labels = manifest.read_labels(paths.labels(name), [row.id for row in utterances])
    return Corpus(name, card, utterances, labels, _media(paths.media(name)))


def _media(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError as error:
        raise ResultError(f"{path}: damaged ({error}); delete it and run `{MADE_BY}`") from error
