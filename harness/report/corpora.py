"""What the report says of each corpus: its counts by split and label, what was dropped, or why it is not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.formats import plural, reason_text

SPLITS = ("train", "dev", "test")
NUMBERS = "a number"  # the one row of a scale space


@dataclass(frozen=True, slots=True)
class LabelRow:
    """The utterances with one label, or without one for one reason, by split and in all."""

    name: str
    is_reason: bool
    counts: Sequence[int]

    @property
    def total(self) -> int:
        """Return the utterances of every split."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Card:
    """One corpus of the study; `facts` are those of its card.json."""

    name: str
    facts: Mapping[str, Any]
    splits: Sequence[str]
    labels: Mapping[str, Sequence[LabelRow]]
    lines: Sequence[str]

    @property
    def present(self) -> bool:
        """Tell whether a release is linked."""
        return bool(self.facts.get("present"))

    @property
    def why_absent(self) -> str:
        """Return in words why no release is there."""
        return reason_text(str(self.facts.get("reason", "no reason given")))


def cards(facts: Mapping[str, Any]) -> list[Card]:
    """Return one card per corpus, linked ones first."""
    cards = [_card(name, card, facts.get("spaces", {})) for name, card in facts.get("corpora", {}).items()]
    return sorted(cards, key=lambda card: not card.present)


def _card(name: str, facts: Mapping[str, Any], spaces: Mapping[str, Any]) -> Card:
    by_space: Mapping[str, Mapping[str, Mapping[str, int]]] = facts.get("labels", {})
    splits = _in_order({*facts.get("splits", {}), *(split for by_split in by_space.values() for split in by_split)})
    labels = {
        space: _rows(by_space[space], splits, spaces[space].get("classes")) for space in spaces if space in by_space
    }
    return Card(name, facts, splits, labels, _lines(facts))


def _in_order(splits: set[str]) -> list[str]:
    return sorted(splits, key=lambda name: (SPLITS.index(name) if name in SPLITS else len(SPLITS), name))


def _rows(
    by_split: Mapping[str, Mapping[str, int]], splits: Sequence[str], classes: Sequence[str] | None
) -> list[LabelRow]:
    """Return the labels in the order of the space, then the reasons, most frequent first."""
    counts: dict[tuple[str, bool], Counter[str]] = {(name, False): Counter() for name in classes or [NUMBERS]}
    for split, by_label in by_split.items():
        for key, count in by_label.items():
            counts.setdefault(_row_of(key, classes), Counter())[split] += count
    rows = [
        LabelRow(name, reason, [counts_by_split[split] for split in splits])
        for (name, reason), counts_by_split in counts.items()
    ]
    scored = [row for row in rows if not row.is_reason]
    reasons = sorted((row for row in rows if row.is_reason), key=lambda row: -row.total)
    return [*(scored if any(row.total for row in scored) else []), *reasons]


def _row_of(key: str, classes: Sequence[str] | None) -> tuple[str, bool]:
    """Return the row a key of card.json belongs to, and whether it is a reason: "(blank)" and "blank" are."""
    if (key in classes) if classes is not None else _is_number(key):
        return (key if classes is not None else NUMBERS), False
    return reason_text(key.removeprefix("(").removesuffix(")")), True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _lines(facts: Mapping[str, Any]) -> list[str]:
    """Return the counts of a corpus in words."""
    lines = []
    if "rows" in facts and "kept" in facts:
        lines.append(f"{facts['kept']:,} of {plural(facts['rows'], 'row')} kept")
    lines += [f"{count:,} dropped: {reason_text(reason)}" for reason, count in facts.get("dropped", {}).items()]
    people = [plural(facts[key], key[:-1]) for key in ("dialogues", "speakers") if facts.get(key)]
    if people:
        lines.append(", ".join(people))
    for table in facts.get("published", []):
        differing = len(table.get("differences", {}))
        verdict = "equal those" if table.get("equal") else f"differ in {plural(differing, 'place')} from those"
        lines.append(f"counts of {table.get('field', 'labels')} {verdict} of {table.get('source', 'the publication')}")
    return lines
