"""The engine of a stage, shown in MLflow while it runs where params.yaml says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
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
    opening = engine.opened(params["engine"], tells=live)
    if live:  # no import statement: what MLflow shows decides no result, so no digest of a stage's code is to hold it
        opening = import_module("harness.tracking.live").shown(opening, str(params["study"]), name)
    with opening as opened:
        yield opened
