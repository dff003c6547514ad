"""Check params.yaml before a stage begins: its sections, the names of rows, and plain values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.core.errors import NameUnknownError, SettingError

ROWS = ("corpora", "encoders", "recipes", "protocols", "external")  # sections of rows that have names
MAPPINGS = (*ROWS, "training", "metrics", "primary", "statistics", "analysis", "foresee", "engine", "tracking", "synth")
OPTIONAL = ("protocols", "external")  # may be left out, or empty
SECTIONS = ("study", "spaces", "media", *MAPPINGS)
NAME = re.compile(r"\w[\w.+-]*")  # names a folder, and no other one
SIMILAR = 0.8  # of a section of the user's own to one of ours, from which on it is a misspelling
LARGEST_SEED = 2**32 - 1

Kind = tuple[Callable[[Any], bool], str]


def _whole(value: Any, low: int, high: float = LARGEST_SEED) -> bool:
    return type(value) is int and low <= value <= high


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value) and len({*value}) == len(value)


def _seeds(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_whole(seed, 0) for seed in value) and _different(value)


def _different(value: list[Any]) -> bool:
    return len(set(value)) == len(value)


NAMES: Kind = (_names, "a list of names, each once")
KEYS: Mapping[str, Mapping[str, Kind]] = {
    "training": {"seeds": (_seeds, f"a list of different whole numbers from 0 to {LARGEST_SEED}")},
    "statistics": {
        "resamples": (lambda value: _whole(value, 1), "a whole number from 1"),
        "level": (lambda value: type(value) is float and 0 < value < 1, "a number between 0 and 1, as 0.95"),
        "seed": (lambda value: _whole(value, 0), f"a whole number from 0 to {LARGEST_SEED}"),
        "few_clusters": (lambda value: _whole(value, 0), "a whole number from 0"),
        "baseline": (lambda value: value is None or isinstance(value, str), "the name of a recipe, or null"),
    },
    "metrics": {"classes": NAMES, "scale": NAMES},
    "analysis": {"recipes": NAMES, "spaces": NAMES},
    "foresee": {"recipes": NAMES, "spaces": NAMES},
    "engine": {
        "workers": (lambda value: value == "auto" or _whole(value, 1), "a positive number or auto"),
        "batch": (lambda value: value == "auto" or type(value) is bool, "true, false or auto"),
    },
}
OPEN = ("training",)  # sections that may hold keys of the user's own, for recipes to refer to


def check(params: Mapping[str, Any]) -> None:
    """Raise the SettingError or NameUnknownError of the first thing in params.yaml that no stage could use.

    Args:
        params: params.yaml as loaded.
    """
    for name in params:
        close = difflib.get_close_matches(name, SECTIONS, n=1, cutoff=SIMILAR)
        if name not in SECTIONS and close:
            raise SettingError(f"params.yaml: there is no section {name}; did you mean {close[0]!r}?")
    missing = [name for name in SECTIONS if name not in params and name not in OPTIONAL]
    if missing:
        raise SettingError(f"params.yaml: lacks {', '.join(missing)}; take it from the params.yaml of the project")
    for name in MAPPINGS:
        if not isinstance(params.get(name, {}), Mapping) and not (name in OPTIONAL and params[name] is None):
            raise SettingError(f"params.yaml: {name} is {params[name]!r}; it is a mapping, as in `{name}: {{...}}`")
    if not _names(params["spaces"]) or not params["spaces"]:
        raise SettingError(f"params.yaml: spaces is {params['spaces']!r}; it is {NAMES[1]}")
    for section in ROWS:
        for name, row in (params.get(section) or {}).items():
            _check_row(section, name, row)
    for section, keys in KEYS.items():
        _check_keys(section, params[section], keys)


def _check_row(section: str, name: Any, row: Any) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise SettingError(f"{section}: {name!r} cannot name a row; take letters, digits, _, - and .")
    if row is not None and not isinstance(row, Mapping):
        raise SettingError(f"{section}.{name} is {row!r}; it is a mapping, as in `{name}: {{key: value}}`")


def _check_keys(section: str, settings: Mapping[str, Any], keys: Mapping[str, Kind]) -> None:
    for key, (is_so, words) in keys.items():
        if key not in settings:
            raise SettingError(f"params.yaml: {section} lacks {key}; it is {words}")
        if not is_so(settings[key]):
            raise SettingError(f"{section}.{key} is {settings[key]!r}; it is {words}")
    if section not in OPEN and (unknown := [key for key in settings if key not in keys]):
        raise NameUnknownError(f"setting of {section}", str(unknown[0]), keys)
