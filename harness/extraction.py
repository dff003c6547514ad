"""Cut an extraction into pieces that survive a kill, encode them side by side, and put the rows together.

A text encoder has `MODALITY = "text"`, `PACKAGES`, `SHARD` and `encode(texts, language)`; an encoder of sound has
`MODALITY = "audio"`, `RATE` and `SHORTEST` besides, and `encode(sounds)` (docs/add-an-encoder.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from harness import engine, features
from harness.errors import MediaError
from harness.files import write_whole
from harness.media import Clip, Guard
from harness.plugins import find

TOO_SHORT = "too_short"
NOT_FINITE = "not_finite"


@dataclass(frozen=True, slots=True)
class Shard:
    """One piece of an extraction: texts of one language or clips, and the file its rows go to."""

    encoder: str
    options: tuple[tuple[str, Any], ...]
    inputs: Sequence[str] | Sequence[Clip]
    language: str
    guard: Guard
    path: Path


def extract(
    encoder: str,
    options: Mapping[str, Any],
    inputs: Sequence[str] | Sequence[Clip],
    language: str,
    guard: Guard,
    folder: Path,
    workers: int,
    label: str,
) -> tuple[features.Matrix, dict[int, str]]:
    """Encode texts or clips; pieces already in `folder` are taken from there.

    Returns:
        The rows of the inputs that could be encoded, in their order, and input number -> reason for the others.
    """
    size = find("encoder", encoder).SHARD
    starts = range(0, max(len(inputs), 1), size)  # without input one empty shard, so that the store has its width
    shards = [
        Shard(encoder, tuple(options.items()), inputs[at : at + size], language, guard, folder / f"{at:08d}.npz")
        for at in starts
    ]
    waiting = [shard for shard in shards if not shard.path.exists()]
    engine.run(encode, waiting, workers if len(waiting) > 1 else 1, label)
    return _joined(shards, starts)


def encode(shard: Shard) -> None:
    """Encode one shard and write its rows and the reasons of the others whole."""
    module = find("encoder", shard.encoder)
    made = module.encoder(**dict(shard.options))
    failed: dict[int, str] = {}
    if module.MODALITY == "text":
        matrix = made.encode(shard.inputs, shard.language)
    else:
        matrix = made.encode(_sounds(module, shard, failed))
    matrix = _finite(matrix, len(shard.inputs), failed)
    write_whole(shard.path, lambda path: _save(path, matrix, failed))


def _sounds(module: ModuleType, shard: Shard, failed: dict[int, str]) -> list[NDArray[np.float32]]:
    from harness.media_sound import read_sound

    sounds = []
    for at, clip in enumerate(shard.inputs):
        assert isinstance(clip, Clip)  # only an encoder of text is given texts
        try:
            sound = read_sound(clip, module.RATE, shard.guard)
        except MediaError as error:
            failed[at] = error.reason
            continue
        if len(sound) < module.SHORTEST * module.RATE:
            failed[at] = TOO_SHORT
        else:
            sounds.append(sound)
    return sounds


def _finite(matrix: features.Matrix, asked: int, failed: dict[int, str]) -> features.Matrix:
    """Take out the rows that are no numbers: a NaN would spread over every model that is trained on it."""
    if sparse.issparse(matrix):
        return matrix
    fine = np.isfinite(matrix).all(axis=1)
    given = [at for at in range(asked) if at not in failed]
    failed.update((at, NOT_FINITE) for at, one in zip(given, fine, strict=True) if not one)
    return matrix[fine]


def _save(path: Path, matrix: features.Matrix, failed: Mapping[int, str]) -> None:
    with path.open("wb") as file:
        if sparse.issparse(matrix):
            sparse.save_npz(file, matrix, compressed=False)
        else:
            order = sorted(failed)
            reasons = np.array([failed[at] for at in order], dtype=str)
            np.savez(file, rows=matrix, failed=np.array(order, dtype=np.int64), reasons=reasons)


def _joined(shards: Sequence[Shard], starts: range) -> tuple[features.Matrix, dict[int, str]]:
    parts: list[Any] = []
    failed: dict[int, str] = {}
    for start, shard in zip(starts, shards, strict=True):
        with np.load(shard.path, allow_pickle=False) as file:
            dense = "rows" in file
            if dense:
                parts.append(file["rows"])
                failed.update(zip((file["failed"] + start).tolist(), file["reasons"].tolist(), strict=True))
        if not dense:
            parts.append(sparse.load_npz(shard.path))
    return np.concatenate(parts) if dense else sparse.csr_matrix(sparse.vstack(parts, format="csr")), failed
