"""What `prepare` wrote of one corpus, read once for every part of the audit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from harness.core import paths
from harness.core.errors import ResultError
from harness.core.files import read_json
from harness.study import manifest
from harness.study.corpus import MAIN_VIEW, SPLITS, Utterance
from harness.study.labels import SPACES, ClassSpace

MADE_BY = "dvc repro prepare"
LONG_WORDS = 4  # a text of fewer words recurs by chance
LONG_CHARACTERS = 8  # the same for a script that puts no blanks between words
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")  # kana, Han, Thai
CLASS_SPACES = {name: found.classes for name, found in SPACES.items() if isinstance(found, ClassSpace)}


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
        found = {group_of(row) for row in self.utterances}
        return [split for split in SPLITS if split in found] + sorted(found.difference(SPLITS))

    @cached_property
    def views(self) -> list[str]:
        """Return the label views in which some row has a label, the main one first."""
        extra = dict.fromkeys(view for row in self.labels.values() for view in row.get("views", {}))
        return [MAIN_VIEW, *(view for view in extra if any(self.column(name, view) for name in SPACES))]

    def column(self, space: str, view: str = MAIN_VIEW) -> dict[str, Any]:
        """Return id -> shared label of the rows that have one in this space and view."""
        return self._columns.get((space, view), {})

    @cached_property
    def _columns(self) -> dict[tuple[str, str], dict[str, Any]]:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for id_, row in self.labels.items():
            for view in (MAIN_VIEW, *row.get("views", ())):
                for space in SPACES:
                    if (label := manifest.label_of(row, space, view)) is not None:
                        found.setdefault((space, view), {})[id_] = label
        return found


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


def group_of(row: Utterance) -> str:
    """Return the fold of an utterance, or its split in a corpus that has an official one."""
    return row.fold or row.split


@cache
def is_unspaced(text: str) -> bool:
    """Tell whether most letters of a text belong to a script without blanks between words."""
    letters = sum(character.isalpha() for character in text)
    return 2 * len(_UNSPACED.findall(text)) > letters


@cache
def size_of(text: str) -> int:
    """Return the length of a text in words, or in letters and digits where its script has no blanks."""
    return sum(character.isalnum() for character in text) if is_unspaced(text) else len(text.split())


def is_long(text: str | None) -> bool:
    """Tell whether a text is too long to recur by chance."""
    return bool(text) and size_of(text or "") >= (LONG_CHARACTERS if is_unspaced(text or "") else LONG_WORDS)
