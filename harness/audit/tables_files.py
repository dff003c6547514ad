"""Tables about the files of a corpus: sizes, media, duplicates, and what splits and corpora share."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.formats import counts_text, fixed, rate
from harness.audit.tables import Facts, Named, Section, table
from harness.report.formats import ABSENT, count

MODALITIES = ("audio", "video")


def overlap(facts: Facts) -> Section:
    """Return the section on what two splits of one corpus share."""
    named = Named(facts)
    tables = table(
        "Two splits or folds of one corpus",
        ("corpus", "one", "other", "speakers", "dialogues", "long texts", "ids", "rows of the other by known speakers"),
        named.rows(lambda one: list(_pair_rows(one["splits"]))),
        3,
    ) + table(
        "Dialogues (videos) in several splits",
        ("corpus", "dialogues", "in more than one", "in all"),
        named.rows(
            lambda one: [[count(one["splits"][key]) for key in
                          ("dialogues", "dialogues_in_several", "dialogues_in_all")]]
        ),
    )  # fmt: skip
    return Section(
        "overlap",
        "Between splits",
        "Shared of those in the other split. A long text has at least 4 words, or 8 characters where words are not "
        "spaced; an id is compared without the split in front of it.",
        tables,
        "No corpus is here.",
    )


def _pair_rows(splits: Facts) -> Iterator[list[str]]:
    for pair in splits["pairs"]:
        shared = [_of(pair[kind], pair["of"][kind]) for kind in ("speakers", "dialogues", "texts", "ids")]
        known = rate(pair["known_speaker"], pair["rows_b"]) if pair["of"]["speakers"] else ABSENT
        yield [pair["a"], pair["b"], *shared, known]


def _of(shared: int, whole: int) -> str:
    return f"{count(shared)} of {count(whole)}" if whole else ABSENT


def between(facts: Facts) -> Section:
    """Return the section on what two corpora share."""
    names = Named(facts).titles
    rows = []
    for pair in facts["between"]:
        inside = pair["contained"]
        equal = [count(inside[f"equal_{key}"]) if inside else ABSENT for key in ("label", "split", "text")]
        family = "one family" if pair["same_family"] else ""
        rows.append([names[pair["a"]], names[pair["b"]], count(pair["texts"]), count(pair["ids"]), *equal, family])
    return Section(
        "between",
        "Between corpora",
        "Long texts and ids that both have; where at least half of the smaller corpus' ids recur, how many of those "
        "rows have the same label (in every space both answer), split and text. Speaker names mean nothing elsewhere.",
        table(
            "Two corpora",
            ("one", "other", "long texts", "ids", "equal label", "equal split", "equal text", "family"),
            rows,
            (0, 1, 7),
        ),
        "There is one corpus only.",
    )


def duplicates(facts: Facts) -> Section:
    """Return the section on repeated texts, ids and rows."""
    named = Named(facts)
    tables = table(
        "Repeated transcripts",
        ("corpus", "transcripts", "that recur", "long ones", "that recur", "in another split", "most frequent",
         "most frequent long"),
        named.rows(lambda one: _text_rows(one["duplicates"]["texts"])),
        (0, 6, 7),
    ) + table(
        "Long transcripts that recur in another split or fold, by stratum",
        ("corpus", "stratum", "value", "long", "recur"),
        named.rows(
            lambda one: [[name, value, count(part["long"]), rate(part["across"], part["long"])]
                         for name, by_value in one["duplicates"]["strata"].items() for value, part in by_value.items()]
        ),
        3,
    ) + table(
        "Repeated ids, rows and clips",
        ("corpus", "ids in several splits", "rows they name", "rows with equal words, speaker and time",
         "audio used twice", "video used twice"),
        named.rows(lambda one: [_repeat_row(one["duplicates"])]),
    )  # fmt: skip
    return Section(
        "duplicates",
        "Duplicates",
        "Transcripts are compared as they are, letter by letter. Ids are compared without the split in front. Rows are "
        "held together only where the annotation gives a time.",
        tables,
        "No corpus is here.",
    )


def _text_rows(texts: Facts) -> list[list[str]]:
    if not texts["rows"]:
        return []
    examples = ["; ".join(f"{text} ×{n}" for text, n in texts[key]) or ABSENT for key in ("examples", "long_examples")]
    shares = [rate(texts["repeated"], texts["rows"]), count(texts["long"]), rate(texts["long_repeated"], texts["long"])]
    return [[count(texts["rows"]), *shares, rate(texts["long_across"], texts["long"]), *examples]]


def _repeat_row(found: Facts) -> list[str]:
    rows = found["rows"]
    clips = [count(found["clips"][modality]) for modality in MODALITIES]
    surplus = count(rows["surplus"]) if rows["checked"] else ABSENT
    return [count(found["ids"]["repeated"]), count(found["ids"]["rows"]), surplus, *clips]


def sizes(facts: Facts) -> Section:
    """Return the section on sizes by split."""
    return Section(
        "sizes",
        "Sizes and lengths",
        "Seconds are those of the probed clip, else of the annotated time span (each card says of how many); text "
        "length is in words, or in letters where words are not spaced. Ranges are the 5th to 95th percentile.",
        table(
            "By split or fold",
            ("corpus", "part", "utterances", "dialogues", "speakers", "hours", "seconds", "range", "turns a dialogue",
             "text length", "range", "with text", "gender"),
            Named(facts).rows(lambda one: [_size_row(name, part) for name, part in _parts(one["counts"])]),
            (0, 1, 12),
        ),
        "No corpus is here.",
    )  # fmt: skip


def _parts(counts: Facts) -> list[tuple[str, Facts]]:
    return [*counts["groups"].items(), ("all", counts["all"])]


def _size_row(name: str, part: Facts) -> list[str]:
    seconds, size = part["seconds"] or {}, part["size"] or {}
    return [
        name,
        *(count(part[key]) for key in ("utterances", "dialogues")),
        count(part["speakers"]) if part["speakers"] else ABSENT,
        fixed(part["hours"]),
        fixed(seconds.get("p50")),
        _range(seconds, 1),
        fixed((part["turns"] or {}).get("p50"), 0),
        fixed(size.get("p50"), 0),
        _range(size, 0),
        rate(part["with_text"], part["utterances"]),
        counts_text(part["gender"]) if set(part["gender"]) != {"unknown"} else ABSENT,
    ]


def _range(found: Facts, places: int) -> str:
    return f"{fixed(found['p05'], places)}–{fixed(found['p95'], places)}" if found else ABSENT


def media(facts: Facts) -> Section:
    """Return the section on clips."""
    return Section(
        "media",
        "Clips",
        "What `prepare` found when it opened every clip; without that only whether the release holds a file.",
        table(
            "By modality",
            ("corpus", "modality", "utterances with a clip", "readable", "not usable, by reason", "odd", "hours"),
            Named(facts).rows(lambda one: [_media_row(one["counts"], modality) for modality in MODALITIES]),
            (0, 1, 4, 5),
        ),
        "No corpus is here.",
    )


def _media_row(counts: Facts, modality: str) -> list[str]:
    one, utterances = counts["media"][modality], counts["all"]["utterances"]
    found = f"{count(one['found'])} of {count(utterances)}"
    if not one["states"]:
        return [modality, found, "not probed", ABSENT, ABSENT, ABSENT]
    bad = {state: n for state, n in one["states"].items() if state != "ok"}
    readable = rate(one["states"].get("ok", 0), sum(one["states"].values()))
    return [modality, found, readable, counts_text(bad), counts_text(one["flags"]), fixed(one["hours"])]
