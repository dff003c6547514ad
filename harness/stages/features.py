"""Extract the features of one corpus with one encoder, in shards that survive a kill."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from harness import engine, features, layout, manifest
from harness.closure import code_digest
from harness.corpus import Utterance
from harness.errors import SettingError
from harness.files import digest, write_whole
from harness.plugins import find, source
from harness.settings import row

NATIVE = "native"


@dataclass(frozen=True, slots=True)
class Shard:
    """One piece of an extraction: texts of one language, and the file its rows go to."""

    encoder: str
    options: tuple[tuple[str, Any], ...]
    texts: tuple[str, ...]
    language: str
    path: Path


def run(params: dict[str, Any], encoder: str, corpus: str) -> None:
    """Write data/features/<encoder>/<corpus>/<route>/ for every text route of the encoder's row.

    Args:
        params: params.yaml.
        encoder: a row of `encoders`, named as its file in harness/encoders.
        corpus: a row of `corpora`.
    """
    options = row(params, "encoders", encoder)
    routes = options.pop("routes", [NATIVE])
    rows = manifest.read_utterances(layout.utterances(corpus))
    row(params, "corpora", corpus)
    for route in routes:
        _extract(encoder, options, rows, corpus, route, engine.worker_count(params["engine"]["workers"]))


def _extract(
    encoder: str, options: dict[str, Any], rows: list[Utterance], corpus: str, route: str, workers: int
) -> None:
    module = find("encoder", encoder)
    texts = {row.id: text_of(row, route) for row in rows}
    languages = {row.language if route == NATIVE else route for row in rows}
    if len(languages) > 1:
        raise SettingError(f"{corpus}: utterances in {sorted(languages)}; a corpus has one language")
    language = next(iter(languages), "none")
    known = {name: text for name, text in texts.items() if text}
    made_by: dict[str, Any] = {
        "encoder": encoder,
        "options": options,
        "route": route,
        "language": language,
        "versions": {name: importlib.metadata.version(name) for name in module.PACKAGES if _installed(name)},
        "code": code_digest(source("encoder", encoder)),
    }
    made_by["digest"] = digest([made_by, list(texts.items())])
    folder = layout.features(encoder, corpus, route)
    if _is_current(folder, made_by["digest"]):
        print(f"{encoder} {corpus} {route}: up to date")
        return
    shards = _shards(
        module.SHARD, encoder, options, list(known.values()), language, layout.WORK / made_by["digest"][:16]
    )
    waiting = [shard for shard in shards if not shard.path.exists()]
    engine.run(encode, waiting, workers if len(waiting) > 1 else 1, f"{encoder} {corpus} {route}")
    matrix = _joined(shards)
    failed = {name: f"no_text:{route}" for name, text in texts.items() if not text}
    features.write(folder, list(known), matrix, failed, made_by)
    shutil.rmtree(layout.WORK / made_by["digest"][:16], ignore_errors=True)
    print(f"{encoder} {corpus} {route}: {len(known)} rows, {len(failed)} utterances without text")


def text_of(row: Utterance, route: str) -> str | None:
    """Return the text of an utterance as said, or in the route's language if it is or was translated into it."""
    if route == NATIVE or row.language.split("-")[0] == route:
        return row.text
    return row.translations.get(route)


def encode(shard: Shard) -> None:
    """Encode one shard and write its rows whole."""
    matrix = find("encoder", shard.encoder).encoder(**dict(shard.options)).encode(shard.texts, shard.language)
    write_whole(shard.path, lambda path: _save(path, matrix))


def _shards(
    size: int, encoder: str, options: dict[str, Any], texts: list[str], language: str, folder: Path
) -> list[Shard]:
    """Cut the texts; an absent corpus has one empty shard, so that its store has the encoder's width."""
    starts = range(0, max(len(texts), 1), size)
    return [
        Shard(
            encoder,
            tuple(options.items()),
            tuple(texts[start : start + size]),
            language,
            folder / f"{start:08d}.npz",
        )
        for start in starts
    ]


def _save(path: Path, matrix: features.Matrix) -> None:
    with path.open("wb") as file:
        if sparse.issparse(matrix):
            sparse.save_npz(file, matrix, compressed=False)
        else:
            np.savez(file, rows=matrix)


def _joined(shards: Iterable[Shard]) -> features.Matrix:
    parts: list[Any] = []
    for shard in shards:
        with np.load(shard.path, allow_pickle=False) as file:
            dense = "rows" in file
            parts.append(file["rows"] if dense else None)
        if not dense:
            parts[-1] = sparse.load_npz(shard.path)
    return np.concatenate(parts) if dense else sparse.csr_matrix(sparse.vstack(parts, format="csr"))


def _is_current(folder: Path, wanted: str) -> bool:
    return (folder / features.MADE_BY).exists() and features.read(folder).digest == wanted


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
