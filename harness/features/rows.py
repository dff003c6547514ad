"""Encode inputs to rows: what an encoder is given, and which of its rows are kept.

What is here decides the rows of a feature store and is in its key; how the work is shared and written is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness.features.matrix import Matrix, Ragged

if TYPE_CHECKING:  # texts do not depend on how clips are decoded
    from harness.features.decoded import Decoded

NOT_FINITE = "not_finite"
NO_FRAMES = "no_frames"


@dataclass(slots=True)
class Encoded:
    """Rows of the inputs that have features; input number -> reason of the others, -> note of those that were odd."""

    rows: Matrix = None
    failed: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)


def encode_texts(module: ModuleType, encoder: Any, texts: Sequence[str], language: str) -> Encoded:
    """Return what an encoder makes of texts in a language."""
    encoded = Encoded(encoder.encode(texts, language))
    _keep_finite(module, encoded, range(len(texts)))
    return encoded


def encode_clips(module: ModuleType, encoder: Any, clips: Iterable[Decoded]) -> Encoded:
    """Return what an encoder makes of clips; it is given those that could be decoded."""
    encoded = Encoded()
    given: list[int] = []

    def usable() -> Iterator[NDArray[Any]]:
        for number, clip in enumerate(clips):
            if clip.note:
                encoded.notes[number] = clip.note
            if clip.clip is None:
                encoded.failed[number] = clip.reason
            else:
                given.append(number)
                yield clip.clip

    encoded.rows = encoder.encode(usable())
    _keep_finite(module, encoded, given)
    return encoded


def _keep_finite(module: ModuleType, encoded: Encoded, given: Sequence[int]) -> None:
    """Take out the utterances an encoder has nothing to say of: a NaN would spread over every model."""
    rows = encoded.rows
    if sparse.issparse(rows):
        return
    if isinstance(rows, Ragged):
        owner = np.repeat(np.arange(len(rows)), rows.lengths)
        bad = np.bincount(owner, weights=~np.isfinite(rows.values).all(axis=1), minlength=len(rows))
        empty = rows.lengths == 0
        fine = ~empty & (bad == 0)
    else:
        fine, empty = np.isfinite(rows).all(axis=1), np.isnan(rows).all(axis=1)
    if fine.all():
        return
    nothing = str(getattr(module, "NOTHING", NO_FRAMES if isinstance(rows, Ragged) else NOT_FINITE))
    for number, good, bare in zip(given, fine, empty, strict=True):
        if not good:
            encoded.failed[number] = nothing if bare else NOT_FINITE
    encoded.rows = rows.take(np.flatnonzero(fine)) if isinstance(rows, Ragged) else rows[fine]
