"""What a reader must know before using the corpora: one plain sentence a finding, worst first.

The weight orders findings: 100 labels that are wrong, 90 leakage, 70 label noise, 50 traps of the files, below 50 what
the release lacks. docs/audit.md gives the thresholds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.audit import findings_files, findings_labels
from harness.audit.formats import listing, score, titles
from harness.report.formats import count, plural, reason_text

Facts = Mapping[str, Any]
FAR = 0.15  # total variation of class shares from which two corpora are worth a sentence


def findings(facts: Facts) -> list[dict[str, Any]]:
    """Return the findings, worst first.

    Each has `weight`, `section` (the anchor on the page), `corpus` ("" where it is about several) and `text`.
    """
    names = titles(facts["corpora"])
    found = [
        _finding(weight, section, name, f"{names[name]}: {text}")
        for name, one in facts["corpora"].items()
        if one["present"]
        for part in (findings_labels, findings_files)
        for weight, section, text in part.findings(one)
    ]
    found += [_finding(weight, section, "", text) for weight, section, text in _between(facts, names)]
    return sorted(found, key=lambda one: -one["weight"])


def _finding(weight: int, section: str, corpus: str, text: str) -> dict[str, Any]:
    return {"weight": weight, "section": section, "corpus": corpus, "text": text}


def _between(facts: Facts, names: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    for pair in facts["between"]:
        if pair["contained"]:
            yield 92, "between", _contained(pair["contained"], names)
        elif pair["same_family"]:
            yield 75, "between", f"{names[pair['a']]} and {names[pair['b']]} are one corpus family."
    for space, pairs in facts["prior_distance"]["test"].items():
        far = max(pairs, key=lambda pair: pair["total_variation"])
        if far["total_variation"] >= FAR:
            distance = score(far["total_variation"])
            yield (
                38,
                "distance",
                f"Class shares differ most between {names[far['a']]} and {names[far['b']]}: total variation {distance} "
                f"in {space} (test), so weighted scores of the two cannot be compared.",
            )
    yield from _lacking(facts, names)


def _contained(inside: Facts, names: Mapping[str, str]) -> str:
    total = inside["utterances"]
    which = f"All {count(total)}" if inside["recur"] == total else f"{count(inside['recur'])} of {count(total)}"
    return (
        f"{which} utterances of {names[inside['small']]} recur in {names[inside['large']]}, "
        f"{count(inside['equal_label'])} with the same label, {count(inside['equal_split'])} in the same split, "
        f"{count(inside['equal_text'])} with the same text: count them once, and never transfer between the two."
    )


def _lacking(facts: Facts, names: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    """Yield what several corpora lack, in one sentence each."""
    present = {name: one for name, one in facts["corpora"].items() if one["present"]}
    lacks = {
        (46, "agreement", "No annotator's votes came with {}: agreement cannot be computed there."): [
            names[name] for name, one in present.items() if not one["agreement"] and not one["ratings"]
        ],
        (45, "media", "No clip was probed of {}: what is said of them comes from annotations alone."): [
            names[name] for name, one in present.items() if not one["counts"]["media"]["probed"]
        ],
        (44, "sizes", "No utterance of {} has a transcript in this form of the release."): [
            names[name] for name, one in present.items() if not one["counts"]["all"]["with_text"]
        ],
        (42, "overlap", "No speaker is named in {}: whether splits share speakers cannot be checked."): [
            names[name] for name, one in present.items() if not one["counts"]["all"]["speakers"]
        ],
    }
    for (weight, section, sentence), who in lacks.items():
        if who:
            yield weight, section, sentence.format(listing(who))
    for name, one in facts["corpora"].items():
        if not one["present"]:
            why = reason_text(str(one["card"].get("reason", "no reason given")))
            yield 5, "corpora", f"{names[name]} is not in this audit: {why}."
    if not present:
        yield 6, "corpora", f"None of {plural(len(facts['corpora']), 'corpus', 'corpora')} is linked: nothing to audit."
