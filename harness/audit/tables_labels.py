"""Tables about labels that meet: contradictions, label views, human ceilings."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.findings_labels import verdict
from harness.audit.formats import listing, percent_score, rate, score, share, value_text
from harness.audit.tables import Facts, Named, Section, table
from harness.report.formats import ABSENT, count

POLARITIES = ("negative", "neutral", "positive")


def contradictions(facts: Facts) -> Section:
    """Return the section on labels that contradict each other."""
    named = Named(facts)
    tables = table(
        "Numbers that rank positive above negative utterances, held against a label",
        ("corpus", "field", "held against", "middle", "positive rows below", "their mean", "negative rows above",
         "their mean", "absent steps", "verdict"),
        named.rows(lambda one: list(_scale_rows(one["contradictions"]["scales"]))),
        (0, 1, 2, 8, 9),
    ) + table(
        "The same numbers by class",
        ("corpus", "field", "class", "rows", "mean", "below the middle", "above"),
        named.rows(lambda one: list(_class_rows(one["contradictions"]["scales"]))),
        3,
    ) + table(
        "Emotion against the corpus' own sentiment label, rows",
        ("corpus", "field", "emotion", *POLARITIES),
        named.rows(lambda one: list(_word_rows(one["contradictions"]["words"]))),
        3,
    )  # fmt: skip
    return Section(
        "contradictions",
        "Labels that contradict each other",
        "Every native field is tried: words of polarity are crossed with the emotion; numbers that rank positive above "
        "negative utterances with a chance of at least .7 are a sentiment scale, and contradict the label if more than "
        "a quarter of positive rows lie below its middle (or of negative rows above), or a mean is on the wrong side. "
        "A step is absent if it never occurs though its mirror makes at least 10 rows expected.",
        tables,
        "No corpus has both an emotion and a sentiment field.",
    )


def _scale_rows(scales: Facts) -> Iterator[list[str]]:
    for name, by_reference in scales.items():
        for reference, one in by_reference.items():
            missing = (one["asymmetry"] or {"missing": []})["missing"]
            yield [
                name,
                reference,
                value_text(one["middle"]),
                f"{count(one['positive_below'])} of {count(one['positive'])}",
                score(one["positive_mean"]),
                f"{count(one['negative_above'])} of {count(one['negative'])}",
                score(one["negative_mean"]),
                listing(f"{value_text(m['value'])} (mirror {count(m['mirror'])})" for m in missing) or "none",
                "contradicts" if one["contradicts"] else "consistent",
            ]


def _class_rows(scales: Facts) -> Iterator[list[str]]:
    for name, by_reference in scales.items():
        for label, one in next(iter(by_reference.values()))["classes"].items():
            sides = [rate(one[side], one["rows"]) for side in ("below", "above")]
            yield [name, label, count(one["rows"]), score(one["mean"]), *sides]


def _word_rows(words: Facts) -> Iterator[list[str]]:
    for name, found in words.items():
        for label, counter in sorted(found["table"].items()):
            yield [name, label, *(count(counter.get(word, 0)) for word in POLARITIES)]


def verdicts(one: Facts) -> str:
    """Return what the contradiction checks say of a corpus in a few words."""
    scales = [
        f"{name} {'contradicts' if scale['contradicts'] else 'agrees with'} {reference.removeprefix('the ')}"
        for name, by_reference in one["contradictions"]["scales"].items()
        for reference, scale in by_reference.items()
    ]
    words = [
        f"{name} {'contradicts' if found['contradicts'] else 'agrees with'} the emotion"
        for name, found in one["contradictions"]["words"].items()
    ]
    return "; ".join(scales + words) or ABSENT


def scale_lines(one: Facts) -> list[str]:
    """Return one verdict a sentiment scale."""
    return [
        verdict(name, reference, scale)
        for name, by_reference in one["contradictions"]["scales"].items()
        for reference, scale in by_reference.items()
    ]


def views(facts: Facts) -> Section:
    """Return the section on label views."""
    named = Named(facts)
    tables = table(
        "Two views of one utterance",
        ("corpus", "space", "one", "other", "utterances", "equal", "Cohen κ", "Pearson r", "mean distance"),
        named.rows(lambda one: list(_pair_rows(one["views"]))),
        4,
    ) + table(
        "All views of one utterance",
        ("corpus", "space", "utterances", "all equal", "single modalities equal", "all different",
         "fused label in no modality"),
        named.rows(lambda one: list(_together_rows(one["views"]))),
        2,
    )  # fmt: skip
    return Section(
        "views",
        "Label views",
        "Where people labelled each modality alone: share of equal labels and Cohen's κ (scikit-learn), over "
        "utterances with a label in both views; on a scale, Pearson's r and the mean distance.",
        tables,
        "No corpus here was labelled once per modality.",
    )


def _pair_rows(views: Facts) -> Iterator[list[str]]:
    for space, pairs in views.get("pairs", {}).items():
        for pair in pairs:
            numbers = [share(pair.get("equal")), *(score(pair.get(key)) for key in ("kappa", "pearson", "mae"))]
            yield [space, pair["a"], pair["b"], count(pair["utterances"]), *numbers]


def _together_rows(views: Facts) -> Iterator[list[str]]:
    for space, one in views.get("together", {}).items():
        keys = ("all_equal", "single_equal", "single_different", "fused_alone")
        yield [space, count(one["utterances"]), *(rate(one[key], one["utterances"]) for key in keys)]


def ceilings(facts: Facts) -> Section:
    """Return the section on human ceilings of one modality."""
    rows = Named(facts).rows(
        lambda one: [
            [c["space"], c["view"], f"{count(c['utterances'])} of {count(c['asked'])}",
             *(percent_score(c[name]) for name in ("wa", "uar", "macro_f1", "wf1"))]
            for c in one["views"].get("ceilings", ())
        ]
    )  # fmt: skip
    return Section(
        "ceilings",
        "Human ceilings of one modality",
        "The label people gave one modality, taken for a prediction of the fused label on the test split (all rows of "
        "a corpus with folds), by the project's own metrics; utterances whose label the space lacks are left out.",
        table("Points of 100", ("corpus", "space", "view", "utterances", "WA", "UAR", "macro-F1", "WF1"), rows, 3),
        "No corpus here was labelled once per modality.",
    )
