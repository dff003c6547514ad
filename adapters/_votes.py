"""Votes: their words that no label map knows, and the keys of soft labels.

One annotator's typing error must not stop a release.
"""

from __future__ import annotations

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


def soft_key(view: str) -> str:
    """Return the key under which the soft labels of a view stand: "emotion7", or e.g. "text/emotion7"."""
    return EMOTION7.name if view == MAIN_VIEW else f"{view}/{EMOTION7.name}"
