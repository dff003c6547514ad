"""One corpus for the audit: what `prepare` wrote of it, as data frames too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from harness.core import paths
from harness.study.labels import MAIN_VIEW, SPACES, ClassSpace
from harness.study.media_rows import read_media
from harness.study.prepared import PreparedCorpus
from harness.study.split_overlap import bare_id, group_of, is_long, size_of
from harness.study.utterance import SPLITS

CLASS_SPACES = {name: space.classes for name, space in SPACES.items() if isinstance(space, ClassSpace)}
NAMES = ("id", "dialogue", "speaker", "text", "gender")


class AuditedCorpus(PreparedCorpus):
    """One corpus of the study with its media rows, its splits or folds, and its utterances and labels as pandas."""

    @cached_property
    def media(self) -> Sequence[Mapping[str, Any]]:
        """Return the rows of media.jsonl; empty where no clip was probed."""
        path = paths.media(self.name)
        return read_media(path) if path.exists() else []

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
        extra = dict.fromkeys(view for row in self.annotations.values() for view in row.get("views", {}))
        return [MAIN_VIEW, *(view for view in extra if any(self.labels(name, view) for name in SPACES))]

    def column(self, space: str, view: str = MAIN_VIEW) -> pd.Series[Any]:
        """Return the shared labels of the rows that have one in this space and view, by id."""
        return pd.Series(self.labels(space, view), dtype=object)
