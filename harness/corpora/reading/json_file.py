"""Read a JSON file of a release into values that can be written down again: JSON lines of numbers and UTF-8 text.

Python's parser takes more than that: NaN and Infinity, 1e400 (as infinity), halves of surrogate pairs, whole numbers
and nesting without end, and of a key written twice it silently keeps the last.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness.core.errors import ReleaseError
from harness.corpora.reading.csv_file import read_text

DEEPEST = 30  # levels of lists and objects; no release has more than six

Pairs = list[tuple[str, Any]]


def read_json(path: Path, objects: Callable[[Pairs], dict[str, Any]] | None = None) -> Any:
    """Return the content of a JSON file.

    Args:
        path: the file.
        objects: makes each object of its keys and values, e.g. to look for keys that stand there twice.

    Raises:
        ReleaseError: the file is truncated or damaged, or holds what cannot be written down again.
    """
    return _parsed(read_text(path), path, objects)


def read_json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield the line and the value of each line of a file of JSON lines; blank lines are passed by.

    Raises:
        ReleaseError: a line is damaged, or holds what cannot be written down again.
    """
    for row, text in enumerate(read_text(path).split("\n"), 1):
        if text.strip():
            yield row, _parsed(text, path, None, row)


def _parsed(text: str, path: Path, objects: Callable[[Pairs], dict[str, Any]] | None, row: int | None = None) -> Any:
    """Return the value of a JSON text; `row` is its line in the file where it is one line of it."""
    try:
        value = json.loads(text, parse_constant=_constant, parse_float=_finite, object_pairs_hook=objects)
    except json.JSONDecodeError as error:
        raise ReleaseError(
            path,
            f"is not valid JSON ({error.msg})",
            row=row or error.lineno,
            todo="the file may be truncated; copy it again from the release",
        ) from error
    except RecursionError as error:
        raise _too_deep(path) from error
    except ValueError as error:  # among them whole numbers of more than 4,300 digits
        raise ReleaseError(path, f"is not valid JSON ({error})", row=row, expected="finite numbers") from error
    if _is_deep(value):
        raise _too_deep(path)
    if "\\ud" in text or "\\uD" in text:
        _check_text(value, path)
    return value


def _constant(name: str) -> float:
    raise ValueError(f"it holds the number {name}")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"it holds the number {digits[:40]}")
    return number


def _is_deep(value: Any) -> bool:
    """Tell whether lists and objects lie in each other more than `DEEPEST` times, without recursion."""
    level = [value]
    for _ in range(DEEPEST):
        nodes = [node for node in level if isinstance(node, dict | list)]
        level = [child for node in nodes for child in (node.values() if isinstance(node, dict) else node)]
        if not level:
            return False
    return True


def _too_deep(path: Path) -> ReleaseError:
    return ReleaseError(path, f"nests lists or objects more than {DEEPEST} deep", todo="copy it again from the release")


def _check_text(value: Any, path: Path) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ReleaseError(path, f"holds half a character ({error.reason})", expected="text in UTF-8") from error
