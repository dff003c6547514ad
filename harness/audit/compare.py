"""The one table that holds the corpora side by side, one corpus per column."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.formats import Facts, fixed, listing, part_of, present, rate, scales_of, share, titles
from harness.report.formats import ABSENT, count, number
from harness.report.tables import Table
from harness.study.labels import MAIN_VIEW

FIRST = ("emotion7", "polarity3")  # the spaces whose views and ceilings stand here
FEW = 3  # views of which the human ceiling stands here


def compare(facts: Facts) -> Table:
    """Return the comparison of all corpora that are there; what no corpus states is left out."""
    names = titles(facts)
    columns = {names[name]: _profile(corpus) for name, corpus in present(facts).items()}
    quantities = dict.fromkeys(quantity for profile in columns.values() for quantity in profile)
    rows = [[quantity, *(profile[quantity] or ABSENT for profile in columns.values())] for quantity in quantities]
    method = (
        "Medians where nothing else is said; each figure comes from the section of its topic. – means that the corpus, "
        "or this form of its release, does not say."
    )
    rows = [row for row in rows if set(row[1:]) != {ABSENT}]
    return Table("", "Corpora side by side", method, ["quantity", *columns], rows, words=1 + len(columns))


def _profile(corpus: Facts) -> dict[str, str]:
    """Return quantity -> text of one corpus, in the order of the table; "" or a dash for what it does not state."""
    counts, views, splits, texts = corpus["counts"], corpus["views"], corpus["splits"], corpus["duplicates"]["texts"]
    whole, votes = counts["all"], corpus["agreement"].get(MAIN_VIEW, {})
    tested = whole if counts["folded"] else counts["groups"].get("test", {})
    size, seconds, turns = (whole[key] or {} for key in ("size", "seconds", "turns"))
    states = {f"readable {name}": counts["media"][name]["states"] for name in ("audio", "video")}
    ratings = [f"{scale} {number(agreement['alpha_interval'])}" for scale, agreement in corpus["ratings"].items()]
    ceilings = [
        f"{ceiling['view']} {number(ceiling['wf1'])}"
        for ceiling in views.get("ceilings", ())
        if ceiling["space"] in FIRST
    ]
    return {
        "language": listing(counts["languages"]), "licence": str(corpus["card"].get("licence", "")),
        **{key: count(whole[key]) for key in ("utterances", "dialogues", "speakers")},
        "hours": _hours(counts), "seconds per utterance": fixed(seconds.get("p50")),
        "turns per dialogue": fixed(turns.get("p50"), 0),
        "text length": f"{fixed(size['p50'], 0)} {counts['size_unit']}" if size else "",
        "utterances with text": rate(whole["with_text"], whole["utterances"]),
        **{readable: rate(counts.get("ok", 0), sum(counts.values())) for readable, counts in states.items()},
        "label spaces": listing([*corpus["priors"], *corpus["scales"]]),
        "label views": listing(views.get("views", [MAIN_VIEW])),
        "votes per utterance (mean)": _mean(votes.get("annotators_per_utterance", {})),
        "Fleiss κ": number(votes.get("fleiss")), "Krippendorff α, nominal": number(votes.get("alpha")),
        "annotators all alike": share(votes.get("unanimous")), "Krippendorff α of ratings": ", ".join(ratings),
        "single modality = fused label": ", ".join(_as_fused(views.get("pairs", {}))),
        "human ceiling of one modality, WF1": ", ".join(ceilings[:FEW]),
        "sentiment against emotion": "; ".join(_verdicts(corpus)),
        **{f"{space}, majority": _majority(corpus, space) for space in ("emotion7", "emotion4", "polarity3")},
        "test utterances": count(tested.get("utterances")), "test speakers": count(tested.get("speakers")),
        "test utterances by speakers of train": "folds" if counts["folded"] else _known_speakers(splits),
        "dialogues in several splits": part_of(splits["dialogues_in_several"], splits["dialogues"]),
        "long texts that recur in another split": rate(texts["long_across"], texts["long"]),
    }  # fmt: skip


def _hours(counts: Facts) -> str:
    hours, sources = counts["all"]["hours"], set(counts["length_source"])
    origin = "annotated" if sources == {"span"} else "probed" if "span" not in sources else "mostly probed"
    return f"{fixed(hours)} ({origin})" if hours else ""


def _mean(votes: Facts) -> str:
    return fixed(sum(int(each) * rows for each, rows in votes.items()) / sum(votes.values())) if votes else ""


def _as_fused(by_space: Facts) -> Iterator[str]:
    """Yield how far each single modality has the fused label, in the first space that was compared."""
    pairs = next((by_space[space] for space in FIRST if space in by_space), ())
    yield from (f"{pair['b']} {share(pair['equal'])}" for pair in pairs if pair["a"] == MAIN_VIEW)


def _verdicts(corpus: Facts) -> Iterator[str]:
    """Yield what the contradiction checks say of a corpus in a few words."""
    words = [(name, "the emotion label", against) for name, against in corpus["contradictions"]["words"].items()]
    for name, reference, against in scales_of(corpus) + words:
        verb = "contradicts" if against["contradicts"] else "agrees with"
        yield f"{name} {verb} {reference.removeprefix('the ')}"


def _majority(corpus: Facts, space: str) -> str:
    if prior := corpus["priors"].get(space, {}).get(MAIN_VIEW, {}).get("all"):
        return f"{prior['majority']} {share(prior['majority_share'])}, entropy {number(prior['entropy'])}"
    return ""


def _known_speakers(splits: Facts) -> str:
    pairs = {(pair["a"], pair["b"]): pair for pair in splits["pairs"]}
    pair = pairs.get(("train", "test"), {"known_speaker": None})
    return "" if pair["known_speaker"] is None else rate(pair["known_speaker"], pair["rows_b"])
