"""The rows of the tables of the page: records (column title -> text) of one corpus, or tables of several corpora."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.audit.findings_labels import absent_steps
from harness.audit.formats import (
    Facts,
    counts_text,
    fixed,
    listing,
    part_of,
    present,
    rate,
    scales_of,
    share,
    titles,
    value_text,
)
from harness.report.formats import ABSENT, count, number
from harness.report.tables import Table, table_of
from harness.study.labels import MAIN_VIEW

MODALITIES = ("audio", "video")
OF_OTHER_VIEWS = ("all", "test")  # the rest stands in audit.json
Record = dict[str, str]


def scales(corpus: Facts) -> Iterator[Record]:
    """Yield how each number that ranks utterances agrees with a label."""
    for name, reference, scale in scales_of(corpus):
        steps = [f"{value_text(step['value'])} (mirror {count(step['mirror'])})" for step in absent_steps(scale)]
        yield {
            "field": name, "held against": reference, "middle": value_text(scale["middle"]),
            "positive rows below": part_of(scale["positive_below"], scale["positive"]),
            "mean of positive rows": number(scale["positive_mean"]),
            "negative rows above": part_of(scale["negative_above"], scale["negative"]),
            "mean of negative rows": number(scale["negative_mean"]),
            "absent steps": listing(steps) or "none",
            "verdict": "contradicts" if scale["contradicts"] else "consistent",
        }  # fmt: skip


def scale_classes(corpus: Facts) -> Iterator[Record]:
    """Yield the mean of each such number by class."""
    for name, by_reference in corpus["contradictions"]["scales"].items():
        for label, part in next(iter(by_reference.values()))["classes"].items():
            below, above = (rate(part[side], part["rows"]) for side in ("below", "above"))
            numbers = {"rows": count(part["rows"]), "mean": number(part["mean"])}
            yield {"field": name, "class": label, **numbers, "below the middle": below, "above": above}


def words(corpus: Facts) -> Iterator[Record]:
    """Yield emotion against sentiment word, in rows."""
    for name, against in corpus["contradictions"]["words"].items():
        for label, counter in sorted(against["table"].items()):
            rows = {word: count(counter.get(word, 0)) for word in ("negative", "neutral", "positive")}
            yield {"field": name, "emotion": label, **rows}


def split_pairs(corpus: Facts) -> Iterator[Record]:
    """Yield what each pair of splits or folds shares."""
    kinds = {"speakers": "speakers", "dialogues": "dialogues", "texts": "long texts", "ids": "ids"}
    for pair in corpus["splits"]["pairs"]:
        shared = {title: part_of(pair[kind], pair["of"][kind]) for kind, title in kinds.items()}
        known = ABSENT if pair["known_speaker"] is None else rate(pair["known_speaker"], pair["rows_b"])
        yield {"one": pair["a"], "other": pair["b"], **shared, "rows of the other by known speakers": known}


def dialogues(corpus: Facts) -> Iterator[Record]:
    """Yield the dialogues that lie in several splits."""
    keys = {"dialogues": "dialogues", "dialogues_in_several": "in more than one", "dialogues_in_all": "in all"}
    yield {title: count(corpus["splits"][key]) for key, title in keys.items()}


def corpus_pairs(facts: Facts) -> list[Table]:
    """Return the table of what each pair of corpora shares."""
    names, rows = titles(facts), []
    for pair in facts["between"]:
        inside = pair["contained"] or {}
        equal = {f"equal {key}": count(inside.get(f"equal_{key}")) for key in ("label", "split", "text")}
        shared = {"long texts": count(pair["texts"]), "ids": count(pair["ids"]), **equal}
        family = "one family" if pair["same_family"] else ABSENT
        rows.append({"one": names[pair["a"]], "other": names[pair["b"]], **shared, "family": family})
    return table_of("Two corpora", rows)


def _votes_each(votes: Facts) -> str:
    numbers = {int(n) for n in votes["annotators_per_utterance"]}
    return "–".join(str(n) for n in sorted({min(numbers), max(numbers)}))


def votes(corpus: Facts) -> Iterator[Record]:
    """Yield the agreement on classes by label view."""
    for view, votes in corpus["agreement"].items():
        yield {
            "view": view, "utterances": count(votes["utterances"]), "votes each": _votes_each(votes),
            "one class only": share(votes["single"]["share"]), "Fleiss κ": number(votes["fleiss"]),
            "of utterances × annotators": f"{count(votes['fleiss_utterances'])} × {votes['fleiss_annotators']}",
            "α nominal": number(votes["alpha"]), "α sets": number(votes["alpha_sets"]),
            "pairs alike": share(votes["pairwise"]), "all alike": share(votes["unanimous"]),
        }  # fmt: skip


def ratings(corpus: Facts) -> Iterator[Record]:
    """Yield the agreement on scales."""
    for scale, votes in corpus["ratings"].items():
        yield {
            "scale": scale, "utterances": count(votes["utterances"]), "votes each": _votes_each(votes),
            "α interval": number(votes["alpha_interval"]), "α ordinal": number(votes["alpha_ordinal"]),
            "mean distance": number(votes["mean_gap"]), "all alike": share(votes["unanimous"]),
        }  # fmt: skip


def majorities(corpus: Facts) -> Iterator[Record]:
    """Yield plain and weighted majorities by label view."""
    keys = {"plain": "plain = published", "weighted": "weighted = published"}
    keys["plain_where_weighted"] = "plain, same rows"
    for view, votes in corpus["majority"].items():
        yield {
            "view": view, "with confidence": count(votes["with_confidence"]),
            "labels that flip": part_of(votes["flips"], votes["both_decided"]),
            "ties settled": count(votes["ties_settled"]) if votes["with_confidence"] else ABSENT,
            **{title: f"{share(votes[key]['share'])} of {count(votes[key]['compared'])}" if votes[key] else ABSENT
               for key, title in keys.items()},
        }  # fmt: skip


def view_pairs(corpus: Facts) -> Iterator[Record]:
    """Yield how each pair of label views agrees."""
    numbers = {"Cohen κ": "kappa", "Pearson r": "pearson", "mean distance": "mae"}
    for space, pairs in corpus["views"].get("pairs", {}).items():
        for pair in pairs:
            yield {
                "space": space, "one": pair["a"], "other": pair["b"], "utterances": count(pair["utterances"]),
                "equal": share(pair.get("equal")), **{title: number(pair.get(key)) for title, key in numbers.items()},
            }  # fmt: skip


def together(corpus: Facts) -> Iterator[Record]:
    """Yield how all label views of an utterance agree."""
    keys = {"all_equal": "all equal", "single_equal": "single modalities equal", "single_different": "all different",
            "fused_alone": "fused label in no modality"}  # fmt: skip
    for space, alike in corpus["views"].get("together", {}).items():
        rows = alike["utterances"]
        yield {"space": space, "utterances": count(rows), **{keys[key]: rate(alike[key], rows) for key in keys}}


def ceilings(corpus: Facts) -> Iterator[Record]:
    """Yield what people with one modality reach."""
    metrics = {"wa": "WA", "uar": "UAR", "macro_f1": "macro-F1", "wf1": "WF1"}
    for ceiling in corpus["views"].get("ceilings", ()):
        scores = {title: number(ceiling[name]) for name, title in metrics.items()}
        rows = part_of(ceiling["utterances"], ceiling["asked"])
        yield {"space": ceiling["space"], "view": ceiling["view"], "utterances": rows, **scores}


def priors(facts: Facts) -> list[Table]:
    """Return one table of class shares per space."""
    names, tables = titles(facts), []
    for space in dict.fromkeys(space for corpus in present(facts).values() for space in corpus["priors"]):
        priors = [
            ({"corpus": names[name], "view": view, "part": part}, prior)
            for name, corpus in present(facts).items()
            for view, parts in corpus["priors"].get(space, {}).items()
            for part, prior in parts.items()
            if prior["rows"] and (view == MAIN_VIEW or part in OF_OTHER_VIEWS)
        ]
        shares = [{label: n / prior["rows"] for label, n in prior["counts"].items()} for _, prior in priors]
        rows = [{**place, **_prior(prior, parts)} for (place, prior), parts in zip(priors, shares, strict=True)]
        tables += table_of(f"{space}: share of each class", rows, shares)
    return tables


def _prior(prior: Facts, shares: Mapping[str, float]) -> Record:
    return {
        "labels": count(prior["rows"]), **{label: share(part) for label, part in shares.items()},
        "majority": share(prior["majority_share"]), "entropy": number(prior["entropy"]),
        "ratio": f"{fixed(prior['ratio'])}{' *' if prior['absent'] else ''}",
    }  # fmt: skip


def distances(facts: Facts) -> list[Table]:
    """Return one matrix of the distances between class priors per space."""
    names, tables = titles(facts), []
    for part in ("test", "all"):
        for space, pairs in facts["prior_distance"][part].items():
            cells = {(pair["a"], pair["b"]): number(pair["total_variation"]) for pair in pairs}
            cells |= {(pair["b"], pair["a"]): number(pair["jensen_shannon"]) for pair in pairs}
            order = dict.fromkeys(a for a, _ in cells)
            rows = [{"corpus": names[a], **{names[b]: cells.get((a, b), ABSENT) for b in order}} for a in order]
            tables += table_of(f"{space}, {part} rows", rows)
    return tables


def texts(corpus: Facts) -> Iterator[Record]:
    """Yield the repeated transcripts."""
    texts = corpus["duplicates"]["texts"]
    often, long = ("; ".join(f"{text} ×{n}" for text, n in texts[key]) for key in ("examples", "long_examples"))
    if texts["rows"]:
        yield {
            "transcripts": count(texts["rows"]), "that recur": rate(texts["repeated"], texts["rows"]),
            "long ones": count(texts["long"]), "long ones that recur": rate(texts["long_repeated"], texts["long"]),
            "in another split": rate(texts["long_across"], texts["long"]),
            "most frequent": often or ABSENT, "most frequent long": long or ABSENT,
        }  # fmt: skip


def strata(corpus: Facts) -> Iterator[Record]:
    """Yield long transcripts that recur, by stratum."""
    for stratum, by_value in corpus["duplicates"]["strata"].items():
        for value, part in by_value.items():
            recur = rate(part["across"], part["long"])
            yield {"stratum": stratum, "value": value, "long": count(part["long"]), "recur": recur}


def repeated(corpus: Facts) -> Iterator[Record]:
    """Yield repeated ids, rows and clips."""
    ids, rows, clips = (corpus["duplicates"][key] for key in ("ids", "rows", "clips"))
    yield {
        "ids in several splits": count(ids["repeated"]), "rows they name": count(ids["rows"]),
        "rows with equal words, speaker and time": count(rows["surplus"]) if rows["checked"] else ABSENT,
        **{f"{modality} used twice": count(clips[modality]) for modality in MODALITIES},
    }  # fmt: skip


def sizes(corpus: Facts) -> Iterator[Record]:
    """Yield sizes by split or fold."""
    for name, part in [*corpus["counts"]["groups"].items(), ("all", corpus["counts"]["all"])]:
        seconds, size, turns = (part[key] or {} for key in ("seconds", "size", "turns"))
        yield {
            "part": name, **{key: count(part[key]) for key in ("utterances", "dialogues", "speakers")},
            "hours": fixed(part["hours"]), "seconds": fixed(seconds.get("p50")), "range of seconds": _range(seconds, 1),
            "turns per dialogue": fixed(turns.get("p50"), 0),
            "text length": fixed(size.get("p50"), 0), "range of length": _range(size, 0),
            "with text": rate(part["with_text"], part["utterances"]),
            "gender": counts_text(part["gender"]) if set(part["gender"]) != {"unknown"} else ABSENT,
        }  # fmt: skip


def _range(spread: Facts, places: int) -> str:
    return f"{fixed(spread['p05'], places)}–{fixed(spread['p95'], places)}" if spread else ABSENT


def clips(corpus: Facts) -> Iterator[Record]:
    """Yield clips by modality."""
    for modality in MODALITIES:
        clips, states = corpus["counts"]["media"][modality], corpus["counts"]["media"][modality]["states"]
        yield {
            "modality": modality,
            "utterances with a clip": f"{count(clips['found'])} of {count(corpus['counts']['all']['utterances'])}",
            "readable": rate(states.get("ok", 0), sum(states.values())) if states else "not probed",
            "not usable, by reason": counts_text({state: n for state, n in states.items() if state != "ok"}),
            "odd": counts_text(clips["flags"]), "hours": fixed(clips["hours"]) if states else ABSENT,
        }  # fmt: skip
