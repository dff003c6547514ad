"""Look at what lies outside of DVC's sight: whether the files of a linked release changed."""

from __future__ import annotations

from typing import Any

from harness.core import paths
from harness.core.files import prune, write_text
from harness.corpora.reading import links
from harness.corpora.reading.release_state import NOT_LINKED, state_of

WHOLE_STUDY = True


def run(params: dict[str, Any]) -> None:
    """Write data/outside/releases/<corpus>, on which `prepare` depends; DVC runs this stage every time.

    Args:
        params: params.yaml.
    """
    states = {
        paths.OUTSIDE / "releases" / corpus: state_of(paths.raw(corpus)) if links.is_linked(corpus) else NOT_LINKED
        for corpus in params["corpora"]
    }
    for path, state in states.items():
        write_text(path, f"{state}\n")
    prune(paths.OUTSIDE, states)
