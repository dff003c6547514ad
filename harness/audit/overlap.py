"""What the splits of one corpus, and two corpora, have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from harness.audit.corpus_data import Corpus, group_of, is_long
from harness.audit.duplicates import bare_id
from harness.study.corpus import Utterance
from harness.study.labels import SPACES

KINDS = ("speakers", "dialogues", "texts", "ids")
NAMED = 8  # so many shared names are listed
CONTAINED = 0.5  # share of the smaller corpus' ids found in the other, from which it is said to lie in it


def between_splits(corpus: Corpus) -> dict[str, Any]:
    """Return every pair of splits or folds with what it shares, and the dialogues that are in several of them.

    `known_speaker` are the rows of `b` whose speaker also speaks in `a`. A dialogue is a video in corpora cut from
    videos.
    """
    parts = {name: _names([row for row in corpus.utterances if group_of(row) == name]) for name in corpus.groups}
    places: dict[str, set[str]] = defaultdict(set)
    for row in corpus.utterances:
        places[row.dialogue].add(group_of(row))
    pairs = []
    for a, b in combinations(parts, 2):
        shared = {kind: sorted(parts[a][kind] & parts[b][kind]) for kind in KINDS}
        speakers = set(shared["speakers"])
        rows_b = [row for row in corpus.utterances if group_of(row) == b]
        pairs.append(
            {
                "a": a,
                "b": b,
                **{kind: len(names) for kind, names in shared.items()},
                "of": {kind: len(parts[b][kind]) for kind in KINDS},
                "speaker_names": shared["speakers"] if len(speakers) <= NAMED else [],
                "known_speaker": sum(row.speaker in speakers for row in rows_b),
                "rows_b": len(rows_b),
            }
        )
    return {
        "pairs": pairs,
        "dialogues": len(places),
        "dialogues_in_several": sum(len(groups) > 1 for groups in places.values()),
        "dialogues_in_all": sum(len(groups) == len(parts) for groups in places.values()) if len(parts) > 1 else 0,
    }


def _names(rows: Sequence[Utterance]) -> dict[str, set[str]]:
    return {
        "speakers": {row.speaker for row in rows if row.speaker},
        "dialogues": {row.dialogue for row in rows},
        "texts": {row.text for row in rows if row.text and is_long(row.text)},
        "ids": {bare_id(row.id) for row in rows},
    }


def between_corpora(corpora: Sequence[Corpus]) -> list[dict[str, Any]]:
    """Return every pair of corpora with the long texts and ids shared, and whether one lies in the other.

    Speakers are not compared: a name means nothing in another corpus.
    """
    found = []
    for a, b in combinations(corpora, 2):
        texts = [{row.text for row in one.utterances if is_long(row.text)} for one in (a, b)]
        ids = {row.id for row in a.utterances} & {row.id for row in b.utterances}
        small, large = sorted((a, b), key=lambda one: len(one.utterances))
        contained = len(ids) >= CONTAINED * len(small.utterances)
        found.append(
            {
                "a": a.name,
                "b": b.name,
                "same_family": a.card.get("family") == b.card.get("family"),
                "texts": len(texts[0] & texts[1]),
                "ids": len(ids),
                "contained": containment(small, large) if contained else None,
            }
        )
    return found


def containment(small: Corpus, large: Corpus) -> dict[str, Any]:
    """Return how many utterances of a corpus recur under their id in another one, and what about them is equal.

    Labels are equal if they are so in every space that both answer.
    """
    there = {row.id: row for row in large.utterances}
    pairs = [(row, there[row.id]) for row in small.utterances if row.id in there]
    return {
        "small": small.name,
        "large": large.name,
        "utterances": len(small.utterances),
        "recur": len(pairs),
        "equal_label": sum(_same_label(small.labels[one.id], large.labels[one.id]) for one, _ in pairs),
        "equal_split": sum(one.split == other.split for one, other in pairs),
        "equal_text": sum(one.text == other.text for one, other in pairs),
    }


def _same_label(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    both = [space for space in SPACES if a.get(space) is not None and b.get(space) is not None]
    return bool(both) and all(a[space] == b[space] for space in both)
