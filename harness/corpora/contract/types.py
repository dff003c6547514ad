"""Contract checks of types: every field has the type that harness/study/release.py and utterance.py give it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Any

from harness.corpora.contract.case import ContractCase, Finding, such
from harness.study.labels import Shared
from harness.study.release import Annotation, Dropped, Published, Release, Vote
from harness.study.utterance import MediaPart, Utterance

Types = dict[str, type | UnionType]

RELEASE: Types = {
    "variant": str,
    "rows": int,
    **dict.fromkeys(("utterances", "annotations", "dropped", "notes", "files"), list),
    "published": tuple,
    "surplus": dict,
}
UTTERANCE: Types = {
    **dict.fromkeys(("id", "split", "dialogue", "language"), str),
    "turn": int,
    **dict.fromkeys(("speaker", "text", "fold", "gender", "audio", "video"), str | None),
    **dict.fromkeys(("translations", "parts", "strata"), dict),
    **dict.fromkeys(("start", "end"), float | int | None),
    "flags": list,
}
ANNOTATION: Types = {"id": str, **dict.fromkeys(("native", "shared", "views", "votes", "soft"), dict)}


def has_types(case: ContractCase) -> Iterator[Finding]:
    """Every field has the type that harness/study/release.py gives it."""
    release = case.release
    wrong = list(_fields([release], Release, RELEASE))
    if not wrong:
        wrong += _fields(release.utterances, Utterance, UTTERANCE)
        wrong += _fields(release.annotations, Annotation, ANNOTATION)
    if not wrong:
        wrong += [f"{what} holds {value!r}" for what, value, kind in _held(release) if not isinstance(value, kind)]
    yield from such(wrong, "fields have another type", "the types in harness/study/release.py", "convert what was read")


def _fields(rows: Sequence[Any], kind: type, types: Types) -> Iterator[str]:
    for row in rows:
        if isinstance(row, kind):
            odd = (name for name, expected in types.items() if not isinstance(getattr(row, name), expected))
            yield from (f"{kind.__name__}.{name} is {getattr(row, name)!r}" for name in odd)
        else:
            yield f"{type(row).__name__} in place of {kind.__name__}"


def _held(release: Release) -> Iterator[tuple[str, Any, type]]:
    """Yield what lists and mappings hold, and the type it should have."""
    for name, kind in (("dropped", Dropped), ("notes", str), ("files", str), ("published", Published)):
        yield from ((f"Release.{name}", item, kind) for item in getattr(release, name))
    yield from (("Release.surplus", item, str) for pair in release.surplus.items() for item in pair)
    for row in release.utterances:
        yield from (("Utterance.flags", flag, str) for flag in row.flags)
        yield from (("Utterance.strata", item, str) for pair in row.strata.items() for item in pair)
        yield from (("Utterance.translations", item, str) for pair in row.translations.items() for item in pair)
        yield from (("Utterance.parts", part, MediaPart) for part in row.parts.values())
    for label_row in release.annotations:
        yield from _held_by(label_row)


def _held_by(row: Annotation) -> Iterator[tuple[str, Any, type]]:
    answers: tuple[Any, ...] = (row.shared, *row.views.values())
    for shared in answers:
        if isinstance(shared, dict):
            yield from (("Annotation.shared", label, Shared) for label in shared.values())
        else:
            yield "Annotation.views", shared, dict
    for votes in row.votes.values():
        yield "Annotation.votes", votes, list
        yield from (("Annotation.votes", vote, Vote) for vote in votes if isinstance(votes, list))
    yield from (("Annotation.soft", shares, dict) for shares in row.soft.values())
