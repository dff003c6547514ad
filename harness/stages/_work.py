"""The engine of a stage, shown in MLflow while it runs where params.yaml says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from harness.core import engine
from harness.core.engine import Engine
from harness.tracking import live


@contextmanager
def at_work(params: Mapping[str, Any], name: str) -> Iterator[Engine]:
    """Give the engine that params.yaml asks for.

    Args:
        params: params.yaml.
        name: of the stage and its row, as people call it.
    """
    is_live = bool(params["tracking"]["live"])
    opening = engine.opened(params["engine"], tells=is_live)
    with live.shown(opening, str(params["study"]), name) if is_live else opening as opened:
        yield opened
