"""The section `engine` of params.yaml as the code has it: which engine, and what pieces need."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.core.errors import SettingError
from harness.core.pieces import Needs

LOCAL, RAY, AUTO = "local", "ray", "auto"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The section `engine` of params.yaml, where each value is explained (docs/params.md)."""

    kind: str = LOCAL
    workers: int | str = AUTO
    address: str = AUTO
    num_cpus: float = 1
    num_gpus: float = 0.25
    memory: int = 0
    max_retries: int = 3
    timeout: float = 0
    latency_wait: float = 60.0
    batch: bool | str = AUTO

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> EngineSettings:
        """Return the section with defaults; `kind: auto` is Ray where RAY_ADDRESS is set."""
        kind = section.get("kind", AUTO)
        return cls(**{**section, "kind": (RAY if os.environ.get("RAY_ADDRESS") else LOCAL) if kind == AUTO else kind})

    def of_network(self) -> Needs:
        """Return what a piece of a network needs."""
        return Needs(self.num_cpus, self.num_gpus, self.memory)

    def of_model(self) -> Needs:
        """Return what a piece of a model without gradients, or of reading and writing, needs."""
        return Needs(1, 0, self.memory)


def worker_count(setting: int | str) -> int:
    """Return how many processes to use: a positive number, or one per core for "auto"."""
    if setting == AUTO:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if type(setting) is int and setting >= 1:  # true is an int too
        return setting
    raise SettingError(f"engine.workers is {setting!r}; it is a positive number or auto")
