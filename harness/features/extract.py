"""Extract features: pieces of work that survive a kill, encoded side by side and put together to one store.

What an encoder is asked for and gives is told in docs/add-an-encoder.md. On a CPU one-thread processes share the
pieces; one that runs on a GPU has threads beside it that decode clips ahead.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from scipy import sparse

from harness.core import paths, sealed, sealed_arrays
from harness.core.default_study import take_over
from harness.core.engine import Engine
from harness.core.errors import ResultError
from harness.core.files import digest
from harness.core.log import log
from harness.core.memory import remembered
from harness.core.pieces import FEATURES, RESULTS, Needs, Piece
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
    key: str  # what its rows are made from
    threads: int  # that decode ahead; 0: clips are decoded when they are asked for


@dataclass(frozen=True, slots=True)
class StoreToWrite:
    """A store whose pieces are all encoded."""

    store: Wanted
    shards: Sequence[Shard]


def extract(stores: Sequence[Wanted], engine: Engine, label: str) -> None:
    """Extract the stores that are not current, all their pieces side by side, and write each when it is complete."""
    engine.run_pieces([piece for store in stores for piece in pieces(store, engine)], label, "utterances")


def pieces(
    store: Wanted, engine: Engine, then: Callable[[], Iterable[Piece]] = lambda: (), quiet: bool = False
) -> Iterator[Piece]:
    """Yield the pieces with which the extraction of a store begins; nothing where it is current.

    Args:
        store: which.
        engine: that will run them.
        then: returns what can begin once the store is written.
        quiet: say nothing of a store that is current.
    """
    take_over(store.folder)
    if is_current(store):
        if not quiet:
            log.info(f"{store.label}: up to date")
        return
    needs, threads = _needs(store, engine)
    shards = _shards(store, threads)
    waiting = [shard for shard in shards if not sealed.is_current(shard.path, shard.key, features.ADVICE)]
    left = len(waiting)

    def written(line: str) -> Iterable[Piece]:
        log.info(line)
        return then()

    write = Piece(
        write_store, StoreToWrite(store, shards), f"features {store.label}", engine.settings.of_model(), size=0,
        urgency=RESULTS, then=written, reads=[shard.path for shard in shards], is_made=is_written,
        writes=[store.folder / features.MADE_BY],
    )  # fmt: skip

    def encoded(_: None) -> Iterable[Piece]:
        nonlocal left
        left -= 1
        return () if left else (write,)

    for shard in waiting:
        size = max(len(shard.inputs), 1)
        name = f"features {store.label}, utterances from {int(shard.path.stem):,}"
        yield Piece(
            encode, shard, name, needs, size, size / 100, f"encode {store.encoder}", FEATURES, then=encoded
        )  # fmt: skip
    if not waiting:
        yield write


def _needs(store: Wanted, engine: Engine) -> tuple[Needs, int]:
    """Return what a piece of an extraction needs, and how many threads decode clips ahead of it."""
    on_gpu = getattr(find("encoder", store.file), "GPU", False) and store.num_gpus and engine.workers.gpus()
    if not on_gpu:
        return engine.settings.of_model(), 0
    cpus = engine.workers.cpus_beside(store.num_gpus)
    return Needs(cpus, store.num_gpus, engine.settings.of_model().memory), cpus


def is_current(store: Wanted) -> bool:
    """Tell whether a store lies there that was made from the same and is as it was written; say where it is damaged."""
    if not (store.folder / features.MADE_BY).exists():
        return False
    try:
        return features.read(store.folder).digest == store.digest
    except ResultError as error:
        sealed.say_made_again(error)
        return False


def encode(shard: Shard) -> None:
    """Encode one shard and write its rows, the reasons of the inputs that have none, and notes, whole."""
    module, encoder = find("encoder", shard.file), _encoder(shard.file, shard.options)
    if module.MODALITY == Modality.TEXT:
        encoded = encode_texts(module, encoder, shard.inputs, shard.language)
    else:
        decode = partial(_decoder(module.MODALITY), module, encoder, shard.guard)
        encoded = encode_clips(module, encoder, ahead(decode, shard.inputs, shard.threads))
    _save(shard, encoded)


@remembered(1)  # a model is read from disk once a process, not once a shard
def _encoder(file: str, options: str) -> Any:
    return find("encoder", file).encoder(**json.loads(options))


def _shards(store: Wanted, threads: int) -> list[Shard]:
    size, inputs = find("encoder", store.file).SHARD, list(store.inputs.values())
    # what `auto` stands for is decided once, and not by each worker for itself
    options = json.dumps({**store.options, **store.made_by.get("made_with", {})}, sort_keys=True)
    work = paths.WORK / digest([store.digest, store.label])[:24]  # two corpora without a row are made from the same
    language = str(store.made_by["language"])
    shards = []
    for at in range(0, max(len(inputs), 1), size):  # without input one empty shard, so that the store has its width
        path, key = work / f"{at:08d}.safetensors", digest([store.digest, store.label, at])
        shards.append(Shard(store.file, options, inputs[at : at + size], language, store.guard, path, key, threads))
    return shards


def _decoder(modality: str) -> Callable[..., Decoded]:
    from harness.features import decode_picture, decode_sound

    return decode_sound.decode if modality == Modality.AUDIO else decode_picture.decode


def _save(shard: Shard, encoded: Encoded) -> None:
    rows = encoded.rows
    if isinstance(rows, Ragged):
        arrays = {"rows": rows.values, "starts": rows.starts}
    elif sparse.issparse(rows):
        arrays = {"data": rows.data, "indices": rows.indices, "indptr": rows.indptr}
    else:
        arrays = {"rows": rows}
    facts = {
        "shape": [int(size) for size in rows.shape],
        "failed": [[at, reason] for at, reason in encoded.failed.items()],
        "notes": [[at, note] for at, note in encoded.notes.items()],
    }
    sealed_arrays.write(shard.path, shard.key, arrays, facts)


def is_written(work: StoreToWrite) -> bool:
    """Tell whether a store is there, so that its shards are not needed any more."""
    return is_current(work.store)


def write_store(work: StoreToWrite) -> str:
    """Put the shards of a store together, delete them, and return what to say of it."""
    try:
        return _put_together(work.store, work.shards)
    except ResultError:  # this store was begun before, and its machine lost after the shards were deleted
        if not is_written(work):
            raise
    there = features.read(work.store.folder)
    return _in_words(work.store, len(there.ids), there.made_by["without"])


def _put_together(store: Wanted, shards: Sequence[Shard]) -> str:
    ids = list(store.inputs)
    failed, notes = dict(store.failed), dict[str, str]()
    parts = [partial(_rows, shard) for shard in shards]
    shapes, start, kind = [], 0, ""
    for shard in shards:
        facts, kind = _facts(shard)
        for into, name in ((failed, "failed"), (notes, "notes")):
            into.update({ids[start + at]: word for at, word in facts[name]})
        shapes.append(facts["shape"])
        start += len(shard.inputs)
    shape = (sum(rows for rows, _ in shapes), shapes[0][1])
    matrix = (
        sparse.vstack([part() for part in parts], format="csr")
        if kind == "sparse"
        else Pieces(shape, parts, kind == "frames")
    )
    reasons, odd = (dict(sorted(Counter(of.values()).items())) for of in (failed, notes))
    made_by = {**store.made_by, "without": reasons, "notes": odd}
    features.write(
        store.folder, [name for name in ids if name not in failed], matrix, failed, made_by, notes, store.dtype
    )
    shutil.rmtree(shards[0].path.parent, ignore_errors=True)
    return _in_words(store, shape[0], reasons)


def _in_words(store: Wanted, rows: int, reasons: Mapping[str, int]) -> str:
    why = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    return f"{store.label}: {rows} rows" + (f", without: {why}" if why else "")


def _facts(shard: Shard) -> tuple[dict[str, Any], str]:
    """Return what a shard says of its rows, and which kind of matrix they are of."""
    return sealed_arrays.read(shard.path, features.ADVICE, lambda _, arrays, facts: (facts, _kind(arrays)))


def _rows(shard: Shard) -> Any:
    return sealed_arrays.read(shard.path, features.ADVICE, lambda _, arrays, facts: _matrix(arrays, facts["shape"]))


def _matrix(arrays: Mapping[str, NDArray[Any]], shape: tuple[int, int]) -> Any:
    kind = _kind(arrays)
    if kind == "sparse":
        return sparse.csr_matrix((arrays["data"], arrays["indices"], arrays["indptr"]), shape=tuple(shape))
    return Ragged(arrays["rows"], arrays["starts"]) if kind == "frames" else arrays["rows"]


def _kind(arrays: Mapping[str, NDArray[Any]]) -> str:
    return "sparse" if "indptr" in arrays else "frames" if "starts" in arrays else "dense"
