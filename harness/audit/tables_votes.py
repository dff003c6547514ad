"""Tables about annotators: agreement, and what their votes make of the label."""

from __future__ import annotations

from harness.audit.formats import counts_text, score, share
from harness.audit.tables import Facts, Named, Section, table
from harness.report.formats import ABSENT, count


def agreement(facts: Facts) -> Section:
    """Return the section on annotators."""
    named = Named(facts)
    tables = table(
        "Class votes",
        ("corpus", "view", "utterances", "votes each", "one class only", "Fleiss κ", "of utterances × annotators",
         "α nominal", "α sets", "pairs alike", "all alike"),
        named.rows(lambda one: [[view, *_vote_row(found)] for view, found in one["agreement"].items()]),
        2,
    ) + table(
        "Ratings on a scale",
        ("corpus", "scale", "utterances", "votes each", "α interval", "α ordinal", "mean distance", "all alike"),
        named.rows(lambda one: [[scale, *_rating_row(found)] for scale, found in one["ratings"].items()]),
        2,
    ) + table(
        "Plain and confidence-weighted majority",
        ("corpus", "view", "with confidence", "labels that flip", "ties settled", "plain = published",
         "weighted = published", "plain, same rows"),
        named.rows(lambda one: [[view, *_majority_row(found)] for view, found in one["majority"].items()]),
        2,
    )  # fmt: skip
    return Section(
        "agreement",
        "Agreement of annotators",
        "κ (statsmodels) sees utterances on which every annotator named one class and that have the most frequent "
        "number of votes; nominal α (krippendorff) those with any number of votes; α over sets takes votes that name "
        "several classes, with the MASI distance. "
        "In majorities a vote of several classes is shared out; a tied utterance has none.",
        tables,
        "No corpus here came with its annotators' votes.",
    )


def _each(found: Facts) -> str:
    numbers = [int(n) for n in found["annotators_per_utterance"]]
    return f"{min(numbers)}–{max(numbers)}" if len(set(numbers)) > 1 else str(numbers[0])


def _vote_row(found: Facts) -> list[str]:
    return [
        count(found["utterances"]),
        _each(found),
        share(found["single"]["share"]),
        score(found["fleiss"]),
        f"{count(found['fleiss_utterances'])} × {found['fleiss_annotators']}",
        score(found["alpha"]),
        score(found["alpha_sets"]),
        share(found["pairwise"]),
        share(found["unanimous"]),
    ]


def _rating_row(found: Facts) -> list[str]:
    numbers = [score(found[key]) for key in ("alpha_interval", "alpha_ordinal", "mean_gap")]
    return [count(found["utterances"]), _each(found), *numbers, share(found["unanimous"])]


def _majority_row(found: Facts) -> list[str]:
    def equal(key: str) -> str:
        return f"{share(found[key]['share'])} of {count(found[key]['compared'])}" if found[key] else ABSENT

    return [
        count(found["with_confidence"]),
        f"{count(found['flips'])} of {count(found['both_decided'])}" if found["both_decided"] else ABSENT,
        count(found["ties_settled"]) if found["with_confidence"] else ABSENT,
        *(equal(key) for key in ("plain", "weighted", "plain_where_weighted")),
    ]


def vote_words(one: Facts) -> list[str]:
    """Return the words that votes use, a line a view, with the misspellings that were folded."""
    return [
        f"{view} votes: {counts_text(found['words'], 12)}"
        + (f"; {count(len(found['folded']))} rare spellings folded" if found["folded"] else "")
        for view, found in one["agreement"].items()
    ]
