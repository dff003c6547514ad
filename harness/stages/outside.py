"""Look at what lies out of DVC's sight: whether the files of a linked release changed, or MLflow's place lost runs."""

from __future__ import annotations

from typing import Any

from harness.core import paths
from harness.core.files import prune, write_text
from harness.corpora.reading import links
from harness.corpora.reading.release_state import NOT_LINKED, state_of
from harness.tracking import store_state

WHOLE_STUDY = True


def run(params: dict[str, Any]) -> None:
    """Write data/outside/releases/<corpus>, on which `prepare` depends, and data/outside/tracking for `track`.

    DVC runs this stage every time.

    Args:
        params: params.yaml.
    """
    states = {
        paths.OUTSIDE / "releases" / corpus: state_of(paths.raw(corpus)) if links.is_linked(corpus) else NOT_LINKED
        for corpus in params["corpora"]
    }
    tracking = paths.OUTSIDE / "tracking"
    states[tracking] = store_state.state_of(tracking.read_text(encoding="utf-8").strip() if tracking.exists() else "")
    for path, state in states.items():
        write_text(path, f"{state}\n")
    prune(paths.OUTSIDE, states)
