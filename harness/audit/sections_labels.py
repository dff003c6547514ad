"""Sections of the page about labels: contradictions, annotators, views, human ceilings, class priors."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.findings_labels import absent_steps
from harness.audit.formats import Facts, fixed, listing, part_of, present, rate, records, share, titles, value_text
from harness.audit.sections_files import section
from harness.report.formats import ABSENT, count, number
from harness.report.tables import Question, table_of
from harness.study.corpus import MAIN_VIEW

OF_OTHER_VIEWS = ("all", "test")  # the rest stands in audit.json
Records = Iterator[dict[str, str]]


def contradictions(facts: Facts) -> Question:
    """Return the section on labels that contradict each other."""
    return section(
        "contradictions",
        "Labels that contradict each other",
        "Every native field is tried: words of polarity are crossed with the emotion; numbers that rank positive above "
        "negative utterances with a chance of at least .7 are a sentiment scale, and contradict the label if more than "
        "a quarter of positive rows lie below its middle (or of negative rows above), or a mean is on the wrong side. "
        "A step is absent if it never occurs though its mirror makes at least 10 rows expected.",
        "No corpus has both an emotion and a sentiment field.",
        table_of("Numbers that rank positive above negative utterances, held against a label", records(facts, _scales)),
        table_of("The same numbers by class", records(facts, _classes)),
        table_of("Emotion against the corpus' own sentiment label, rows", records(facts, _words)),
    )


def _scales(corpus: Facts) -> Records:
    for name, by_reference in corpus["contradictions"]["scales"].items():
        for reference, scale in by_reference.items():
            steps = [f"{value_text(step['value'])} (mirror {count(step['mirror'])})" for step in absent_steps(scale)]
            yield {
                "field": name,
                "held against": reference,
                "middle": value_text(scale["middle"]),
                "positive rows below": part_of(scale["positive_below"], scale["positive"]),
                "mean of positive rows": number(scale["positive_mean"]),
                "negative rows above": part_of(scale["negative_above"], scale["negative"]),
                "mean of negative rows": number(scale["negative_mean"]),
                "absent steps": listing(steps) or "none",
                "verdict": "contradicts" if scale["contradicts"] else "consistent",
            }


def _classes(corpus: Facts) -> Records:
    for name, by_reference in corpus["contradictions"]["scales"].items():
        for label, part in next(iter(by_reference.values()))["classes"].items():
            below, above = (rate(part[side], part["rows"]) for side in ("below", "above"))
            numbers = {"rows": count(part["rows"]), "mean": number(part["mean"])}
            yield {"field": name, "class": label, **numbers, "below the middle": below, "above": above}


def _words(corpus: Facts) -> Records:
    for name, against in corpus["contradictions"]["words"].items():
        for label, counter in sorted(against["table"].items()):
            rows = {word: count(counter.get(word, 0)) for word in ("negative", "neutral", "positive")}
            yield {"field": name, "emotion": label, **rows}


def agreement(facts: Facts) -> Question:
    """Return the section on annotators."""
    return section(
        "agreement",
        "Agreement of annotators",
        "κ (statsmodels) sees utterances on which every annotator named one class and that have the most frequent "
        "number of votes; nominal α (krippendorff) those with any number of votes; α over sets takes votes that name "
        "several classes, with the MASI distance. In majorities a vote of several classes is shared out; a tied "
        "utterance has none.",
        "No corpus here came with its annotators' votes.",
        table_of("Class votes", records(facts, _votes)),
        table_of("Ratings on a scale", records(facts, _ratings)),
        table_of("Plain and confidence-weighted majority", records(facts, _majorities)),
    )


def _each(votes: Facts) -> str:
    numbers = {int(n) for n in votes["annotators_per_utterance"]}
    return "–".join(str(n) for n in sorted({min(numbers), max(numbers)}))


def _votes(corpus: Facts) -> Records:
    for view, votes in corpus["agreement"].items():
        yield {
            "view": view,
            "utterances": count(votes["utterances"]),
            "votes each": _each(votes),
            "one class only": share(votes["single"]["share"]),
            "Fleiss κ": number(votes["fleiss"]),
            "of utterances × annotators": f"{count(votes['fleiss_utterances'])} × {votes['fleiss_annotators']}",
            "α nominal": number(votes["alpha"]),
            "α sets": number(votes["alpha_sets"]),
            "pairs alike": share(votes["pairwise"]),
            "all alike": share(votes["unanimous"]),
        }


def _ratings(corpus: Facts) -> Records:
    for scale, votes in corpus["ratings"].items():
        yield {
            "scale": scale,
            "utterances": count(votes["utterances"]),
            "votes each": _each(votes),
            "α interval": number(votes["alpha_interval"]),
            "α ordinal": number(votes["alpha_ordinal"]),
            "mean distance": number(votes["mean_gap"]),
            "all alike": share(votes["unanimous"]),
        }


def _majorities(corpus: Facts) -> Records:
    for view, votes in corpus["majority"].items():
        equal = {
            key: f"{share(votes[key]['share'])} of {count(votes[key]['compared'])}" if votes[key] else ABSENT
            for key in ("plain", "weighted", "plain_where_weighted")
        }
        yield {
            "view": view,
            "with confidence": count(votes["with_confidence"]),
            "labels that flip": part_of(votes["flips"], votes["both_decided"]),
            "ties settled": count(votes["ties_settled"]) if votes["with_confidence"] else ABSENT,
            "plain = published": equal["plain"],
            "weighted = published": equal["weighted"],
            "plain, same rows": equal["plain_where_weighted"],
        }


def views(facts: Facts) -> Question:
    """Return the section on label views."""
    return section(
        "views",
        "Label views",
        "Where people labelled each modality alone: share of equal labels and Cohen's κ (scikit-learn), over "
        "utterances with a label in both views; on a scale, Pearson's r and the mean distance.",
        "No corpus here was labelled once per modality.",
        table_of("Two views of one utterance", records(facts, _pairs)),
        table_of("All views of one utterance", records(facts, _together)),
    )


def _pairs(corpus: Facts) -> Records:
    for space, pairs in corpus["views"].get("pairs", {}).items():
        for pair in pairs:
            yield {
                "space": space,
                "one": pair["a"],
                "other": pair["b"],
                "utterances": count(pair["utterances"]),
                "equal": share(pair.get("equal")),
                "Cohen κ": number(pair.get("kappa")),
                "Pearson r": number(pair.get("pearson")),
                "mean distance": number(pair.get("mae")),
            }


def _together(corpus: Facts) -> Records:
    keys = {
        "all_equal": "all equal",
        "single_equal": "single modalities equal",
        "single_different": "all different",
        "fused_alone": "fused label in no modality",
    }
    for space, alike in corpus["views"].get("together", {}).items():
        rows = alike["utterances"]
        yield {"space": space, "utterances": count(rows), **{keys[key]: rate(alike[key], rows) for key in keys}}


def ceilings(facts: Facts) -> Question:
    """Return the section on human ceilings of one modality."""
    return section(
        "ceilings",
        "Human ceilings of one modality",
        "The label people gave one modality, taken for a prediction of the fused label on the test split (all rows of "
        "a corpus with folds), by the project's own metrics; utterances whose label the space lacks are left out.",
        "No corpus here was labelled once per modality.",
        table_of("People with one modality alone", records(facts, _ceilings)),
    )


def _ceilings(corpus: Facts) -> Records:
    metrics = {"wa": "WA", "uar": "UAR", "macro_f1": "macro-F1", "wf1": "WF1"}
    for one in corpus["views"].get("ceilings", ()):
        rows = {"utterances": part_of(one["utterances"], one["asked"])}
        scores = {title: number(one[name]) for name, title in metrics.items()}
        yield {"space": one["space"], "view": one["view"], **rows, **scores}


def priors(facts: Facts) -> Question:
    """Return the section on class priors, one table per space."""
    names, tables = titles(facts), []
    for space in dict.fromkeys(space for corpus in present(facts).values() for space in corpus["priors"]):
        rows, shares = [], []
        for name, corpus in present(facts).items():
            for view, parts in corpus["priors"].get(space, {}).items():
                for part, prior in parts.items():
                    if prior["rows"] and (view == MAIN_VIEW or part in OF_OTHER_VIEWS):
                        shares.append({label: n / prior["rows"] for label, n in prior["counts"].items()})
                        rows.append({"corpus": names[name], "view": view, "part": part, **_prior(prior, shares[-1])})
        tables.append(table_of(f"{space}: share of each class", rows, shares))
    return section(
        "priors",
        "Class priors",
        "Shares of labelled utterances. Entropy is divided by its largest value: 1 is balanced. Ratio: largest class "
        "over smallest that occurs (* where a class never does).",
        "No corpus here answers a space of classes.",
        *tables,
    )


def _prior(prior: Facts, shares: Facts) -> dict[str, str]:
    return {
        "labels": count(prior["rows"]),
        **{label: share(part) for label, part in shares.items()},
        "majority": share(prior["majority_share"]),
        "entropy": number(prior["entropy"]),
        "ratio": f"{fixed(prior['ratio'])}{' *' if prior['absent'] else ''}",
    }


def distance(facts: Facts) -> Question:
    """Return the section on distances between the priors of two corpora, one matrix per space."""
    names, tables = titles(facts), []
    for part in ("test", "all"):
        for space, pairs in facts["prior_distance"][part].items():
            rows: dict[str, dict[str, str]] = {
                name: {"corpus": names[name]} for pair in pairs for name in (pair["a"], pair["b"])
            }
            for a, b in ((a, b) for a in rows for b in rows):
                rows[a][names[b]] = ABSENT
            for pair in pairs:
                rows[pair["a"]][names[pair["b"]]] = number(pair["total_variation"])
                rows[pair["b"]][names[pair["a"]]] = number(pair["jensen_shannon"])
            tables.append(table_of(f"{space}, {part} rows", list(rows.values())))
    return section(
        "distance",
        "Distance of class priors",
        "Above the diagonal total variation (the share of rows that would have to change class), below it the "
        "Jensen-Shannon distance to base 2 (scipy). Test rows are those a transfer is scored on: all rows of a corpus "
        "with folds.",
        "Fewer than two corpora share a space of classes.",
        *tables,
    )
