"""Findings about labels: contradictions, disagreement, imbalance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.audit.corpus_data import CLASS_SPACES
from harness.audit.formats import listing, percent_score, rate, score, share, value_text
from harness.report.formats import count
from harness.study.labels import POLARITY_OF_EMOTION

Facts = Mapping[str, Any]
Found = Iterator[tuple[int, str, str]]
FAIR = 0.4  # Fleiss' kappa up to which agreement is called fair at best (Landis and Koch 1977)
RARE = 0.02  # share of labelled rows below which a class cannot be scored with any certainty
FLIPS = 0.01  # share of labels that weighting by confidence changes, from which it is worth a sentence


def findings(corpus: Facts) -> Found:
    """Yield (weight, section, sentence) for one corpus."""
    yield from _scales(corpus["contradictions"]["scales"])
    yield from _words(corpus["contradictions"]["words"])
    yield from _views(corpus["views"])
    yield from _votes(corpus)
    yield from _priors(corpus["priors"])


def verdict(name: str, reference: str, scale: Facts) -> str:
    """Return one line on a sentiment scale: contradicted or consistent, with the figures."""
    positive = f"{count(scale['positive_below'])} of {count(scale['positive'])} positive rows"
    middle = value_text(scale["middle"])
    if not scale["contradicts"]:
        share_ = rate(scale["positive_below"] + scale["negative_above"], scale["positive"] + scale["negative"])
        return f"the field {name} is consistent with {reference}: {share_} of rows lie on the wrong side of {middle}."
    steps = "".join(
        f" The step {value_text(one['value'])} never occurs, {value_text(-one['value'])} does {count(one['mirror'])} "
        "times."
        for one in (scale["asymmetry"] or {"missing": []})["missing"][:2]
    )
    return (
        f"the field {name} contradicts {reference}: {positive} "
        f"({rate(scale['positive_below'], scale['positive'])}) lie below {middle}, their mean is "
        f"{score(scale['positive_mean'])}; {count(scale['negative_above'])} of "
        f"{count(scale['negative'])} negative rows lie above it.{steps} Do not use {name} as valence."
    )


def _scales(scales: Facts) -> Found:
    for name, by_reference in scales.items():
        for reference, scale in by_reference.items():
            missing = (scale["asymmetry"] or {"missing": []})["missing"]
            if scale["contradicts"]:
                yield 100, "contradictions", verdict(name, reference, scale)
            elif missing:
                steps = listing(value_text(one["value"]) for one in missing)
                yield 85, "contradictions", f"the steps {steps} of {name} never occur, though their mirrors do."


def _words(words: Facts) -> Found:
    for name, found in words.items():
        if found["contradicts"]:
            yield (
                96,
                "contradictions",
                f"the sentiment in {name} is opposite to the emotion in {count(found['opposed'])} of "
                f"{count(found['compared'])} rows ({rate(found['opposed'], found['compared'])}).",
            )
        for label in found["both_ways"]:
            if label not in POLARITY_OF_EMOTION:
                part = found["table"][label]
                yield (
                    40,
                    "contradictions",
                    f"{label} has no polarity: {name} calls {count(part['positive'])} of these rows positive and "
                    f"{count(part['negative'])} negative.",
                )


def _views(views: Facts) -> Found:
    space = _first_space(views)
    if found := views.get("together", {}).get(space):
        alike, alone = (rate(found[key], found["utterances"]) for key in ("all_equal", "fused_alone"))
        yield (
            70,
            "views",
            f"the label views agree on {alike} of utterances ({space}); for {alone} no single modality has the fused "
            "label.",
        )
    ceilings = [one for one in views.get("ceilings", ()) if one["space"] == space]
    if ceilings:
        each = listing(f"{one['view']} {percent_score(one['wf1'])}" for one in ceilings)
        yield (
            68,
            "ceilings",
            f"people with one modality alone reach WF1 {each} against the fused label ({space}, test): the yardstick "
            "of a unimodal model.",
        )


def _first_space(views: Facts) -> str:
    """Return the space in which most utterances have a label in every view, the richer one on a tie."""
    together = views.get("together", {})
    return max(together, key=lambda space: (together[space]["utterances"], len(CLASS_SPACES[space])), default="")


def _votes(corpus: Facts) -> Found:
    for view, found in corpus["agreement"].items():
        if found["fleiss"] is not None and found["fleiss"] < FAIR:
            yield (
                66,
                "agreement",
                f"annotators agree little on the {view} label: Fleiss κ {score(found['fleiss'])}, all of one mind on "
                f"{share(found['unanimous'])} of utterances.",
            )
    for view, found in corpus["majority"].items():
        if found["both_decided"] and found["flips"] >= FLIPS * found["both_decided"]:
            weighted, plain = (found[key]["share"] for key in ("weighted", "plain_where_weighted"))
            yield (
                64,
                "agreement",
                f"weighting votes by confidence changes {rate(found['flips'], found['both_decided'])} of the {view} "
                f"labels; it gives the published label in {share(weighted)} of cases, plain majority in "
                f"{share(plain)}.",
            )


def _priors(priors: Facts) -> Found:
    for space in ("emotion7", "polarity3"):
        for part in list(priors.get(space, {}).values())[:1]:
            all_ = part["all"]
            rare = [name for name, n in all_["counts"].items() if n < RARE * all_["rows"]]
            if rare:
                each = listing(f"{name} {count(all_['counts'][name])}" for name in rare)
                yield (
                    36,
                    "priors",
                    f"classes under 2 % in {space}: {each} of {count(all_['rows'])}; the majority, {all_['majority']}, "
                    f"has {share(all_['majority_share'])}.",
                )
