"""Trained replicates as one safetensors file: arrays named `fold|seed|array`, everything else in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.errors import ResultError
from harness.core.files import write_whole

Arrays = dict[str, NDArray[Any]]
FIELD = "emotransfer"


@dataclass(frozen=True, slots=True)
class Trained:
    """One replicate: which fold and seed, its arrays, its score on source dev, what selection chose."""

    fold: str
    seed: int
    arrays: Arrays
    dev: float
    chosen: Mapping[str, Any]


def write(path: Path, key: str, replicates: list[Trained], tried: Sequence[Mapping[str, Any]] = ()) -> None:
    """Write all replicates of one cell row, the key of what they were made from, and the draws of its search."""
    from safetensors.numpy import save_file

    arrays = {  # safetensors writes the memory of a view, not what it shows; hence order="C"
        f"{replicate.fold}|{replicate.seed}|{name}": np.asarray(array, order="C")
        for replicate in replicates
        for name, array in replicate.arrays.items()
    }
    facts = [
        {"fold": replicate.fold, "seed": replicate.seed, "dev": replicate.dev, "chosen": dict(replicate.chosen)}
        for replicate in replicates
    ]
    metadata = {FIELD: json.dumps({"key": key, "replicates": facts, "tried": list(tried)})}
    write_whole(path, lambda temporary: save_file(arrays, temporary, metadata=metadata))


def facts(path: Path) -> dict[str, Any] | None:
    """Return {"key", "replicates", "tried"} of a model file, None without one; a damaged one is a ResultError."""
    if not path.exists():
        return None
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            facts: dict[str, Any] = json.loads(file.metadata()[FIELD])
            return facts
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ResultError(f"{path}: damaged ({error}); delete it and run the stage again") from error


def read(path: Path) -> list[Trained]:
    """Read all replicates of a model file."""
    from safetensors.numpy import load_file

    known = facts(path)
    if known is None:
        raise ResultError(f"{path}: is not there; run `dvc repro transfer`")
    arrays: dict[str, Arrays] = {}
    for name, array in load_file(path).items():
        fold, seed, part = name.split("|", 2)
        arrays.setdefault(f"{fold}|{seed}", {})[part] = array
    return [
        Trained(
            facts["fold"],
            facts["seed"],
            arrays.get(f"{facts['fold']}|{facts['seed']}", {}),
            facts["dev"],
            facts["chosen"],
        )
        for facts in known["replicates"]
    ]
