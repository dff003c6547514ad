"""Labelled feature rows, as every model takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from harness.features import Matrix


@dataclass(frozen=True, slots=True)
class Examples:
    """Features (n, d) and truth: class indices (n,) or numbers (n,)."""

    x: Matrix
    y: NDArray[Any]
