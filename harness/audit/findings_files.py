"""Findings about splits, texts, ids and media."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.audit.formats import counts_text, listing, rate
from harness.report.formats import count, plural

Facts = Mapping[str, Any]
Found = Iterator[tuple[int, str, str]]
FEW_SPEAKERS = 10  # an interval over fewer speakers is not worth printing
RECUR = 0.01  # share of long texts found in another split, from which a text model can gain by it
BROKEN = 0.01  # share of clips that cannot be used, from which results without them are another corpus


def findings(corpus: Facts) -> Found:
    """Yield (weight, section, sentence) for one corpus."""
    yield from _dialogues(corpus["splits"], corpus["counts"])
    yield from _speakers(corpus["splits"], corpus["counts"])
    yield from _texts(corpus["duplicates"])
    yield from _ids(corpus["duplicates"])
    yield from _media(corpus["counts"]["media"])


def _dialogues(splits: Facts, counts: Facts) -> Found:
    if splits["dialogues_in_several"]:
        groups = list(counts["groups"])
        yield (
            90,
            "overlap",
            f"{count(splits['dialogues_in_all'])} of {count(splits['dialogues'])} dialogues (videos) have utterances "
            f"in all of {listing(groups)}, {count(splits['dialogues_in_several'])} in more than one: the neighbours of "
            "a test utterance are trained on.",
        )


def _speakers(splits: Facts, counts: Facts) -> Found:
    pairs = {(pair["a"], pair["b"]): pair for pair in splits["pairs"] if pair["speakers"]}
    tested = [pair for pair in pairs.values() if pair["b"] == "test" or counts["folded"]]
    if ("train", "test") in pairs:
        tested = [pairs["train", "test"]]
    for pair in tested:
        names = f" ({', '.join(pair['speaker_names'])})" if pair["speaker_names"] else ""
        disjoint = pair["a"] != "train" and not counts["folded"]
        yield (
            88,
            "overlap",
            f"{pair['a']} and {pair['b']} share {plural(pair['speakers'], 'speaker')}{names}, who say "
            f"{rate(pair['known_speaker'], pair['rows_b'])} of {pair['b']}"
            + ("; train shares none with test." if disjoint else ": its scores are not speaker-independent."),
        )
    speakers = counts["groups"].get("test", {}).get("speakers", 0)
    if 0 < speakers < FEW_SPEAKERS:
        yield (
            48,
            "sizes",
            f"the test split has {plural(speakers, 'speaker')}: no claim about speakers can rest on it.",
        )


def _texts(duplicates: Facts) -> Found:
    texts = duplicates["texts"]
    if texts["long_across"] > RECUR * texts["long"]:
        yield (
            60,
            "duplicates",
            f"{rate(texts['long_across'], texts['long'])} of long transcripts recur word for word in another split.",
        )
    for by_value in duplicates["strata"].values():
        for value, part in by_value.items():
            if part["across"] > 5 * RECUR * part["long"]:
                yield (
                    62,
                    "duplicates",
                    f"{rate(part['across'], part['long'])} of long {value} transcripts recur in another fold: a text "
                    "model can learn the lines by heart.",
                )
    rows = duplicates["rows"]
    if rows["surplus"]:
        yield (
            54,
            "duplicates",
            f"{plural(rows['surplus'], 'row')} repeat another one: same words, speaker and time.",
        )


def _ids(duplicates: Facts) -> Found:
    ids = duplicates["ids"]
    if ids["repeated"]:
        yield (
            58,
            "duplicates",
            f"{count(ids['repeated'])} ids ({ids['examples'][0]}, …) recur in another split of the release "
            f"({count(ids['rows'])} rows): files and predictions must be joined by split and id.",
        )


def _media(media: Facts) -> Found:
    for modality in ("audio", "video") if media["probed"] else ():
        states = media[modality]["states"]
        probed = sum(states.values())
        bad = {state: n for state, n in states.items() if state != "ok"}
        if bad:
            yield (
                80 if sum(bad.values()) > BROKEN * probed else 56,
                "media",
                f"{count(sum(bad.values()))} of {count(probed)} {modality} clips cannot be used ({counts_text(bad)}).",
            )
        if flags := media[modality]["flags"]:
            yield 43, "media", f"{modality} clips with something odd: {counts_text(flags)}."
