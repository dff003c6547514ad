"""Trained replicates as one safetensors file: arrays named `fold|seed|array`, everything else in its metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from harness.core import sealed_arrays
from harness.core.sealed import Sealed

Arrays = dict[str, NDArray[Any]]
MADE_BY = "dvc repro transfer"


@dataclass(frozen=True, slots=True)
class Trained:
    """One replicate: which fold and seed, its arrays, its score on source dev, what selection chose."""

    fold: str
    seed: int
    arrays: Arrays
    dev: float
    chosen: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Model:
    """A model file as it was written.

    Args:
        key: what it was made from.
        content: digest of its bytes.
        replicates: in the order written.
        tried: the draws of its search, each with its fold, score on dev and settings.
    """

    key: str
    content: str
    replicates: Sequence[Trained]
    tried: Sequence[Mapping[str, Any]]

    def facts(self) -> dict[str, Any]:
        """Return {"key", "replicates", "tried"}: everything but the arrays."""
        return {"key": self.key, "replicates": [_facts(of) for of in self.replicates], "tried": list(self.tried)}


def write(path: Path, key: str, replicates: Sequence[Trained], tried: Sequence[Mapping[str, Any]] = ()) -> None:
    """Write all replicates of one cell row, the key of what they were made from, and the draws of its search."""
    arrays = {
        f"{replicate.fold}|{replicate.seed}|{name}": array
        for replicate in replicates
        for name, array in replicate.arrays.items()
    }
    facts = {"replicates": [_facts(replicate) for replicate in replicates], "tried": list(tried)}
    sealed_arrays.write(path, key, arrays, facts)


def read(path: Path) -> Model:
    """Read a model file; one that is missing or not as it was written is a ResultError."""
    return sealed_arrays.read(path, MADE_BY, _model)


def _model(file: Sealed, named: sealed_arrays.Arrays, facts: dict[str, Any]) -> Model:
    arrays: dict[tuple[str, str], Arrays] = {}
    for name, array in named.items():
        fold, seed, part = name.split("|", 2)
        arrays.setdefault((fold, seed), {})[part] = array
    replicates = [
        Trained(of["fold"], of["seed"], arrays.get((of["fold"], str(of["seed"])), {}), of["dev"], of["chosen"])
        for of in facts["replicates"]
    ]
    return Model(file.key, file.content, replicates, facts["tried"])


def _facts(replicate: Trained) -> dict[str, Any]:
    return {
        "fold": replicate.fold,
        "seed": replicate.seed,
        "dev": replicate.dev,
        "chosen": dict(replicate.chosen),
    }
