"""List and verify feature stores: what each holds, and whether it is whole and current (`features ls|info|verify`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from harness.core import paths
from harness.core.errors import ResultError, SettingError
from harness.features import store as features
from harness.features.matrix import Ragged
from harness.features.plan import Wanted, wanted
from harness.features.store import FeatureStore
from harness.study.params.rows import NO_MODALITY, row

HEADER = (
    "encoder",
    "corpus",
    "route",
    "kind",
    "rows",
    "width",
    "type",
    "made with",
    "frames",
    "without",
    "MB",
    "state",
)
CHUNK = 2**22  # numbers that are looked at together


def answer(params: Mapping[str, Any], question: str, name: str = "", corpus: str = "") -> None:
    """Print the answer to `ls`, `info <encoder> <corpus>` or `verify [encoder]`.

    Raises:
        ResultError: `verify` found something.
        SettingError: `info` was not told of what.
    """
    if question == "ls":
        print(listing(params))
    elif question == "info":
        if not name or not corpus:
            raise SettingError("features info: of which store? as in `python -m harness features info e5 meld`")
        print("\n".join(info(store) for store in wanted(params, name, corpus)))
    else:
        problems = list(verify(params, name))
        for problem in problems:
            print(problem)
        if problems:
            raise ResultError(f"{len(problems)} feature stores are not as they should be; run `dvc repro features`")
        print("every feature store is whole and current")


def listing(params: Mapping[str, Any]) -> str:
    """Return a table of every store that is wanted or lies there."""
    rows = [HEADER, *(_line(store) for store in _all(params))]
    rows += [(path.parts[-3], path.parts[-2], path.parts[-1], *[""] * 7, "left over") for path in _left_over(params)]
    widths = [max(len(str(row[at])) for row in rows) for at in range(len(HEADER))]
    return "\n".join("  ".join(f"{cell!s:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def info(store: Wanted) -> str:
    """Return what a store was made by and from, and what its numbers are like."""
    features_read = features.read(store.folder)
    values = _values(features_read)
    some = np.asarray(values[:CHUNK], dtype=np.float64)
    lines = [
        f"{store.label}: {_state(store, features_read)}",
        json.dumps(dict(features_read.made_by), indent=1, ensure_ascii=False),
    ]
    if some.size:
        spread = f"mean {some.mean():.4g}, sd {some.std():.4g}, from {some.min():.4g} to {some.max():.4g}"
        lines.append(f"numbers (of the first {len(some):,} rows of {features_read.folder / 'rows.npy'}): {spread}")
    if isinstance(features_read.matrix, Ragged) and len(features_read.matrix):
        lengths = features_read.matrix.lengths
        lines.append(f"frames: {lengths.sum():,}, {np.median(lengths):.0f} an utterance, {lengths.max()} at most")
    return "\n".join(lines)


def verify(params: Mapping[str, Any], encoder: str = "") -> Iterator[str]:
    """Yield one line for each store that is missing, stale or damaged; every byte of every store is read."""
    if encoder:
        row(params, "encoders", encoder)
    for store in _all(params):
        if encoder in ("", store.encoder):
            problem = _problem(store)
            if problem:
                yield f"{store.label}: {problem}"


def _problem(store: Wanted) -> str:
    if not (store.folder / features.MADE_BY).exists():
        return "is not there"
    try:
        features_read = features.read(store.folder)
    except ResultError as error:
        return str(error)
    return "" if features_read.digest == store.digest else "stale: it was made from something else"


def _all(params: Mapping[str, Any]) -> Iterator[Wanted]:
    for encoder in params["encoders"]:
        for corpus in params["corpora"]:
            yield from wanted(params, encoder, corpus)


def _left_over(params: Mapping[str, Any]) -> list[Path]:
    known = {store.folder for store in _all(params)}
    there = [path.parent for path in sorted(paths.FEATURES.glob(f"*/*/*/{features.MADE_BY}"))]
    return [path for path in there if path not in known and path.parts[-3] != NO_MODALITY]


def _line(store: Wanted) -> tuple[Any, ...]:
    head = (store.encoder, store.corpus, store.route)
    if not (store.folder / features.MADE_BY).exists():
        return (*head, *[""] * 8, "missing")
    try:
        features_read = features.glance(store.folder)
    except ResultError:
        return (*head, *[""] * 8, "damaged")
    frames = f"{len(features_read.matrix.values):,}" if isinstance(features_read.matrix, Ragged) else ""
    size = sum(path.stat().st_size for path in store.folder.iterdir()) / 1e6
    kind, dtype = features_read.made_by["kind"], features_read.made_by["dtype"]
    made_with = " ".join((features_read.made_by.get("made_with") or {}).values())
    rows = (kind, len(features_read.ids), features_read.width, dtype, made_with, frames, len(features_read.failed))
    return (*head, *rows, f"{size:.1f}", _state(store, features_read))


def _state(store: Wanted, features_read: FeatureStore) -> str:
    return "current" if features_read.digest == store.digest else "stale"


def _values(store: FeatureStore) -> Any:
    if sparse.issparse(store.matrix):
        return store.matrix.data
    return store.matrix.values if isinstance(store.matrix, Ragged) else store.matrix
