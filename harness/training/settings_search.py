"""Budgeted search: the same draws of settings for every cell, tried on source dev.

A setting of a network whose value is a list is drawn from it; `{low: a, high: b}` is drawn evenly between two numbers
and with `log: true` evenly on the scale of their logarithms. `draws` says how many are tried, with the first seed; the
best on source dev is then trained with all seeds. The draws depend on the settings alone, so every source, fold and
label space has the same budget and the same chances.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from harness.core.errors import SettingError
from harness.core.files import digest

DRAWS = "draws"
TRIES = 100  # draws of a new combination before the search takes it that there is none left


def draws(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the settings to try, each complete and none twice; one if nothing is to be chosen.

    Raises:
        SettingError: something is to be drawn and `draws` does not say how often, or a range is malformed.
    """
    open_ = {key: value for key, value in settings.items() if isinstance(value, list | dict)}
    fixed = {key: value for key, value in settings.items() if key not in open_ and key != DRAWS}
    if not open_:
        return [fixed]
    wanted = settings.get(DRAWS)
    if type(wanted) is not int or wanted < 1:
        raise SettingError(
            f"settings: {', '.join(open_)} is to be drawn, and draws is {wanted!r}; say how many, as in `draws: 8`"
        )
    chance = random.Random(digest(open_))
    ranges: dict[str, dict[str, Any]] = {}
    for _ in range(wanted * TRIES):
        drawn = {key: _draw(key, value, chance) for key, value in open_.items()}
        ranges.setdefault(json.dumps(drawn, sort_keys=True), {**fixed, **drawn})
        if len(ranges) == wanted:
            break
    return list(ranges.values())


def drawn_keys(settings: Mapping[str, Any]) -> list[str]:
    """Return the settings that a search chooses."""
    return [key for key, value in settings.items() if isinstance(value, list | dict)]


def _draw(key: str, value: Sequence[Any] | Mapping[str, Any], chance: random.Random) -> Any:
    if isinstance(value, Mapping):
        low, high, log = _range(key, value)
        return math.exp(chance.uniform(math.log(low), math.log(high))) if log else chance.uniform(low, high)
    if not value:
        raise SettingError(f"settings: {key} is an empty list; there is nothing to draw from")
    return chance.choice(list(value))


def _range(key: str, value: Mapping[str, Any]) -> tuple[float, float, bool]:
    ends, log = [value.get(end) for end in ("low", "high")], bool(value.get("log", False))
    low, high = (float(end) if isinstance(end, int | float) else math.nan for end in ends)
    if not set(value) <= {"low", "high", "log"} or not low < high or (log and low <= 0):
        raise SettingError(f"settings: {key} is {dict(value)!r}; a range is {{low: 1e-4, high: 1e-2, log: true}}")
    return low, high, log
