"""Read M3ED's `annotation.json` and the lists in `splitInfo` that give every movie its split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from harness.api import Pairs, ReleaseError, Split, Tree, Vote, read_json, read_text

from ._layout import one_copy
from ._m3ed_rows import FINAL, Form, Raw, name_speaker, parse_final, parse_gender, parse_id, seconds

ANNOTATION = "annotation.json"

_LISTS: dict[str, Split] = {
    "movie_list_train.txt": "train",
    "movie_list_val.txt": "dev",
    "movie_list_test.txt": "test",
}
_ANNOTATORS = ("EmoAnnotator1", "EmoAnnotator2", "EmoAnnotator3")
_Kind = TypeVar("_Kind", str, dict[str, Any])


def read_annotation(tree: Tree, file: str, known: Mapping[str, str]) -> Form:
    """Read the whole annotation.

    Args:
        tree: the release; the three movie lists lie in it.
        file: `annotation.json` in the tree.
        known: the final labels.

    Raises:
        ReleaseError: a list is missing, a movie is in none of them, or a record is not as the schema says.
    """
    path = tree.path(file)
    splits, lists = _read_lists(tree, path)
    content = read_json(path, lambda pairs: _refuse_repeats(path, pairs))
    rows: list[Raw] = []
    for movie, dialogues in _items(content, f"{path}: the file"):
        if movie not in splits:
            raise ReleaseError(path, f"movie {movie!r} is in no split", expected=f"it in one of {', '.join(_LISTS)}")
        for dialogue, record in _items(dialogues, f"{path}: {movie}"):
            part = _read_dialogue(path, movie, dialogue, record, splits[movie], known)
            rows += sorted(part, key=lambda raw: raw.turn)
    _refuse_second(path, rows)
    unknown = sum(raw.gender is None for raw in rows)
    return Form(
        variant="annotation.json",
        rows=rows,
        files=[file, *lists],
        notes=[f"{unknown} utterances by speakers of unknown gender"] if unknown else [],
    )


def _read_lists(tree: Tree, annotation: Path) -> tuple[dict[str, Split], list[str]]:
    paths = one_copy(tree, list(_LISTS), below=annotation.parent.relative_to(tree.root).as_posix())
    missing = [name for name in _LISTS if name not in paths]
    if missing:
        raise ReleaseError(
            tree.root,
            f"{', '.join(missing)} is missing; {annotation.name} does not say which split a movie belongs to",
            expected=f"{', '.join(_LISTS)}, as in the folder splitInfo of the release",
            todo="copy the folder splitInfo beside annotation.json",
        )
    splits: dict[str, Split] = {}
    files = list(paths.values())
    for path in map(tree.path, files):
        for line, movie in enumerate(map(str.strip, read_text(path).split("\n")), 1):
            split = _LISTS[path.name]
            if movie and splits.setdefault(movie, split) != split:
                raise ReleaseError(path, f"movie {movie!r} is in the list of {splits[movie]} too", row=line)
    return splits, files


def _read_dialogue(
    path: Path, movie: str, dialogue: str, record: Any, split: Split, known: Mapping[str, str]
) -> Iterator[Raw]:
    where = f"{path}: {movie}/{dialogue}"
    record = dict(_items(record, where))
    speakers = dict(_items(record.get("SpeakerInfo") or {}, f"{where}/SpeakerInfo"))
    for id_, entry in _items(_get(record, "Dialog", dict, where), f"{where}/Dialog"):
        place = f"{where}/{id_}"
        parse_id(id_, place)
        entry = dict(_items(entry, place))
        letter = _get(entry, "Speaker", str, place).strip()
        speaker = dict(_items(speakers.get(letter) or {}, f"{where}/SpeakerInfo/{letter}"))
        emotions = _get(entry, "EmoAnnotation", dict, place)
        final = parse_final(_get(emotions, FINAL, str, place), known, place)
        votes = [(name, _get(emotions, name, str, place).strip()) for name in _ANNOTATORS if name in emotions]
        yield Raw(
            id=id_,
            split=split,
            dialogue=dialogue,
            letter=letter,
            speaker=name_speaker(movie, dialogue, letter, _field(speaker, "Name", place)),
            final=final,
            native=emotions | {FINAL: final},
            votes=[Vote(name, label) for name, label in votes if label],
            text=_get(entry, "Text", str, place).strip() or None,
            gender=parse_gender(_field(speaker, "Gender", place)),
            start=seconds(_get(entry, "StartTime", str, place), place),
            end=seconds(_get(entry, "EndTime", str, place), place),
        )


def _items(node: Any, where: str) -> list[tuple[str, Any]]:
    if not isinstance(node, dict):
        raise ReleaseError(where, f"is of type {type(node).__name__}", expected="a JSON object")
    return list(node.items())


def _get(node: Mapping[str, Any], key: str, kind: type[_Kind], where: str) -> _Kind:
    if key not in node:
        raise ReleaseError(where, f"key {key!r} is missing", expected=f"it among {', '.join(node)}")
    value = node[key]
    if not isinstance(value, kind):
        raise ReleaseError(where, f"{key!r} is of type {type(value).__name__}", expected=f"a {kind.__name__}")
    return value


def _field(speaker: Mapping[str, Any], key: str, where: str) -> str:
    """Return what stands about a speaker, "" if nothing does."""
    return "" if speaker.get(key) is None else _get(speaker, key, str, where)


def _refuse_repeats(path: Path, pairs: Pairs) -> dict[str, Any]:
    """Refuse an object that says one key twice; the parser would silently keep the last."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        key, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        lines = [str(n) for n, line in enumerate(read_text(path).splitlines(), 1) if f'"{key}"' in line]
        raise ReleaseError(path, f"key {key!r} is written twice (lines {', '.join(lines)})", expected="it once")
    return fields


def _refuse_second(path: Path, rows: list[Raw]) -> None:
    first: dict[str, str] = {}
    for raw in rows:
        if raw.id in first:
            raise ReleaseError(path, f"{raw.id} stands in the dialogues {first[raw.id]} and {raw.dialogue}")
        first[raw.id] = raw.dialogue
