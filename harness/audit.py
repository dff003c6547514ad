"""The split audit: speakers, dialogues and texts that two splits, or two corpora, have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from harness.corpus import Utterance

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
