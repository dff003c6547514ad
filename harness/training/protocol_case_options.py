"""Check the options of a row of `protocols` against the arguments of its file's `cases`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

from harness.core.errors import NameUnknownError, SettingError
from harness.core.plugins import find

OWN = ("protocol", "recipes", "spaces")  # keys of a row that are not options of the protocol
WORDS = {int: "whole number", float: "number", str: "text", bool: "true or false"}


def options(row: Mapping[str, Any], protocol: str, file: str) -> dict[str, Any]:
    """Return what a row says beside its recipes and spaces, as arguments of `cases`.

    Args:
        row: the row of `protocols`.
        protocol: its name.
        file: the file of harness/protocols.

    Raises:
        NameUnknownError: `cases` takes no argument of that name.
        SettingError: a value is not of the type of the argument, or a list has an item twice.
    """
    cases = find("protocol", file).cases
    given = {key: value for key, value in row.items() if key not in OWN}
    known, types = list(inspect.signature(cases).parameters)[1:], _types(cases)
    for name, value in given.items():
        if name not in known:
            raise NameUnknownError(f"option of {file} (protocols.{protocol})", name, known)
        kind = types.get(name)
        if not _is(value, kind):
            raise SettingError(f"protocols.{protocol}: {name} is {value!r}; it is {_in_words(kind)}")
        if isinstance(value, list):
            once(value, f"protocols.{protocol}: {name}")
    return given


def once(values: Sequence[Any], where: str) -> None:
    """Refuse a list that has an item twice, as a SettingError that begins with `where`."""
    twice = next((value for at, value in enumerate(values) if value in values[:at]), None)
    if twice is not None:
        raise SettingError(f"{where} has {twice!r} twice; leave one of them out")


def _types(cases: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(cases)
    except NameError:  # of a file that imports for type checkers alone: nothing is known of its options
        return {}


def _is(value: Any, kind: Any) -> bool:
    if get_origin(kind) is Sequence:
        return isinstance(value, list) and all(_is(item, get_args(kind)[0]) for item in value)
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    return kind not in WORDS or type(value) is kind  # true is an int, too


def _in_words(kind: Any) -> str:
    if get_origin(kind) is Sequence:
        return f"a list of {WORDS.get(get_args(kind)[0], 'value')}s"
    return f"a {WORDS[kind]}" if kind in (int, float) else WORDS[kind]
