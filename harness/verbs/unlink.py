"""Take the release of a corpus out of the study; the folder it lies in is not touched."""

from __future__ import annotations

from typing import Any

from harness.corpora.reading import links
from harness.study.params.rows import row

EXAMPLES = ("emotransfer unlink meld",)
WHOLE_STUDY = True


def run(params: dict[str, Any], corpus: str) -> None:
    """Mark the corpus as not linked; a link is removed, the release itself stays.

    Args:
        params: params.yaml.
        corpus: a row of `corpora`.
    """
    row(params, "corpora", corpus)
    links.unlink(corpus)
    print(f"{corpus}: not linked")
