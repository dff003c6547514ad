"""Utterances and labels as JSON lines, and the check that nothing was lost on the way there.

utterances.jsonl   one Utterance per line; features depend on this file alone
labels.jsonl       one Annotation a line: `id`, `native`, one key per space of the main view with the shared label
                   or null, `reasons` {space: reason}, the same per view under `views`, `votes`, `soft`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson

from harness.core.errors import HarnessError, ResultError
from harness.core.files import write_lines
from harness.core.plain_text import can_be_name, trimmed
from harness.study.labels import MAIN_VIEW, SPACES, ClassSpace, Shared, Space
from harness.study.release import Annotation, Release
from harness.study.utterance import SPLITS, MediaPart, Utterance

LONGEST_NAME = 250  # characters of an id: file systems allow no more
_NAMES = tuple(field.name for field in fields(Utterance))


def validate(corpus: str, release: Release) -> None:
    """Check the promises every adapter makes.

    Raises:
        HarnessError: the first of `problems`.
    """
    for problem in problems(corpus, release):
        raise HarnessError(problem)


def problems(corpus: str, release: Release) -> Iterator[str]:
    """Yield what keeps a release out of a study, one line each.

    Ids repeat, labels and utterances do not match, a split is unknown or empty, a space is not answered, a shared
    label is no value of its space, or rows were lost.
    """
    ids = [row.id for row in release.utterances]
    labelled = {row.id for row in release.annotations}
    for what, names in (
        ("ids that repeat", [name for name, count in Counter(ids).items() if count > 1]),
        ("utterances without a label row", [name for name in ids if name not in labelled]),
        ("label rows without an utterance", sorted(labelled.difference(ids))),
        ("utterances of an unknown split", [row.id for row in release.utterances if row.split not in SPLITS]),
        (
            f"utterances whose id, dialogue, speaker, fold or stratum is blank, longer than {LONGEST_NAME} characters, "
            "begins or ends with a blank, or holds a control character or a line break",
            [ascii(row.id) for row in release.utterances if not all(map(_is_name, _names_of(row)))],
        ),
        (
            "utterances whose clip has a control character or a line break in its path",
            [ascii(row.id) for row in release.utterances if not can_be_name(f"{row.audio}{row.video}")],
        ),
    ):
        if names:
            yield f"{corpus}: {len(names)} {what}: {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}"
    if release.rows != len(ids) + len(release.dropped):
        yield (
            f"{corpus}: the release has {release.rows} rows, but {len(ids)} were kept and {len(release.dropped)} "
            "dropped; the adapter loses rows"
        )
    for row in release.annotations:
        for view, shared in {MAIN_VIEW: row.shared, **row.views}.items():
            yield from _label_problems(f"{corpus}: {row.id} ({view})", shared)
    yield from _split_problems(corpus, release)


def _names_of(row: Utterance) -> list[str]:
    return [row.id, row.dialogue, *filter(None, (row.speaker, row.fold)), *row.strata, *row.strata.values()]


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and trimmed(text) == text and can_be_name(text)


def _label_problems(where: str, shared: Mapping[str, Shared]) -> Iterator[str]:
    if set(shared) != set(SPACES):
        yield f"{where}: answers the spaces {sorted(shared)}; every adapter answers {sorted(SPACES)}"
    for name, label in shared.items():
        if name in SPACES and label.value is not None and not _belongs(label.value, SPACES[name]):
            yield f"{where}: {label.value!r} is no value of {name}"


def _belongs(value: str | float, space: Space) -> bool:
    if isinstance(space, ClassSpace):
        return value in space.classes
    return isinstance(value, float) and space.low <= value <= space.high


def _split_problems(corpus: str, release: Release) -> Iterator[str]:
    if all(row.fold for row in release.utterances):
        present = {str(row.fold) for row in release.utterances}
        if len(present) < 3:
            yield f"{corpus}: {len(present)} folds; leave-one-out needs at least 3 (train, dev, test)"
        return
    empty = [split for split in SPLITS if not any(row.split == split for row in release.utterances)]
    if empty:
        yield (
            f"{corpus}: the split {', '.join(empty)} is empty ({release.variant}); link a release that holds all of "
            f"{', '.join(SPLITS)}"
        )


def write_utterances(path: Path, utterances: list[Utterance]) -> None:
    """Write `utterances.jsonl` whole."""
    write_lines(path, map(_row, utterances))


def write_labels(path: Path, annotations: list[Annotation]) -> None:
    """Write `labels.jsonl` whole."""
    write_lines(path, map(_flat, annotations))


def _row(utterance: Utterance) -> dict[str, Any]:
    """Return an utterance as JSON values, without the copy of each value that `asdict` makes."""
    row = {name: getattr(utterance, name) for name in _NAMES}
    row["parts"] = {
        modality: {"start": part.start, "end": part.end, "half": part.half}
        for modality, part in utterance.parts.items()
    }
    return row


def _flat(row: Annotation) -> dict[str, Any]:
    flat: dict[str, Any] = {"id": row.id, "native": row.native, **_values(row.shared)}
    if row.views:
        flat["views"] = {view: _values(shared) for view, shared in row.views.items()}
    if row.votes:
        flat["votes"] = {
            view: {vote.annotator: {"label": vote.label, "confidence": vote.confidence} for vote in votes}
            for view, votes in row.votes.items()
        }
    if row.soft:
        flat["soft"] = row.soft
    return flat


def _values(shared: Mapping[str, Shared]) -> dict[str, Any]:
    values: dict[str, Any] = {name: label.value for name, label in shared.items()}
    values["reasons"] = {name: label.reason for name, label in shared.items() if label.reason}
    return values


def read_utterances(path: Path) -> list[Utterance]:
    """Read `utterances.jsonl`; a damaged line is a ResultError that names it."""
    names = set(_NAMES)
    rows = []
    for number, row in _lines(path):
        if not isinstance(row, dict) or set(row) != names:
            raise ResultError(f"{path}, line {number}: not an utterance of this version; run `dvc repro prepare`")
        row["parts"] = {modality: MediaPart(**part) for modality, part in row["parts"].items()}
        rows.append(Utterance(**row))
    return rows


def read_labels(path: Path, ids: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """Read `labels.jsonl` as id -> the row as written; one of `ids` without a row is a ResultError."""
    rows = {}
    for number, row in _lines(path):
        if not isinstance(row, dict) or "id" not in row:
            raise ResultError(f"{path}, line {number}: not a label row; run `dvc repro prepare`")
        rows[row["id"]] = row
    if missing := [name for name in ids if name not in rows]:
        raise ResultError(f"{path}: no label row for {missing[0]}; run `dvc repro prepare`")
    return rows


def label_of(row: Mapping[str, Any], space: str, view: str = MAIN_VIEW) -> str | float | None:
    """Return the shared label of one row of `labels.jsonl` in a space and view, or None."""
    values = row if view == MAIN_VIEW else row.get("views", {}).get(view, {})
    label: str | float | None = values.get(space)
    return label


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield number, orjson.loads(line)
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error.strerror}); run `dvc repro prepare`") from error
    except ValueError as error:
        raise ResultError(f"{path}, line {number}: damaged ({error}); run `dvc repro prepare`") from error
