"""Take the release of a corpus out of the study; the folder it lies in is not touched."""

from __future__ import annotations

from typing import Any

from harness.corpora.reading import links
from harness.study.params import row


def run(params: dict[str, Any], corpus: str) -> None:
    """Mark the corpus as not linked."""
    row(params, "corpora", corpus)
    links.unlink(corpus)
    print(f"{corpus}: not linked")
