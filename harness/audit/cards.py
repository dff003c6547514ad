"""One card a corpus: where it comes from, what was kept, and its class shares drawn as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.audit.formats import counts_text
from harness.audit.tables import Facts, Named
from harness.audit.tables_labels import scale_lines
from harness.audit.tables_votes import vote_words
from harness.report.formats import ABSENT, count, plural, reason_text
from harness.study.corpus import MAIN_VIEW


@dataclass(frozen=True, slots=True)
class Bar:
    """One class of a space: its share of the labelled utterances, and that of the largest class for the drawing."""

    name: str
    count: int
    share: float
    width: float  # 0 to 100, the largest class fills it


@dataclass(frozen=True, slots=True)
class Card:
    """One corpus; an absent one has only its facts and `reason`."""

    name: str
    title: str
    facts: Mapping[str, Any]
    terms: Sequence[tuple[str, str]]
    bars: Mapping[str, Sequence[Bar]]
    remarks: Sequence[str]
    reason: str = ""


def cards(facts: Facts) -> list[Card]:
    """Return one card per corpus, linked ones first."""
    titles = Named(facts).titles
    found = [_card(name, titles[name], one) for name, one in facts["corpora"].items()]
    return sorted(found, key=lambda card: bool(card.reason))


def _card(name: str, title: str, one: Facts) -> Card:
    facts = one["card"]
    if not one["present"]:
        return Card(
            name, title, facts, _origin(facts), {}, [], reason_text(str(facts.get("reason", "no reason given")))
        )
    return Card(name, title, facts, _terms(one), bars(one["priors"]), _remarks(one))


def _origin(facts: Facts) -> list[tuple[str, str]]:
    found = [(key, str(facts.get(key) or "")) for key in ("licence", "access", "citation")]
    return [(key, text) for key, text in found if text]


def _terms(one: Facts) -> list[tuple[str, str]]:
    facts, counts = one["card"], one["counts"]
    dropped = sum(facts.get("dropped", {}).values())
    reasons = {reason_text(reason): n for reason, n in facts.get("dropped", {}).items()}
    found = [
        *_origin(facts),
        ("rows", f"{count(facts.get('kept'))} of {count(facts.get('rows'))} kept, {count(dropped)} dropped"),
        ("dropped", counts_text(reasons) if reasons else ""),
        ("splits", ", ".join(f"{name} {count(part['utterances'])}" for name, part in counts["groups"].items())),
        ("lengths", ", ".join(f"{count(n)} by {source}" for source, n in counts["length_source"].items())),
        ("speakers", _people(counts["all"])),
        ("strata", "; ".join(f"{name}: {counts_text(values)}" for name, values in counts["strata"].items())),
        ("flags", counts_text(counts["flags"], 12) if counts["flags"] else ""),
        ("surplus media", counts_text(facts.get("media", {}).get("surplus", {}), 12).strip(ABSENT)),
        ("translations", counts_text(counts["translations"]) if counts["translations"] else ""),
    ]
    return [(key, text) for key, text in found if text]


def _people(part: Facts) -> str:
    if not part["speakers"]:
        return ""
    known = {gender: n for gender, n in part["speakers_by_gender"].items() if gender != "unknown"}
    return plural(part["speakers"], "speaker") + (f": {counts_text(known)}" if known else ", gender not given")


def bars(priors: Facts) -> dict[str, list[Bar]]:
    """Return space -> the classes of the main view with their shares."""
    found = {}
    for space, by_view in priors.items():
        one = by_view.get(MAIN_VIEW, {"all": {"rows": 0}})["all"]
        if one["rows"]:
            most = max(one["counts"].values())
            found[space] = [Bar(name, n, n / one["rows"], 100 * n / most) for name, n in one["counts"].items()]
    return found


def _remarks(one: Facts) -> list[str]:
    published = [
        f"counts of {table.get('field', 'labels')} {'equal' if table.get('equal') else 'differ from'} those of "
        f"{table.get('source', 'the publication')}"
        for table in one["card"].get("published", [])
    ]
    return [*published, *scale_lines(one), *vote_words(one), *one["card"].get("notes", [])]
