"""How the audit prints shares, names of corpora and lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from harness.report.formats import ABSENT, count, number

MANY = 6


def rate(part: float, whole: float) -> str:
    """Return "24.5 %" of two counts; a dash for nothing of nothing."""
    return share(part / whole) if whole else ABSENT


def share(value: float | None) -> str:
    """Return "24.5 %" of a share, kept away from 0 and 100 unless it is exactly that; a dash for None."""
    if value is None:
        return ABSENT
    rounded = round(100 * value, 1)
    if 0 < value < 1:
        rounded = min(max(rounded, 0.1), 99.9)
    return f"{rounded:g} %" if rounded in (0, 100) else f"{rounded:.1f} %"


def fixed(value: float | None, places: int = 1) -> str:
    """Return "3.2" with a thousands mark, a dash for None."""
    return ABSENT if value is None else f"{value:,.{places}f}".replace("-", "−")


def value_text(value: float) -> str:
    """Return "−1.8" as a scale prints its steps."""
    return f"{value:g}".replace("-", "−")


def listing(names: Iterable[str], most: int = MANY) -> str:
    """Return "a, b and c", cut after some names."""
    found = list(names)
    if len(found) > most:
        return f"{', '.join(found[:most])} and {count(len(found) - most)} more"
    return f"{', '.join(found[:-1])} and {found[-1]}" if len(found) > 1 else "".join(found)


def counts_text(counter: Mapping[str, int], most: int = MANY) -> str:
    """Return "laughing 12, overlap 3", cut after some entries; a dash for nothing."""
    found = [f"{name.replace('_', ' ')} {count(n)}" for name, n in counter.items()]
    return (", ".join(found[:most]) + (", …" if len(found) > most else "")) or ABSENT


def titles(corpora: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return corpus -> what the page calls it: its title, with the name where two corpora have one title."""
    by_name = {name: str(facts["card"].get("title", name)) for name, facts in corpora.items()}
    often = Counter(by_name.values())
    return {name: title if often[title] == 1 else f"{title} ({name})" for name, title in by_name.items()}


def score(value: float | None) -> str:
    """Return ".678"."""
    return number(value)


def percent_score(value: float | None) -> str:
    """Return a metric as points, "68.8"."""
    return ABSENT if value is None else f"{100 * value:.1f}"
