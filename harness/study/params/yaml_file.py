"""The text of params.yaml as values and the line of each, read as DVC reads it (YAML 1.2, ruamel.yaml).

A file that would only waste time or memory is refused before anything is built from it: what is nested deeper, or
holds more values once its anchors are followed, than any study does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.errors import SettingError

DEEPEST = 20  # mappings and lists inside one another
MOST = 10_000  # values, each anchor followed
LARGEST = 1_000_000  # bytes
Place = tuple[Any, ...]  # keys and list positions that lead to a value
# Where something is wrong, and what: the rest of a sentence ("is 3; expected ..."), or after ": " one of its own.
Fault = tuple[Place, str]


@dataclass(frozen=True, slots=True)
class ParamsFile:
    """What a file of parameters says.

    Args:
        path: the file.
        values: its mapping as plain values.
        lines: place of a value, its parts as text -> 1-based line of its key, or of a list's item.
    """

    path: Path
    values: dict[str, Any]
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def has(self, place: Place) -> bool:
        """Tell whether the file itself holds a value."""
        return tuple(map(str, place)) in self.lines

    def line(self, place: Place) -> int | None:
        """Return the line of a value, or of the nearest one around it that the file has; None if it has neither."""
        while place and not self.has(place):
            place = place[:-1]
        return self.lines.get(tuple(map(str, place)))


def read(path: Path) -> ParamsFile:
    """Return the values and lines of a file of parameters.

    Raises:
        SettingError: the file is missing, no UTF-8, no YAML, no mapping, or larger than any study is.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SettingError(
            f"{path}: cannot be read ({error.strerror or error}); run the command at the top of the checkout"
        ) from error
    if len(text) > LARGEST:
        raise SettingError(f"{path}: has {len(text):,} bytes; expected {LARGEST:,} at most")
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise SettingError(
            f"{path}, line {line}: byte {text[error.start]:#04x} is no UTF-8; save the file as UTF-8"
        ) from error
    values, lines = parse(decoded, str(path))
    if not isinstance(values, dict):
        raise SettingError(f"{path}: holds {type(values).__name__}; expected a mapping of sections")
    return ParamsFile(path, values, lines)


def parse(text: str, where: str) -> tuple[Any, dict[tuple[str, ...], int]]:
    """Return the value of a YAML text and the lines of its parts.

    Args:
        text: one YAML document.
        where: what the text is called in errors.

    Raises:
        SettingError: it is no YAML, or holds more than any study does.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        _refuse_deep(YAML(typ="safe").parse(text), where)
        root = YAML(typ="safe").compose(text)
        if root is None:
            return None, {}
        _refuse_large(root, where)
        lines = dict(_lines(root))
        return YAML(typ="safe").load(text), lines
    except YAMLError as error:
        raise SettingError(f"{where}{_place_of(error)}: {_problem_of(error)}") from error
    except (ValueError, OverflowError) as error:  # of a date or number that cannot be
        raise SettingError(f"{where}: {' '.join(str(error).split())}") from error


def _refuse_deep(events: Iterator[Any], where: str) -> None:
    depth = 0
    for event in events:
        name = type(event).__name__
        depth += name.endswith("StartEvent") and name[:3] in ("Map", "Seq")
        depth -= name.endswith("EndEvent") and name[:3] in ("Map", "Seq")
        if depth > DEEPEST:
            raise SettingError(f"{where}, line {event.start_mark.line + 1}: is nested deeper than {DEEPEST} levels")


def _refuse_large(root: Any, where: str) -> None:
    """Refuse anchors that hold themselves, or that multiply into more values than any study has."""
    sizes: dict[int, int] = {}

    def size(node: Any, above: frozenset[int]) -> int:
        if id(node) in above:
            raise SettingError(f"{where}, line {node.start_mark.line + 1}: the anchor here holds itself")
        if str(getattr(node, "tag", "")).endswith((":int", ":float")) and "_" in str(node.value):
            raise SettingError(
                f"{where}, line {node.start_mark.line + 1}: {node.value} is read as a number; write it plainly"
            )
        if id(node) not in sizes:
            sizes[id(node)] = 1 + sum(size(child, above | {id(node)}) for child in _children(node))
        return sizes[id(node)]

    if (values := size(root, frozenset())) > MOST:
        raise SettingError(f"{where}: holds {values:,} values once its anchors are followed; expected {MOST:,} at most")


def _children(node: Any) -> list[Any]:
    if not isinstance(node.value, list):
        return []
    return [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]


def _lines(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    if not isinstance(node.value, list):
        return
    for number, item in enumerate(node.value):
        key, value = item if isinstance(item, tuple) else (None, item)
        here = (*place, str(number if key is None else key.value))
        yield here, (value if key is None else key).start_mark.line + 1
        yield from _lines(value, here)


def _place_of(error: Any) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return f", line {mark.line + 1}" if mark is not None else ""


def _problem_of(error: Any) -> str:
    parts = (getattr(error, "context", None), getattr(error, "problem", None))
    return ", ".join(str(part).strip() for part in parts if part) or " ".join(str(error).split())


def in_words(place: Place, text: str) -> str:
    """Return a fault as a sentence, without its line: "media.slak is unknown", "analysis.recipes.0: no recipe ..."."""
    joint = "" if text.startswith(": ") else " "
    return f"{'.'.join(map(str, place))}{joint}{text}".removeprefix(": ").strip()
