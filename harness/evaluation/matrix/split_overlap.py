"""The split audit: speakers, dialogues and texts that two splits, or two corpora, have in common.

The rest of the room is the audit of `python -m harness audit`, what quality of corpus this is:

    audit_data.py        what prepare wrote of one corpus, read once
    audit_counts.py      sizes, lengths, gender, media, texts
    audit_priors.py      class priors, imbalance, distance between the priors of two corpora
    audit_votes.py       annotators' votes as sets of words
    audit_agreement.py   kappa, alpha, unanimity, and what weighting by confidence changes
    audit_views.py       agreement between label views, human ceilings
    audit_sentiment.py   labels that contradict each other
    audit_duplicates.py  repeated texts, ids and rows
    audit_overlap.py     what splits and corpora have in common
    audit_facts.py       all of it as one JSON document
    audit_findings.py    what a reader must know first, in sentences
    audit_tables.py, audit_cards.py, audit_page.py    the page
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from harness.study.corpus import Utterance

MIN_TEXT = 8  # characters; shorter texts ("ok", "what?") recur everywhere and mean nothing


def overlaps(corpora: Mapping[str, Sequence[Utterance]]) -> list[dict[str, Any]]:
    """Return the pairs of splits that share anything, with the counts shared, within and between corpora.

    Speakers are compared within a corpus only: a speaker name means nothing in another one.
    """
    parts: dict[str, dict[str, set[str]]] = {}
    for corpus, rows in corpora.items():
        for row in rows:
            part = parts.setdefault(
                f"{corpus} {row.fold or row.split}", {"speakers": set(), "dialogues": set(), "texts": set()}
            )
            part["dialogues"].add(f"{corpus}/{row.dialogue}")
            if row.speaker:
                part["speakers"].add(f"{corpus}/{row.speaker}")
            if row.text and len(row.text) >= MIN_TEXT:
                part["texts"].add(row.text)
    found = []
    for a, b in combinations(parts, 2):
        shared = {kind: len(parts[a][kind] & parts[b][kind]) for kind in ("speakers", "dialogues", "texts")}
        if any(shared.values()):
            found.append({"a": a, "b": b, **shared})
    return found
