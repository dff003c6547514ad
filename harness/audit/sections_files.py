"""Sections of the page about the files of a corpus: what splits and corpora share, duplicates, sizes, clips."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.formats import Facts, counts_text, fixed, part_of, rate, records, titles
from harness.report.formats import ABSENT, count
from harness.report.tables import Question, Table, table_of

MODALITIES = ("audio", "video")
Records = Iterator[dict[str, str]]


def section(anchor: str, title: str, method: str, empty: str, *tables: list[Table]) -> Question:
    """Return one topic: how it was computed, and its tables; without any it says `empty`."""
    whole = [table for some in tables for table in some]
    return Question(anchor, title, title, [method] if whole else [method, empty], whole)


def overlap(facts: Facts) -> Question:
    """Return the section on what two splits of one corpus share."""
    return section(
        "overlap",
        "Between splits",
        "Shared of those in the other split. A long text has at least 4 words, or 8 characters where words are not "
        "spaced; an id is compared without the split in front of it.",
        "No corpus is here.",
        table_of("Two splits or folds of one corpus", records(facts, _pairs)),
        table_of("Dialogues (videos) in several splits", records(facts, _dialogues)),
    )


def _pairs(corpus: Facts) -> Records:
    for pair in corpus["splits"]["pairs"]:
        shared = {kind: part_of(pair[kind], pair["of"][kind]) for kind in ("speakers", "dialogues", "texts", "ids")}
        known = ABSENT if pair["known_speaker"] is None else rate(pair["known_speaker"], pair["rows_b"])
        shared["long texts"] = shared.pop("texts")
        yield {"one": pair["a"], "other": pair["b"], **shared, "rows of the other by known speakers": known}


def _dialogues(corpus: Facts) -> Records:
    titles_ = {"dialogues": "dialogues", "dialogues_in_several": "in more than one", "dialogues_in_all": "in all"}
    yield {title: count(corpus["splits"][key]) for key, title in titles_.items()}


def between(facts: Facts) -> Question:
    """Return the section on what two corpora share."""
    names, rows = titles(facts), []
    for pair in facts["between"]:
        inside = pair["contained"] or {}
        equal = {f"equal {key}": count(inside.get(f"equal_{key}")) for key in ("label", "split", "text")}
        family = "one family" if pair["same_family"] else ABSENT
        shared = {"long texts": count(pair["texts"]), "ids": count(pair["ids"]), **equal, "family": family}
        rows.append({"one": names[pair["a"]], "other": names[pair["b"]], **shared})
    return section(
        "between",
        "Between corpora",
        "Long texts and ids that both have; where at least half of the smaller corpus' ids recur, how many of those "
        "rows have the same label (in every space both answer), split and text. Speaker names mean nothing elsewhere.",
        "There is one corpus only.",
        table_of("Two corpora", rows),
    )


def duplicates(facts: Facts) -> Question:
    """Return the section on repeated texts, ids and rows."""
    return section(
        "duplicates",
        "Duplicates",
        "Transcripts are compared as they are, letter by letter. Ids are compared without the split in front. Rows are "
        "held together only where the annotation gives a time.",
        "No corpus is here.",
        table_of("Repeated transcripts", records(facts, _texts)),
        table_of("Long transcripts that recur in another split or fold, by stratum", records(facts, _strata)),
        table_of("Repeated ids, rows and clips", records(facts, _repeated)),
    )


def _texts(corpus: Facts) -> Records:
    texts = corpus["duplicates"]["texts"]
    examples = {
        key: "; ".join(f"{text} ×{n}" for text, n in texts[key]) or ABSENT for key in texts if "examples" in key
    }
    if texts["rows"]:
        yield {
            "transcripts": count(texts["rows"]),
            "that recur": rate(texts["repeated"], texts["rows"]),
            "long ones": count(texts["long"]),
            "long ones that recur": rate(texts["long_repeated"], texts["long"]),
            "in another split": rate(texts["long_across"], texts["long"]),
            "most frequent": examples["examples"],
            "most frequent long": examples["long_examples"],
        }


def _strata(corpus: Facts) -> Records:
    for stratum, by_value in corpus["duplicates"]["strata"].items():
        for value, part in by_value.items():
            recur = rate(part["across"], part["long"])
            yield {"stratum": stratum, "value": value, "long": count(part["long"]), "recur": recur}


def _repeated(corpus: Facts) -> Records:
    ids, rows, clips = (corpus["duplicates"][key] for key in ("ids", "rows", "clips"))
    yield {
        "ids in several splits": count(ids["repeated"]),
        "rows they name": count(ids["rows"]),
        "rows with equal words, speaker and time": count(rows["surplus"]) if rows["checked"] else ABSENT,
        **{f"{modality} used twice": count(clips[modality]) for modality in MODALITIES},
    }


def sizes(facts: Facts) -> Question:
    """Return the section on sizes by split."""
    return section(
        "sizes",
        "Sizes and lengths",
        "Seconds are those of the probed clip, else of the annotated time span (each card says of how many); text "
        "length is in words, or in letters where words are not spaced. Ranges are the 5th to 95th percentile.",
        "No corpus is here.",
        table_of("By split or fold", records(facts, _sizes)),
    )


def _sizes(corpus: Facts) -> Records:
    for name, part in [*corpus["counts"]["groups"].items(), ("all", corpus["counts"]["all"])]:
        seconds, size = part["seconds"] or {}, part["size"] or {}
        yield {
            "part": name,
            **{key: count(part[key]) for key in ("utterances", "dialogues", "speakers")},
            "hours": fixed(part["hours"]),
            "seconds": fixed(seconds.get("p50")),
            "range of seconds": _range(seconds, 1),
            "turns per dialogue": fixed((part["turns"] or {}).get("p50"), 0),
            "text length": fixed(size.get("p50"), 0),
            "range of length": _range(size, 0),
            "with text": rate(part["with_text"], part["utterances"]),
            "gender": counts_text(part["gender"]) if set(part["gender"]) != {"unknown"} else ABSENT,
        }


def _range(spread: Facts, places: int) -> str:
    return f"{fixed(spread['p05'], places)}–{fixed(spread['p95'], places)}" if spread else ABSENT


def media(facts: Facts) -> Question:
    """Return the section on clips."""
    return section(
        "media",
        "Clips",
        "What `prepare` found when it opened every clip; without that only whether the release holds a file.",
        "No corpus is here.",
        table_of("By modality", records(facts, _clips)),
    )


def _clips(corpus: Facts) -> Records:
    for modality in MODALITIES:
        clips, utterances = corpus["counts"]["media"][modality], corpus["counts"]["all"]["utterances"]
        states = clips["states"]
        bad = {state: n for state, n in states.items() if state != "ok"}
        yield {
            "modality": modality,
            "utterances with a clip": f"{count(clips['found'])} of {count(utterances)}",
            "readable": rate(states.get("ok", 0), sum(states.values())) if states else "not probed",
            "not usable, by reason": counts_text(bad),
            "odd": counts_text(clips["flags"]),
            "hours": fixed(clips["hours"]) if states else ABSENT,
        }
