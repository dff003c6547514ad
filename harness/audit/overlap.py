"""What the splits of one corpus share, and what two corpora share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from harness.audit.audited_corpus import AuditedCorpus
from harness.study.labels import SPACES
from harness.study.split_overlap import group_of, names_of, shared_names

LISTED = 8  # so many shared names are listed
CONTAINED = 0.5  # share of the smaller corpus' ids found in the other, from which it is said to lie in it


def between_splits(corpus: AuditedCorpus) -> dict[str, Any]:
    """Return every pair of splits or folds with what it shares, and the dialogues that are in several of them.

    Counts are None where one of the two names no speaker or has no text. `known_speaker` are the rows of `b` whose
    speaker also speaks in `a`. A dialogue is a video in corpora cut from videos.
    """
    rows = {name: [row for row in corpus.utterances if group_of(row) == name] for name in corpus.groups}
    names = {name: names_of(part) for name, part in rows.items()}
    pairs = []
    for a, b in combinations(rows, 2):
        shared = shared_names(names[a], names[b])
        speakers = shared["speakers"]
        pairs.append(
            {
                "a": a,
                "b": b,
                **{kind: _count(common) for kind, common in shared.items()},
                "of": {kind: _count(known) for kind, known in names[b].items()},
                "speaker_names": sorted(speakers or ()) if len(speakers or ()) <= LISTED else [],
                "known_speaker": None if speakers is None else sum(row.speaker in speakers for row in rows[b]),
                "rows_b": len(rows[b]),
            }
        )
    places = corpus.frame.groupby("dialogue")["group"].nunique()
    return {
        "pairs": pairs,
        "dialogues": len(places),
        "dialogues_in_several": int((places > 1).sum()),
        "dialogues_in_all": int((places == len(rows)).sum()) if len(rows) > 1 else 0,
    }


def _count(names: set[str] | None) -> int | None:
    return None if names is None else len(names)


def between_corpora(corpora: Sequence[AuditedCorpus]) -> list[dict[str, Any]]:
    """Return every pair of corpora with the long texts and ids shared, and whether one lies in the other.

    Speakers are not compared: a name means nothing in another corpus.
    """
    names = {corpus.name: names_of(corpus.utterances) for corpus in corpora}
    pairs = []
    for a, b in combinations(corpora, 2):
        ids = set(a.frame["id"]) & set(b.frame["id"])
        small, large = sorted((a, b), key=lambda corpus: len(corpus.utterances))
        contained = len(ids) >= CONTAINED * len(small.utterances)
        pairs.append(
            {
                "a": a.name,
                "b": b.name,
                "same_family": a.card.get("family") == b.card.get("family"),
                "texts": _count(shared_names(names[a.name], names[b.name])["texts"]),
                "ids": len(ids),
                "contained": containment(small, large) if contained else None,
            }
        )
    return pairs


def containment(small: AuditedCorpus, large: AuditedCorpus) -> dict[str, Any]:
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
        "equal_label": sum(_same_label(small.annotations[a.id], large.annotations[b.id]) for a, b in pairs),
        "equal_split": sum(a.split == b.split for a, b in pairs),
        "equal_text": sum(a.text == b.text for a, b in pairs),
    }


def _same_label(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    both = [space for space in SPACES if a.get(space) is not None and b.get(space) is not None]
    return bool(both) and all(a[space] == b[space] for space in both)
