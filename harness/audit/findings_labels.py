"""Findings about labels: contradictions, disagreement, imbalance."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.audited_corpus import CLASS_SPACES
from harness.audit.formats import Facts, listing, rate, scales_of, share, value_text
from harness.report.formats import count, number
from harness.study.labels import POLARITY_OF_EMOTION

Found = Iterator[tuple[int, str, str]]
FAIR = 0.4  # Fleiss' kappa up to which agreement is called fair at best (Landis and Koch 1977)
RARE = 0.02  # share of labelled rows below which a class cannot be scored with any certainty
FLIPS = 0.01  # share of labels that weighting by confidence changes, from which it is worth a sentence


def findings(corpus: Facts) -> Found:
    """Yield (weight, section, sentence) for one corpus."""
    yield from _scales(corpus)
    yield from _words(corpus["contradictions"]["words"])
    yield from _views(corpus["views"])
    yield from _votes(corpus["agreement"], corpus["majority"])
    yield from _priors(corpus["priors"])


def absent_steps(scale: Facts) -> list[Facts]:
    """Return the steps of a scale that never occur though their mirrors do."""
    return list(scale["asymmetry"]["missing"]) if scale["asymmetry"] else []


def verdict(name: str, reference: str, scale: Facts) -> str:
    """Return one line on a sentiment scale: contradicted or consistent, with the figures."""
    middle = value_text(scale["middle"])
    if not scale["contradicts"]:
        wrong = rate(scale["positive_below"] + scale["negative_above"], scale["positive"] + scale["negative"])
        return f"the field {name} is consistent with {reference}: {wrong} of rows lie on the wrong side of {middle}."
    steps = "".join(
        f" The step {value_text(step['value'])} never occurs, {value_text(-step['value'])} does "
        f"{count(step['mirror'])} times."
        for step in absent_steps(scale)[:2]
    )
    return (
        f"the field {name} contradicts {reference}: {count(scale['positive_below'])} of {count(scale['positive'])} "
        f"positive rows ({rate(scale['positive_below'], scale['positive'])}) lie below {middle}, their mean is "
        f"{number(scale['positive_mean'])}; {count(scale['negative_above'])} of {count(scale['negative'])} negative "
        f"rows lie above it.{steps} Do not use {name} as valence."
    )


def _scales(corpus: Facts) -> Found:
    for name, reference, scale in scales_of(corpus):
        if scale["contradicts"]:
            yield 100, "contradictions", verdict(name, reference, scale)
        elif steps := listing(value_text(step["value"]) for step in absent_steps(scale)):
            yield 85, "contradictions", f"the steps {steps} of {name} never occur, though their mirrors do."


def _words(words: Facts) -> Found:
    for name, against in words.items():
        if against["contradicts"]:
            text = (
                f"the sentiment in {name} is opposite to the emotion in {count(against['opposed'])} of "
                f"{count(against['compared'])} rows ({rate(against['opposed'], against['compared'])})."
            )
            yield 96, "contradictions", text
        for label in (word for word in against["both_ways"] if word not in POLARITY_OF_EMOTION):
            positive, negative = (count(against["table"][label][side]) for side in ("positive", "negative"))
            text = f"{name} calls {positive} of these rows positive and {negative} negative."
            yield 40, "contradictions", f"{label} has no polarity: {text}"


def _views(views: Facts) -> Found:
    together = views.get("together", {})
    # the space in which most utterances have a label in every view, the richer one on a tie
    space = max(together, key=lambda name: (together[name]["utterances"], len(CLASS_SPACES[name])), default="")
    if rows := together.get(space, {"utterances": 0})["utterances"]:
        alike, alone = (rate(together[space][key], rows) for key in ("all_equal", "fused_alone"))
        text = f"the label views agree on {alike} of utterances ({space}); for {alone} no single modality has the"
        yield 70, "views", f"{text} fused label."
    if ceilings := [
        f"{ceiling['view']} {number(ceiling['wf1'])}"
        for ceiling in views.get("ceilings", ())
        if ceiling["space"] == space
    ]:
        text = f"people with one modality alone reach WF1 {listing(ceilings)} against the fused label ({space}, test)"
        yield 68, "ceilings", f"{text}: the yardstick of a unimodal model."


def _votes(agreement: Facts, majority: Facts) -> Found:
    for view, votes in agreement.items():
        if votes["fleiss"] is not None and votes["fleiss"] < FAIR:
            text = (
                f"annotators agree little on the {view} label: Fleiss κ {number(votes['fleiss'])}, all of one mind on "
                f"{share(votes['unanimous'])} of utterances."
            )
            yield 66, "agreement", text
    for view, votes in majority.items():
        if votes["both_decided"] and votes["flips"] >= FLIPS * votes["both_decided"]:
            weighted, plain = (share(votes[key]["share"]) for key in ("weighted", "plain_where_weighted"))
            text = (
                f"weighting votes by confidence changes {rate(votes['flips'], votes['both_decided'])} of the {view} "
                f"labels; it gives the published label in {weighted} of cases, plain majority in {plain}."
            )
            yield 64, "agreement", text


def _priors(priors: Facts) -> Found:
    for space in ("emotion7", "polarity3"):
        for prior in [parts["all"] for parts in priors.get(space, {}).values()][:1]:
            counts, rows = prior["counts"], prior["rows"]
            if rare := listing(f"{name} {count(n)}" for name, n in counts.items() if n < RARE * rows):
                majority = f"the majority, {prior['majority']}, has {share(prior['majority_share'])}"
                yield 36, "priors", f"classes under 2 % in {space}: {rare} of {count(rows)}; {majority}."
