"""How the audit prints shares, steps of a scale, lists and names of corpora, alike in sentences and tables.

A share of rows is a percentage ("24.5 %"); a metric, coefficient or distance is a number (".678", by `report.formats`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from harness.report.formats import ABSENT, count

Facts = Mapping[str, Any]
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


def part_of(part: int | None, whole: int | None) -> str:
    """Return "58 of 60", a dash where either cannot be told or there is nothing to count."""
    return f"{count(part)} of {count(whole)}" if whole and part is not None else ABSENT


def fixed(value: float | None, places: int = 1) -> str:
    """Return "3.2" with a thousands mark, a dash for None."""
    return ABSENT if value is None else f"{value:,.{places}f}".replace("-", "−")


def value_text(value: float) -> str:
    """Return "−1.8" as a scale prints its steps."""
    return f"{value:g}".replace("-", "−")


def listing(names: Iterable[str], most: int = MANY) -> str:
    """Return "a, b and c", cut after some names."""
    words = list(names)
    if len(words) > most:
        return f"{', '.join(words[:most])} and {count(len(words) - most)} more"
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def counts_text(counter: Mapping[str, int], most: int = MANY) -> str:
    """Return "laughing 12, overlap 3", cut after some entries; a dash for nothing."""
    entries = [f"{name.replace('_', ' ')} {count(n)}" for name, n in counter.items()]
    return (", ".join(entries[:most]) + (", …" if len(entries) > most else "")) or ABSENT


def titles(facts: Facts) -> dict[str, str]:
    """Return corpus -> what the page calls it: its title, with the name where two corpora have one title."""
    by_name = {name: str(corpus["card"].get("title", name)) for name, corpus in facts["corpora"].items()}
    often = Counter(by_name.values())
    return {name: title if often[title] == 1 else f"{title} ({name})" for name, title in by_name.items()}


def present(facts: Facts) -> dict[str, Facts]:
    """Return the corpora that are there, in the order of the study."""
    return {name: corpus for name, corpus in facts["corpora"].items() if corpus["present"]}


def scales_of(corpus: Facts) -> list[tuple[str, str, Facts]]:
    """Return each sentiment scale of a corpus: its field, the label that it is held against, and how they agree."""
    by_field = corpus["contradictions"]["scales"].items()
    return [(name, reference, scale) for name, scales in by_field for reference, scale in scales.items()]
