"""The engine of a stage, shown in MLflow while it runs where params.yaml says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from harness.core import engine
from harness.core.engine import Engine


@contextmanager
def at_work(params: Mapping[str, Any], name: str) -> Iterator[Engine]:
    """Give the engine that params.yaml asks for.

    Args:
        params: params.yaml.
        name: of the stage and its row, as people call it.
    """
    live = bool(params.get("tracking", {}).get("live"))
    with engine.opened(params["engine"], tells=live) as opened:
        yield opened
