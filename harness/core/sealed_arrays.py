"""Sealed files of named arrays with facts about them: safetensors, whose metadata holds the facts and the seal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.core import sealed
from harness.core.sealed import Sealed

Arrays = Mapping[str, NDArray[Any]]
Made = TypeVar("Made")
FIELD, SEAL = "emotransfer", "seal"  # two fields of metadata would stand in an order that chance decides


def write(path: Path, key: str, arrays: Arrays, facts: Mapping[str, Any]) -> None:
    """Write named arrays of any shape and facts that JSON can hold, and the key of what they were made from."""
    from safetensors.numpy import save

    # safetensors writes the memory of a view, not what it shows; hence order="C"
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    sealed.write(path, key, lambda seal: save(plain, {FIELD: json.dumps({**facts, SEAL: seal})}))


def read(path: Path, made_by: str, made: Callable[[Sealed, Arrays, dict[str, Any]], Made]) -> Made:
    """Read what `write` wrote.

    Args:
        path: the file.
        made_by: the command that makes it, for the advice of an error.
        made: returns the result from the file, its arrays and its facts; what it misses in them is damage.

    Raises:
        ResultError: the file is not there or not as it was written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    file = sealed.read(path, made_by)
    try:
        length = int.from_bytes(file.data[:8], "little")  # of the header, which is JSON
        facts = json.loads(json.loads(file.data[8 : 8 + length])["__metadata__"][FIELD])
        return made(file, load(file.data), facts)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise sealed.damaged(path, f"{type(error).__name__}: {error}", made_by) from error
