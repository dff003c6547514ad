"""Trained replicates as one safetensors file: arrays named `fold|seed|array`, everything else in its metadata.

Beside each replicate lie its variants, whose arrays are named `fold|seed|array|variant`: what dev could not tell apart
from it (selection.py), and the same settings trained on resampled dialogues. An array that a variant shares with its
replicate is not written again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core import sealed_arrays
from harness.core.sealed import Sealed
from harness.training.selection import parameters_of

Arrays = dict[str, NDArray[Any]]
MADE_BY = "dvc repro transfer"


@dataclass(frozen=True, slots=True)
class Trained:
    """One replicate: which fold and seed, its arrays, its score on source dev, what selection chose.

    `error` is the standard error of the best score on dev. `variant` is empty for the replicate that was selected, as
    in `c=0.01` for one that dev cannot tell apart, and as in `resample=3` for one trained on resampled dialogues.
    `curve` is that of its training (selection.py), and `made_on` names the device and the software of the training.
    """

    fold: str
    seed: int
    arrays: Arrays
    dev: float
    chosen: Mapping[str, Any]
    error: float = 0.0
    variant: str = ""
    curve: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    made_on: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """Return how many numbers the model has learned."""
        return parameters_of(self.arrays)


@dataclass(frozen=True, slots=True)
class Model:
    """A model file as it was written.

    Args:
        key: what it was made from.
        content: digest of its bytes.
        replicates: in the order written.
        tried: the draws of its search, each with its fold, score on dev and settings.
        variants: of the replicates, in the order written.
    """

    key: str
    content: str
    replicates: Sequence[Trained]
    tried: Sequence[Mapping[str, Any]]
    variants: Sequence[Trained] = ()

    def facts(self) -> dict[str, Any]:
        """Return {"key", "replicates", "variants", "tried"}: everything but the arrays."""
        every = {"replicates": self.replicates, "variants": self.variants}
        facts = {name: [_facts(of) for of in replicates] for name, replicates in every.items()}
        return {"key": self.key, **facts, "tried": list(self.tried)}


def write(
    path: Path,
    key: str,
    replicates: Sequence[Trained],
    tried: Sequence[Mapping[str, Any]] = (),
    variants: Sequence[Trained] = (),
) -> None:
    """Write all replicates of one cell row, the key of what they were made from, its variants and its search."""
    own = {(of.fold, of.seed): of.arrays for of in replicates}
    arrays = {_name(of, name): array for of in replicates for name, array in of.arrays.items()}
    for of in variants:
        shared = own.get((of.fold, of.seed), {})
        arrays |= {
            _name(of, name): array
            for name, array in of.arrays.items()
            if name not in shared or not np.array_equal(shared[name], array)
        }
    facts = {"replicates": [_facts(of) for of in replicates], "variants": [_facts(of) for of in variants]}
    sealed_arrays.write(path, key, arrays, {**facts, "tried": list(tried)})


def read(path: Path) -> Model:
    """Read a model file; one that is missing or not as it was written is a ResultError."""
    return sealed_arrays.read(path, MADE_BY, _model)


def _model(file: Sealed, named: sealed_arrays.Arrays, facts: dict[str, Any]) -> Model:
    arrays: dict[tuple[str, str, str], Arrays] = {}
    for name, array in named.items():
        fold, seed, part, *variant = name.split("|", 3)
        arrays.setdefault((fold, seed, "".join(variant)), {})[part] = array

    def trained(of: Mapping[str, Any]) -> Trained:
        own = arrays.get((of["fold"], str(of["seed"]), ""), {})
        different = arrays.get((of["fold"], str(of["seed"]), of["variant"]), {})
        return Trained(arrays={**own, **different}, **of)

    replicates, variants = ([trained(of) for of in facts[name]] for name in ("replicates", "variants"))
    return Model(file.key, file.content, replicates, facts["tried"], variants)


def _name(of: Trained, array: str) -> str:
    return "|".join((of.fold, str(of.seed), array, *([of.variant] if of.variant else [])))


def _facts(replicate: Trained) -> dict[str, Any]:
    facts = {
        "fold": replicate.fold,
        "seed": replicate.seed,
        "dev": replicate.dev,
        "error": replicate.error,
        "chosen": dict(replicate.chosen),
        "variant": replicate.variant,
    }
    more = {"curve": dict(replicate.curve), "made_on": dict(replicate.made_on)}
    return facts | {name: value for name, value in more.items() if value}
