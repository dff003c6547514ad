"""What two splits or two corpora share, defined once for the report and the audit.

A text counts only if it is long: 4 words, or 8 letters where words are not spaced. Shorter ones ("Oh my god!") recur by
chance, and a limit in characters would mean something else in each script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Any

from harness.study.utterance import Utterance

LONG_WORDS = 4
LONG_CHARACTERS = 8  # the same for a script that puts no blanks between words
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")  # kana, Han, Thai
_SPLIT_PREFIX = re.compile(r"^(?:train|dev|test|valid|val)[\W_]+", re.IGNORECASE)

Names = Mapping[str, set[str] | None]


def overlaps(corpora: Mapping[str, Sequence[Utterance]]) -> list[dict[str, Any]]:
    """Return the pairs of splits (or folds) that share anything, with the counts shared, within and between corpora.

    A count is None where it cannot be told: one of the two names no speaker or has no transcript, or speakers and
    dialogues of two corpora, whose names mean nothing to each other.
    """
    parts: dict[tuple[str, str], list[Utterance]] = {}
    for corpus, rows in corpora.items():
        for row in rows:
            parts.setdefault((corpus, group_of(row)), []).append(row)
    names = {part: names_of(rows) for part, rows in parts.items()}
    pairs = []
    for a, b in combinations(parts, 2):
        shared = shared_names(names[a], names[b])
        counts = {kind: _count(shared[kind]) for kind in ("speakers", "dialogues", "texts")}
        if a[0] != b[0]:
            counts.update(speakers=None, dialogues=None)
        if any(counts.values()):
            pairs.append({"a": " ".join(a), "b": " ".join(b), **counts})
    return pairs


def names_of(rows: Iterable[Utterance]) -> Names:
    """Return the speakers, dialogues, long texts and bare ids of utterances; None for what no utterance states."""
    rows = list(rows)
    speakers = {row.speaker for row in rows if row.speaker}
    texts = {row.text for row in rows if row.text}
    return {
        "speakers": speakers or None,
        "dialogues": {row.dialogue for row in rows},
        "texts": set(filter(is_long, texts)) if texts else None,
        "ids": {bare_id(row.id) for row in rows},
    }


def shared_names(a: Names, b: Names) -> Names:
    """Return by kind the names that two parts share; None where one of them states none."""
    return {kind: None if a[kind] is None or b[kind] is None else a[kind] & b[kind] for kind in a}  # type: ignore[operator]


def _count(names: set[str] | None) -> int | None:
    return None if names is None else len(names)


def group_of(row: Utterance) -> str:
    """Return the fold of an utterance, or its split in a corpus that has an official one."""
    return row.fold or row.split


def bare_id(id_: str) -> str:
    """Return an id without the split it starts with: `test_dia0_utt0` -> `dia0_utt0`."""
    return _SPLIT_PREFIX.sub("", id_)


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
