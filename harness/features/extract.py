"""Extract features: pieces of work that survive a kill, encoded side by side and put together to one store.

What an encoder is asked for and gives is told in docs/add-an-encoder.md. On a CPU one-thread processes share the
pieces; an encoder that runs on a GPU has one process, and threads that decode clips ahead of it.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from harness.core import engine, paths
from harness.core.default_study import take_over
from harness.core.files import digest, write_whole
from harness.core.log import log
from harness.core.plugins import find
from harness.corpora.media.clips import Guard
from harness.features import store as features
from harness.features.decoded import Decoded
from harness.features.matrix import Pieces, Ragged
from harness.features.plan import Wanted
from harness.features.read_ahead import ahead
from harness.features.rows import Encoded, encode_clips, encode_texts
from harness.study.utterance import Modality


@dataclass(frozen=True, slots=True)
class Shard:
    """One piece of an extraction: texts of one language or clips, and the file its rows go to."""

    file: str
    options: str  # as JSON, so that a process knows the encoder it has made already
    inputs: Sequence[Any]
    language: str
    guard: Guard
    path: Path
    threads: int  # that decode ahead; 0: clips are decoded when they are asked for


def extract(stores: Sequence[Wanted], workers: int, label: str) -> None:
    """Extract the stores that are not current, all their pieces side by side, and write each when it is complete."""
    for store in stores:
        take_over(store.folder)
    waiting = [store for store in stores if not is_current(store)]
    for store in stores:
        if store not in waiting:
            log.info(f"{store.label}: up to date")
    processes, threads = workers, 0
    if waiting and getattr(find("encoder", waiting[0].file), "GPU", False) and _sees_gpu():
        processes, threads = 1, workers
    shards = {store.folder: _shards(store, threads) for store in waiting}
    jobs = [shard for of_store in shards.values() for shard in of_store if not shard.path.exists()]
    processes = processes if len(jobs) > 1 else 1
    engine.run(encode, jobs, processes, label, [max(len(shard.inputs), 1) for shard in jobs], "utterances")
    for store in waiting:
        _write(store, shards[store.folder])


def is_current(store: Wanted) -> bool:
    """Tell whether a store lies there that was made from the same."""
    return (store.folder / features.MADE_BY).exists() and features.read(store.folder).digest == store.digest


def encode(shard: Shard) -> None:
    """Encode one shard and write its rows, the reasons of the inputs that have none, and notes, whole."""
    module, encoder = find("encoder", shard.file), _encoder(shard.file, shard.options)
    if module.MODALITY == Modality.TEXT:
        encoded = encode_texts(module, encoder, shard.inputs, shard.language)
    else:
        decode = partial(_decoder(module.MODALITY), module, encoder, shard.guard)
        encoded = encode_clips(module, encoder, ahead(decode, shard.inputs, shard.threads))
    write_whole(shard.path, lambda path: _save(path, encoded))


@lru_cache(maxsize=1)  # a model is read from disk once a process, not once a shard
def _encoder(file: str, options: str) -> Any:
    return find("encoder", file).encoder(**json.loads(options))


def _shards(store: Wanted, threads: int) -> list[Shard]:
    size = find("encoder", store.file).SHARD
    inputs, options = list(store.inputs.values()), json.dumps(dict(store.options), sort_keys=True)
    work = paths.WORK / digest([store.digest, store.label])[:24]  # two corpora without a row are made from the same
    language = str(store.made_by["language"])
    return [  # without input one empty shard, so that the store has its width
        Shard(store.file, options, inputs[at : at + size], language, store.guard, work / f"{at:08d}.npz", threads)
        for at in range(0, max(len(inputs), 1), size)
    ]


def _decoder(modality: str) -> Callable[..., Decoded]:
    from harness.features import decode_picture, decode_sound

    return decode_sound.decode if modality == Modality.AUDIO else decode_picture.decode


def _save(path: Path, encoded: Encoded) -> None:
    rows = encoded.rows
    arrays: dict[str, Any] = {"rows": rows}
    if isinstance(rows, Ragged):
        arrays |= {"rows": rows.values, "starts": rows.starts}
    elif sparse.issparse(rows):
        del arrays["rows"]
        arrays |= {"data": rows.data, "indices": rows.indices, "indptr": rows.indptr, "shape": rows.shape}
    for name, of in (("failed", encoded.failed), ("notes", encoded.notes)):
        arrays[name] = np.array(list(of.values()), dtype=str)
        arrays[f"{name}_at"] = np.array(list(of), dtype=np.int64)
    with path.open("wb") as file:
        np.savez(file, **arrays)


def _write(store: Wanted, shards: Sequence[Shard]) -> None:
    """Put the shards of a store together and delete them."""
    ids = list(store.inputs)
    failed, notes = dict(store.failed), dict[str, str]()
    shapes, start = [], 0
    for shard in shards:
        with np.load(shard.path, allow_pickle=False) as file:
            for into, name in ((failed, "failed"), (notes, "notes")):
                words = zip(file[f"{name}_at"], file[name], strict=True)
                into.update({ids[start + at]: str(word) for at, word in words})
            shapes.append(tuple(file["shape"]) if "shape" in file else (_count(file), file["rows"].shape[1]))
            sparse_, frames = "shape" in file, "starts" in file
        start += len(shard.inputs)
    parts = [partial(_part, shard.path) for shard in shards]
    shape = (sum(int(shape_of_piece[0]) for shape_of_piece in shapes), int(shapes[0][1]))
    matrix = sparse.vstack([part() for part in parts], format="csr") if sparse_ else Pieces(shape, parts, frames)
    reasons, odd = (dict(sorted(Counter(of.values()).items())) for of in (failed, notes))
    made_by = {**store.made_by, "without": reasons, "notes": odd}
    features.write(
        store.folder, [name for name in ids if name not in failed], matrix, failed, made_by, notes, store.dtype
    )
    shutil.rmtree(shards[0].path.parent, ignore_errors=True)
    why = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    log.info(f"{store.label}: {shape[0]} rows" + (f", without: {why}" if why else ""))


def _count(file: Any) -> int:
    return len(file["starts"]) - 1 if "starts" in file else len(file["rows"])


def _part(path: Path) -> Any:
    with np.load(path, allow_pickle=False) as file:
        if "shape" in file:
            return sparse.csr_matrix((file["data"], file["indices"], file["indptr"]), shape=tuple(file["shape"]))
        return Ragged(file["rows"], file["starts"]) if "starts" in file else file["rows"]


def _sees_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())
