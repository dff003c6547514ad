"""What a reader must know before using the corpora: one plain sentence per finding, worst first.

The weight orders findings: 100 labels that are wrong, 90 leakage, 70 label noise, 50 traps of the files, below 50 what
the release lacks. docs/audit.md gives the thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from harness.audit import findings_files, findings_labels
from harness.audit.formats import Facts, listing, present, titles
from harness.report.formats import count, number, plural, reason_text

FAR = 0.15  # total variation of class shares from which two corpora are worth a sentence


def findings(facts: Facts) -> list[dict[str, Any]]:
    """Return the findings, worst first.

    Each has `weight`, `section` (the anchor on the page), `corpus` ("" where it is about several), `text`, and
    `untold`: whether it says what cannot be told of a release, and is no fault that was found.
    """
    names = titles(facts)
    of_corpora = [
        (weight, section, name, f"{names[name]}: {text}")
        for name, corpus in present(facts).items()
        for topic in (findings_labels, findings_files)
        for weight, section, text in topic.findings(corpus)
    ]
    rows = [(*row, False) for row in (*of_corpora, *_between(facts, names), *_distances(facts, names))]
    rows += [(*row, True) for row in _untold(facts, names)]
    keys = ("weight", "section", "corpus", "text", "untold")
    return sorted((dict(zip(keys, row, strict=True)) for row in rows), key=lambda finding: -finding["weight"])


Row = tuple[int, str, str, str]


def _between(facts: Facts, names: Mapping[str, str]) -> Iterator[Row]:
    for pair in facts["between"]:
        if inside := pair["contained"]:
            total, recur = inside["utterances"], inside["recur"]
            text = (
                f"{f'All {count(total)}' if recur == total else f'{count(recur)} of {count(total)}'} utterances of "
                f"{names[inside['small']]} recur in {names[inside['large']]}, {count(inside['equal_label'])} with the "
                f"same label, {count(inside['equal_split'])} in the same split, {count(inside['equal_text'])} with the "
                "same text: count them once, and never transfer between the two."
            )
            yield 92, "between", "", text
        elif pair["same_family"]:
            yield 75, "between", "", f"{names[pair['a']]} and {names[pair['b']]} are one corpus family."


def _distances(facts: Facts, names: Mapping[str, str]) -> Iterator[Row]:
    for space, pairs in facts["prior_distance"]["test"].items():
        far = max(pairs, key=lambda pair: pair["total_variation"])
        if far["total_variation"] >= FAR:
            text = (
                f"Class shares differ most between {names[far['a']]} and {names[far['b']]}: total variation "
                f"{number(far['total_variation'])} in {space} (test), so weighted scores of the two cannot be compared."
            )
            yield 38, "distance", "", text


def _untold(facts: Facts, names: Mapping[str, str]) -> Iterator[Row]:
    """Yield what cannot be told of several corpora, in one sentence each, and the corpora that are not there."""
    there = present(facts)
    checks: Sequence[tuple[int, str, str, Callable[[Facts], Any]]] = (
        (46, "agreement", "No annotator's votes came with {}: agreement cannot be computed there.",
         lambda corpus: corpus["agreement"] or corpus["ratings"]),
        (45, "media", "No clip was probed of {}: what is said of them comes from annotations alone.",
         lambda corpus: corpus["counts"]["media"]["probed"]),
        (44, "sizes", "No utterance of {} has a transcript in this form of the release.",
         lambda corpus: corpus["counts"]["all"]["with_text"]),
        (42, "overlap", "No speaker is named in {}: whether splits share speakers cannot be checked.",
         lambda corpus: corpus["counts"]["all"]["speakers"]),
    )  # fmt: skip
    for weight, section, sentence, tells in checks:
        if lacking := [names[name] for name, corpus in there.items() if not tells(corpus)]:
            yield weight, section, "", sentence.format(listing(lacking))
    for name, corpus in facts["corpora"].items():
        if not corpus["present"]:
            reason = reason_text(str(corpus["card"].get("reason", "no reason given")))
            yield 5, "corpora", "", f"{names[name]} is not in this audit: {reason}."
    if not there:
        total = plural(len(facts["corpora"]), "corpus", "corpora")
        yield 6, "corpora", "", f"None of {total} is linked: nothing to audit."
