"""The one table that holds the corpora side by side, one corpus per column."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.formats import Facts, fixed, listing, part_of, present, rate, share, titles
from harness.report.formats import ABSENT, count, number
from harness.report.tables import Table
from harness.study.corpus import MAIN_VIEW

FEW = 3  # views of which the human ceiling stands here


def compare(facts: Facts) -> Table:
    """Return the comparison of all corpora that are there; what no corpus states is left out."""
    names = titles(facts)
    columns = {names[name]: _profile(corpus) for name, corpus in present(facts).items()}
    quantities = dict.fromkeys(quantity for profile in columns.values() for quantity in profile)
    rows = [[quantity, *(profile[quantity] or ABSENT for profile in columns.values())] for quantity in quantities]
    return Table(
        "",
        "Corpora side by side",
        "Medians where nothing else is said; each figure comes from the section of its topic. – means that the corpus, "
        "or this form of its release, does not say.",
        ["quantity", *columns],
        [row for row in rows if set(row[1:]) != {ABSENT}],
        words=1 + len(columns),
    )


def _profile(corpus: Facts) -> dict[str, str]:
    """Return quantity -> text of one corpus, in the order of the table; "" or a dash for what it does not state."""
    counts, views, texts = corpus["counts"], corpus["views"], corpus["duplicates"]["texts"]
    whole, tested = counts["all"], counts["all"] if counts["folded"] else counts["groups"].get("test", {})
    votes = corpus["agreement"].get(MAIN_VIEW, {})
    size, seconds, turns = (whole[key] or {} for key in ("size", "seconds", "turns"))
    return {
        "language": listing(counts["languages"]),
        "licence": str(corpus["card"].get("licence", "")),
        **{key: count(whole[key]) for key in ("utterances", "dialogues", "speakers")},
        "hours": _hours(counts),
        "seconds per utterance": fixed(seconds.get("p50")),
        "turns per dialogue": fixed(turns.get("p50"), 0),
        "text length": f"{fixed(size['p50'], 0)} {counts['size_unit']}" if size else "",
        "utterances with text": rate(whole["with_text"], whole["utterances"]),
        **{f"readable {modality}": _readable(counts["media"][modality]["states"]) for modality in ("audio", "video")},
        "label spaces": listing([*corpus["priors"], *corpus["scales"]]),
        "label views": listing(views.get("views", [MAIN_VIEW])),
        "votes per utterance (mean)": _mean(votes["annotators_per_utterance"]) if votes else "",
        "Fleiss κ": number(votes.get("fleiss")),
        "Krippendorff α, nominal": number(votes.get("alpha")),
        "annotators all alike": share(votes.get("unanimous")),
        "Krippendorff α of ratings": ", ".join(
            f"{scale} {number(ratings['alpha_interval'])}" for scale, ratings in corpus["ratings"].items()
        ),
        "single modality = fused label": ", ".join(_as_fused(views)),
        "human ceiling of one modality, WF1": ", ".join(_ceilings(views)),
        "sentiment against emotion": "; ".join(_verdicts(corpus["contradictions"])),
        **{f"{space}, majority": _prior(corpus, space) for space in ("emotion7", "emotion4", "polarity3")},
        "test utterances": count(tested.get("utterances")),
        "test speakers": count(tested.get("speakers")),
        "test utterances by speakers of train": "folds" if counts["folded"] else _known_speakers(corpus["splits"]),
        "dialogues in several splits": part_of(corpus["splits"]["dialogues_in_several"], corpus["splits"]["dialogues"]),
        "long texts that recur in another split": rate(texts["long_across"], texts["long"]),
    }


def _hours(counts: Facts) -> str:
    hours, sources = counts["all"]["hours"], set(counts["length_source"])
    told = "annotated" if sources == {"span"} else "probed" if "span" not in sources else "mostly probed"
    return f"{fixed(hours)} ({told})" if hours else ""


def _readable(states: Facts) -> str:
    return rate(states.get("ok", 0), sum(states.values()))


def _mean(votes: Facts) -> str:
    return fixed(sum(int(each) * rows for each, rows in votes.items()) / sum(votes.values()))


def _as_fused(views: Facts) -> Iterator[str]:
    """Yield how far each single modality has the fused label, in the first space that was compared."""
    pairs = next((views["pairs"][space] for space in ("emotion7", "polarity3") if space in views.get("pairs", {})), ())
    yield from (f"{pair['b']} {share(pair['equal'])}" for pair in pairs if pair["a"] == MAIN_VIEW)


def _ceilings(views: Facts) -> list[str]:
    spaces = ("emotion7", "polarity3")
    return [f"{c['view']} {number(c['wf1'])}" for c in views.get("ceilings", ()) if c["space"] in spaces][:FEW]


def _verdicts(contradictions: Facts) -> Iterator[str]:
    """Yield what the contradiction checks say of a corpus in a few words."""
    for name, by_reference in contradictions["scales"].items():
        for reference, scale in by_reference.items():
            yield f"{name} {_verb(scale)} {reference.removeprefix('the ')}"
    for name, words in contradictions["words"].items():
        yield f"{name} {_verb(words)} the emotion"


def _verb(checked: Facts) -> str:
    return "contradicts" if checked["contradicts"] else "agrees with"


def _prior(corpus: Facts, space: str) -> str:
    prior = corpus["priors"].get(space, {}).get(MAIN_VIEW, {}).get("all")
    if not prior:
        return ""
    return f"{prior['majority']} {share(prior['majority_share'])}, entropy {number(prior['entropy'])}"


def _known_speakers(splits: Facts) -> str:
    pair = next((pair for pair in splits["pairs"] if (pair["a"], pair["b"]) == ("train", "test")), {})
    return "" if pair.get("known_speaker") is None else rate(pair["known_speaker"], pair["rows_b"])
