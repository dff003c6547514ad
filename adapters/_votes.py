"""Votes in words that no label map knows: one annotator's typing error must not stop a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def odd_votes_note(words: Iterable[str]) -> list[str]:
    """Return the note that counts such votes by word; empty if there is none."""
    counts = Counter(words)
    if not counts:
        return []
    listed = ", ".join(f"{word!r} {count:,}" for word, count in counts.most_common(5))
    more = ", ..." if len(counts) > 5 else ""
    return [f"votes in unknown words are kept as published and left out of soft labels: {listed}{more}"]
