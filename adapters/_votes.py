"""Votes: their words that are misspelt or that no label map knows, and the keys of soft labels.

One annotator's typing error must not stop a release.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable

from harness.api import EMOTION7, MAIN_VIEW


def odd_votes_note(words: Iterable[str]) -> list[str]:
    """Return the note that counts such votes by word; empty if there is none."""
    counts = Counter(words)
    if not counts:
        return []
    listed = ", ".join(f"{word!r} {count:,}" for word, count in counts.most_common(5))
    more = ", ..." if len(counts) > 5 else ""
    return [f"votes in unknown words are kept as published and left out of soft labels: {listed}{more}"]


def misspelt(word: str, known: Iterable[str], alike: float = 0.8) -> str | None:
    """Return the known word that a word is or misspells: it begins with the same letter and is most alike, or None.

    Args:
        word: as written, in any case.
        known: words in lower case.
        alike: least share of letters that both have in the same order (difflib's ratio).
    """
    lower = word.lower()
    same_beginning = [one for one in known if one[:1] == lower[:1]]
    return next(iter(difflib.get_close_matches(lower, same_beginning, 1, alike)), None)


def soft_key(view: str) -> str:
    """Return the key under which the soft labels of a view stand: "emotion7", or e.g. "text/emotion7"."""
    return EMOTION7.name if view == MAIN_VIEW else f"{view}/{EMOTION7.name}"
