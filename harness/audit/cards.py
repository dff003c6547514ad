"""One card per corpus: where it comes from, what was kept, and its class shares drawn as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.audit.findings_labels import verdict
from harness.audit.formats import Facts, counts_text, scales_of, share, titles
from harness.report.formats import count, plural, reason_text
from harness.report.tables import Mark, Table
from harness.study.labels import MAIN_VIEW

MANY = 12  # flags and words that are listed


@dataclass(frozen=True, slots=True)
class CorpusCard:
    """What the page says of one corpus; an absent one has only its origin and `reason`."""

    name: str
    title: str
    facts: Mapping[str, Any]
    terms: Mapping[str, str]
    tables: Sequence[Table]
    remarks: Sequence[str]
    reason: str = ""


def cards(facts: Facts) -> list[CorpusCard]:
    """Return one card per corpus, linked ones first."""
    names = titles(facts)
    unsorted = [_card(name, names[name], corpus) for name, corpus in facts["corpora"].items()]
    return sorted(unsorted, key=lambda card: bool(card.reason))


def _card(name: str, title: str, corpus: Facts) -> CorpusCard:
    card = corpus["card"]
    terms = {key: str(card.get(key) or "") for key in ("licence", "access", "citation")}
    if not corpus["present"]:
        reason = reason_text(str(card.get("reason", "no reason given")))
        return CorpusCard(name, title, card, _stated(terms), [], [], reason)
    tables = [_bars(space, views[MAIN_VIEW]["all"]) for space, views in corpus["priors"].items() if MAIN_VIEW in views]
    return CorpusCard(name, title, card, _stated({**terms, **_terms(corpus)}), tables, _remarks(corpus))


def _stated(terms: Mapping[str, str]) -> dict[str, str]:
    return {term: text for term, text in terms.items() if text}


def _terms(corpus: Facts) -> dict[str, str]:
    card, counts = corpus["card"], corpus["counts"]
    dropped = {reason_text(reason): n for reason, n in card.get("dropped", {}).items()}
    surplus = card.get("media", {}).get("surplus", {})
    total = count(sum(dropped.values()))
    return {
        "rows": f"{count(card.get('kept'))} of {count(card.get('rows'))} kept, {total} dropped",
        "dropped": counts_text(dropped) if dropped else "",
        "splits": ", ".join(f"{name} {count(part['utterances'])}" for name, part in counts["groups"].items()),
        "lengths": ", ".join(f"{count(n)} by {source}" for source, n in counts["length_source"].items()),
        "speakers": _speakers(counts["all"]),
        "strata": "; ".join(f"{name}: {counts_text(values)}" for name, values in counts["strata"].items()),
        "flags": counts_text(counts["flags"], MANY) if counts["flags"] else "",
        "surplus media": counts_text(surplus, MANY) if surplus else "",
        "translations": counts_text(counts["translations"]) if counts["translations"] else "",
    }


def _speakers(part: Facts) -> str:
    if not part["speakers"]:
        return ""
    known = {gender: n for gender, n in part["speakers_by_gender"].items() if gender != "unknown"}
    return plural(part["speakers"], "speaker") + (f": {counts_text(known)}" if known else ", gender not given")


def _bars(space: str, prior: Facts) -> Table:
    """Return the classes of a space with their shares; the largest class fills its bar."""
    counts, most = prior["counts"], max(prior["counts"].values())
    rows = [[name, share(n / prior["rows"]), count(n)] for name, n in counts.items()]
    drawings = [[Mark("bar-1", 0, round(100 * n / most, 2))] for n in counts.values()]
    return Table("", space, "", ["class", "share", "utterances"], rows, drawings=drawings, drawn="the share")


def _remarks(corpus: Facts) -> list[str]:
    published = [
        f"counts of {table.get('field', 'labels')} {'equal' if table.get('equal') else 'differ from'} those of "
        f"{table.get('source', 'the publication')}"
        for table in corpus["card"].get("published", [])
    ]
    verdicts = [verdict(name, reference, scale) for name, reference, scale in scales_of(corpus)]
    words = [
        f"{view} votes: {counts_text(votes['words'], MANY)}"
        + (f"; {plural(len(votes['folded']), 'rare spelling')} folded" if votes["folded"] else "")
        for view, votes in corpus["agreement"].items()
    ]
    return [*published, *verdicts, *words, *corpus["card"].get("notes", [])]
