"""Findings about splits, texts, ids and media."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.formats import Facts, counts_text, listing, rate
from harness.report.formats import count, plural

Found = Iterator[tuple[int, str, str]]
FEW_SPEAKERS = 10  # an interval over fewer speakers is not worth printing
RECUR = 0.01  # share of long texts found in another split, from which a text model can gain by it
BROKEN = 0.01  # share of clips that cannot be used, from which results without them are another corpus


def findings(corpus: Facts) -> Found:
    """Yield (weight, section, sentence) for one corpus."""
    yield from _dialogues(corpus["splits"], corpus["counts"])
    yield from _speakers(corpus["splits"], corpus["counts"])
    yield from _duplicates(corpus["duplicates"])
    yield from _media(corpus["counts"]["media"])


def _dialogues(splits: Facts, counts: Facts) -> Found:
    if splits["dialogues_in_several"]:
        text = (
            f"{count(splits['dialogues_in_all'])} of {count(splits['dialogues'])} dialogues (videos) have utterances "
            f"in all of {listing(counts['groups'])}, {count(splits['dialogues_in_several'])} in more than one: the "
            "neighbours of a test utterance are trained on."
        )
        yield 90, "overlap", text


def _speakers(splits: Facts, counts: Facts) -> Found:
    pairs = {(pair["a"], pair["b"]): pair for pair in splits["pairs"] if pair["speakers"]}
    tested = [pair for pair in pairs.values() if pair["b"] == "test" or counts["folded"]]
    if ("train", "test") in pairs:
        tested = [pairs["train", "test"]]
    for pair in tested:
        names = f" ({', '.join(pair['speaker_names'])})" if pair["speaker_names"] else ""
        disjoint = pair["a"] != "train" and not counts["folded"]
        text = (
            f"{pair['a']} and {pair['b']} share {plural(pair['speakers'], 'speaker')}{names}, who say "
            f"{rate(pair['known_speaker'], pair['rows_b'])} of {pair['b']}"
            f"{'; train shares none with test.' if disjoint else ': its scores are not speaker-independent.'}"
        )
        yield 88, "overlap", text
    speakers = counts["groups"].get("test", {}).get("speakers")
    if speakers and speakers < FEW_SPEAKERS:
        text = f"the test split has {plural(speakers, 'speaker')}: no claim about speakers can rest on it."
        yield 48, "sizes", text


def _duplicates(duplicates: Facts) -> Found:
    texts, ids, rows = (duplicates[key] for key in ("texts", "ids", "rows"))
    if texts["long_across"] > RECUR * texts["long"]:
        share = rate(texts["long_across"], texts["long"])
        yield 60, "duplicates", f"{share} of long transcripts recur word for word in another split."
    for by_value in duplicates["strata"].values():
        for value, part in by_value.items():
            if part["across"] > 5 * RECUR * part["long"]:
                share = f"{rate(part['across'], part['long'])} of long {value} transcripts"
                yield 62, "duplicates", f"{share} recur in another fold: a text model can learn the lines by heart."
    if rows["surplus"]:
        repeat = plural(rows["surplus"], "row repeats", "rows repeat")
        yield 54, "duplicates", f"{repeat} another one: same words, speaker and time."
    if ids["repeated"]:
        text = (
            f"{count(ids['repeated'])} ids ({ids['examples'][0]}, …) recur in another split of the release "
            f"({count(ids['rows'])} rows): files and predictions must be joined by split and id."
        )
        yield 58, "duplicates", text


def _media(media: Facts) -> Found:
    for modality in ("audio", "video") if media["probed"] else ():
        states = media[modality]["states"]
        probed, bad = sum(states.values()), {state: n for state, n in states.items() if state != "ok"}
        if broken := sum(bad.values()):
            text = f"{count(broken)} of {count(probed)} {modality} clips cannot be used ({counts_text(bad)})."
            yield 80 if broken > BROKEN * probed else 56, "media", text
        if flags := media[modality]["flags"]:
            yield 43, "media", f"{modality} clips with something odd: {counts_text(flags)}."
