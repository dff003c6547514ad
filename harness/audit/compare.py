"""The one table that holds the corpora side by side, a corpus a column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.audit.formats import fixed, listing, rate, score, share
from harness.audit.tables import Facts, Named, Section, Table
from harness.audit.tables_labels import verdicts
from harness.report.formats import ABSENT, count
from harness.study.corpus import MAIN_VIEW


def compare(facts: Facts) -> Section:
    """Return the comparison of all corpora that are there."""
    named = Named(facts)
    rows = [[title, *(make(one) for one in named.present.values())] for title, make in ROWS]
    heads = ["", *(named.titles[name] for name in named.present)]
    tables = [Table("Corpora side by side", heads, rows)] if named.present else []
    return Section(
        "compare",
        "The corpora side by side",
        "Medians where nothing else is said; each figure comes from the section of its topic. – means that the corpus, "
        "or this form of its release, does not say.",
        tables,
        "No corpus is linked.",
    )


def _all(key: str) -> Callable[[Facts], str]:
    return lambda one: count(one["counts"]["all"][key]) if one["counts"]["all"][key] else ABSENT


def _median(key: str, places: int) -> Callable[[Facts], str]:
    return lambda one: fixed((one["counts"]["all"][key] or {}).get("p50"), places)


def _hours(one: Facts) -> str:
    part, source = one["counts"]["all"], one["counts"]["length_source"]
    said = "annotated" if set(source) == {"span"} else "probed" if "span" not in source else "mostly probed"
    return f"{fixed(part['hours'])} ({said})" if part["hours"] else ABSENT


def _text(one: Facts) -> str:
    size, unit = one["counts"]["all"]["size"], one["counts"]["size_unit"]
    return f"{fixed(size['p50'], 0)} {unit}" if size else ABSENT


def _votes(one: Facts) -> str:
    found = one["agreement"].get(MAIN_VIEW)
    return fixed(_mean(found["annotators_per_utterance"])) if found else ABSENT


def _mean(counter: Mapping[str, int]) -> float:
    return sum(int(n) * rows for n, rows in counter.items()) / sum(counter.values())


def _vote_figure(key: str, form: Callable[[Any], str]) -> Callable[[Facts], str]:
    return lambda one: form(one["agreement"][MAIN_VIEW][key]) if MAIN_VIEW in one["agreement"] else ABSENT


def _ratings(one: Facts) -> str:
    return ", ".join(f"{scale} {score(found['alpha_interval'])}" for scale, found in one["ratings"].items()) or ABSENT


def _fused(one: Facts) -> str:
    """Return how far each single modality has the fused label, in the first space that was compared."""
    for space in ("emotion7", "polarity3"):
        pairs = [pair for pair in one["views"].get("pairs", {}).get(space, ()) if pair["a"] == MAIN_VIEW]
        if pairs:
            return ", ".join(f"{pair['b']} {score(pair['equal'])}" for pair in pairs)
    return ABSENT


def _ceiling(one: Facts) -> str:
    found = [c for c in one["views"].get("ceilings", ()) if c["space"] in ("emotion7", "polarity3")][:3]
    return ", ".join(f"{c['view']} {score(c['wf1'])}" for c in found) or ABSENT


def _prior(space: str) -> Callable[[Facts], str]:
    def text(one: Facts) -> str:
        parts = one["priors"].get(space, {}).get(MAIN_VIEW)
        if not parts:
            return ABSENT
        found = parts["all"]
        return f"{found['majority']} {share(found['majority_share'])}, entropy {score(found['entropy'])}"

    return text


def _known_speakers(one: Facts) -> str:
    for pair in one["splits"]["pairs"]:
        if (pair["a"], pair["b"]) == ("train", "test") and pair["of"]["speakers"]:
            return rate(pair["known_speaker"], pair["rows_b"])
    return "folds" if one["counts"]["folded"] else ABSENT


def _in_several(one: Facts) -> str:
    return f"{count(one['splits']['dialogues_in_several'])} of {count(one['splits']['dialogues'])}"


def _recurring(one: Facts) -> str:
    texts = one["duplicates"]["texts"]
    return rate(texts["long_across"], texts["long"])


def _clips(modality: str) -> Callable[[Facts], str]:
    def text(one: Facts) -> str:
        states = one["counts"]["media"][modality]["states"]
        return rate(states.get("ok", 0), sum(states.values())) if states else ABSENT

    return text


def _spaces(one: Facts) -> str:
    return listing([*one["priors"], *one["scales"]])


def _tested(key: str) -> Callable[[Facts], str]:
    def text(one: Facts) -> str:
        part = one["counts"]["groups"].get("test") or (one["counts"]["all"] if one["counts"]["folded"] else {})
        return count(part[key]) if part.get(key) else ABSENT

    return text


ROWS: Sequence[tuple[str, Callable[[Facts], str]]] = (
    ("language", lambda one: listing(one["counts"]["languages"])),
    ("licence", lambda one: str(one["card"].get("licence", "")) or ABSENT),
    ("utterances", _all("utterances")),
    ("dialogues", _all("dialogues")),
    ("speakers", _all("speakers")),
    ("hours", _hours),
    ("seconds an utterance", _median("seconds", 1)),
    ("turns a dialogue", _median("turns", 0)),
    ("text length", _text),
    ("utterances with text", lambda one: rate(one["counts"]["all"]["with_text"], one["counts"]["all"]["utterances"])),
    ("readable audio", _clips("audio")),
    ("readable video", _clips("video")),
    ("label spaces", _spaces),
    ("label views", lambda one: listing(one["views"].get("views", [MAIN_VIEW]))),
    ("votes an utterance (mean)", _votes),
    ("Fleiss κ", _vote_figure("fleiss", score)),
    ("Krippendorff α, nominal", _vote_figure("alpha", score)),
    ("annotators all alike", _vote_figure("unanimous", share)),
    ("Krippendorff α of ratings", _ratings),
    ("single modality = fused label", _fused),
    ("human ceiling of one modality, WF1", _ceiling),
    ("sentiment against emotion", verdicts),
    ("emotion7, majority", _prior("emotion7")),
    ("emotion4, majority", _prior("emotion4")),
    ("polarity3, majority", _prior("polarity3")),
    ("test utterances", _tested("utterances")),
    ("test speakers", _tested("speakers")),
    ("test utterances by speakers of train", _known_speakers),
    ("dialogues in several splits", _in_several),
    ("long texts that recur in another split", _recurring),
)
