"""How long each stage took when it last ran to its end, for `emotransfer plan`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from harness.core import paths
from harness.core.files import write_json

FILE = paths.WORK / "durations.json"


@contextmanager
def recorded(stage: str) -> Iterator[None]:
    """Keep the seconds that a stage takes; one that fails keeps its older figure.

    Args:
        stage: as DVC names it, such as `transfer@text_e5`.
    """
    began = monotonic()
    yield
    write_json(FILE, {**seconds(), stage: round(monotonic() - began, 1)})


def seconds() -> dict[str, float]:
    """Return stage -> seconds of its last run; empty where nothing is known."""
    try:
        known = json.loads(FILE.read_text(encoding="utf-8"))
        return {str(stage): float(value) for stage, value in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # a hint for people: a damaged one is as good as none
        return {}
