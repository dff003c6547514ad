"""How the report prints numbers, counts and selections, so that every table says the same thing alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from harness.core.errors import ResultError
from harness.study.reasons import reason_text as reason_text

ABSENT = "–"


_SELECTIONS = {
    "source_dev": "selected on source dev",
    "source_dev_one_standard_error": "selected on source dev (one-standard-error rule)",
    "target_dev": "selected on target dev (oracle)",
    "target_dev_one_standard_error": "selected on target dev (oracle; one-standard-error rule)",
    "elsewhere": "made elsewhere",
}


def number(value: float | None, places: int = 3) -> str:
    """Return ".527": no zero before the point, a real minus sign, a dash for an absent number.

    Raises:
        ResultError: the value is not finite; NaN is never a score.
    """
    if value is None:
        return ABSENT
    if not math.isfinite(value):
        raise ResultError(f"{value} is not a number a table may print; a cell without value needs a reason")
    text = f"{abs(value):.{places}f}"
    sign = "−" if value < 0 and text.strip("0.") else ""
    return sign + (text[1:] if text.startswith("0.") else text)


def signed(value: float | None) -> str:
    """Return a difference with its sign, "+.031" or "−.120"."""
    text = number(value)
    return f"+{text}" if value is not None and value > 0 and text.strip("0.") else text


def interval(low: float | None, high: float | None) -> str:
    """Return "[.480, .571]", or an empty string if there is none."""
    return "" if low is None or high is None else f"[{number(low)}, {number(high)}]"


def percent(share: float | None) -> str:
    """Return a share as whole percent, rounded towards the middle at both ends so that 99.7 % is not "100 %"."""
    if share is None:
        return ABSENT
    whole = min(max(round(share * 100), 1), 99) if 0 < share < 1 else round(share * 100)
    return f"{whole} %"


def count(value: int | None) -> str:
    """Return "12,345"."""
    return ABSENT if value is None else f"{value:,}"


FORMS: Mapping[str, Callable[[Any], str]] = {
    "number": number,
    "signed": signed,
    "percent": percent,
    "count": count,
}


def plural(how_many: int, singular: str, many: str = "") -> str:
    """Return "1 cell" or "3 cells"."""
    return f"{count(how_many)} {singular if how_many == 1 else many or singular + 's'}"


def selection_text(name: str) -> str:
    """Return how a cell's model was selected."""
    return _SELECTIONS.get(name, f"selection: {name}")
