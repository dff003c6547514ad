"""Who wants to hear of every epoch of a training while it runs; empty unless somebody looks on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

listeners: list[Callable[[Mapping[str, Any]], None]] = []
step_listeners: list[Callable[[], None]] = []  # called after every step of an optimiser


def step() -> None:
    """Tell all step listeners that an optimiser has made a step."""
    for listener in step_listeners:
        listener()


def tell(facts: Mapping[str, Any]) -> None:
    """Tell all listeners of an epoch: its number, the score on dev, the mean loss, the seed, the device."""
    for listener in listeners:
        listener(facts)
