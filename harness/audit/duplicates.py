"""Repeated texts, ids and rows of one corpus."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from harness.audit.corpus_data import Corpus, group_of, is_long
from harness.study.corpus import Utterance

EXAMPLES = 3
LETTERS = 28  # an example is cut here: it shows a kind, it is no copy of the corpus
_SPLIT_PREFIX = re.compile(r"^(?:train|dev|test|valid|val)[\W_]+", re.IGNORECASE)


def duplicates(corpus: Corpus) -> dict[str, Any]:
    """Return what repeats in a corpus; rows are counted, not pairs."""
    return {
        "texts": texts(corpus.utterances),
        "strata": recurring(corpus.utterances),
        "ids": repeated_ids(corpus.utterances),
        "rows": same_rows(corpus.utterances),
        "clips": same_clips(corpus.utterances),
    }


def texts(rows: Sequence[Utterance]) -> dict[str, Any]:
    """Return rows whose transcript occurs again: anywhere, and for long ones also in another split or fold."""
    count = Counter(row.text for row in rows if row.text)
    long = [row for row in rows if is_long(row.text)]
    places = _places(long)
    repeated = [(text, n) for text, n in count.most_common() if n > 1]
    return {
        "rows": count.total(),
        "repeated": sum(n for _, n in repeated),
        "surplus": sum(n - 1 for _, n in repeated),
        "long": len(long),
        "long_repeated": sum(count[row.text or ""] > 1 for row in long),
        "long_across": sum(len(places[row.text or ""]) > 1 for row in long),
        "examples": [[_cut(text), n] for text, n in repeated[:EXAMPLES]],
        "long_examples": [[_cut(text), n] for text, n in repeated if is_long(text)][:EXAMPLES],
    }


def recurring(rows: Sequence[Utterance]) -> dict[str, dict[str, dict[str, int]]]:
    """Return stratum -> value -> long texts and those that another split or fold has too: read lines show here."""
    places = _places([row for row in rows if is_long(row.text)])
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows:
        for name, value in row.strata.items():
            part = found.setdefault(name, {}).setdefault(value, {"long": 0, "across": 0})
            if is_long(row.text):
                part["long"] += 1
                part["across"] += len(places[row.text or ""]) > 1
    return found


def _places(rows: Sequence[Utterance]) -> Mapping[str, set[str]]:
    places: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        places[row.text or ""].add(group_of(row))
    return places


def bare_id(id_: str) -> str:
    """Return an id without the split it starts with: `test_dia0_utt0` -> `dia0_utt0`."""
    return _SPLIT_PREFIX.sub("", id_)


def repeated_ids(rows: Sequence[Utterance]) -> dict[str, Any]:
    """Return the ids that occur in more than one split or fold once the split in front is taken off."""
    places: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        places[bare_id(row.id)].add(group_of(row))
    repeated = sorted(id_ for id_, groups in places.items() if len(groups) > 1)
    return {
        "prefixed": any(bare_id(row.id) != row.id for row in rows),
        "repeated": len(repeated),
        "rows": sum(len(places[id_]) for id_ in repeated),
        "examples": repeated[:EXAMPLES],
    }


def same_rows(rows: Sequence[Utterance]) -> dict[str, Any]:
    """Return rows that repeat another one's words, speaker and time; only rows with a time can be held together."""
    timed = [row for row in rows if row.start is not None and row.end is not None]
    count = Counter((row.text, row.speaker, row.start, row.end) for row in timed)
    first: dict[tuple[Any, ...], str] = {}
    examples = []
    for row in timed:
        key = (row.text, row.speaker, row.start, row.end)
        if count[key] > 1 and key in first:
            examples.append([first[key], row.id])
        first.setdefault(key, row.id)
    return {"checked": count.total(), "surplus": sum(n - 1 for n in count.values()), "examples": examples[:EXAMPLES]}


def same_clips(rows: Sequence[Utterance]) -> dict[str, int]:
    """Return modality -> rows that use a clip (file and part of it) that another row uses too."""
    found = {}
    for modality in ("audio", "video"):
        count = Counter((path, row.parts.get(modality)) for row in rows if (path := getattr(row, modality)))
        found[modality] = sum(n - 1 for n in count.values())
    return found


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"
