"""Sizes, lengths, gender, texts and media of one corpus, by split or fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from harness.audit.corpus_data import Corpus, group_of, is_unspaced, size_of
from harness.corpora.media.clips import stated_length
from harness.study.corpus import Modality, Utterance

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
READABLE = "ok"
NOT_MEASURED = ("long",)  # a wrongly cut clip: its length is not that of the utterance


def counts(corpus: Corpus) -> dict[str, Any]:
    """Return the counts of a corpus, for all of it and for each split or fold."""
    seconds = lengths(corpus)
    by_group: dict[str, list[Utterance]] = {name: [] for name in corpus.groups}
    for row in corpus.utterances:
        by_group[group_of(row)].append(row)
    return {
        "all": _part(corpus.utterances, seconds),
        "groups": {name: _part(rows, seconds) for name, rows in by_group.items()},
        "folded": corpus.folded,
        "length_source": dict(Counter(source for _, source in seconds.values())),
        "size_unit": size_unit(corpus.utterances),
        "strata": _strata(corpus.utterances),
        "flags": dict(Counter(flag for row in corpus.utterances for flag in row.flags).most_common()),
        "translations": dict(Counter(lang for row in corpus.utterances for lang in row.translations)),
        "languages": dict(Counter(row.language for row in corpus.utterances)),
        "media": media(corpus),
    }


def lengths(corpus: Corpus) -> dict[str, tuple[float, str]]:
    """Return id -> seconds and what says so: "audio" or "video" as probed, else the annotation's "span".

    A clip flagged as too long is not believed, and a dialogue recording says nothing about one utterance.
    """
    found = {row.id: (stated, "span") for row in corpus.utterances if (stated := stated_length(row)) is not None}
    parts = {row.id: row.parts for row in corpus.utterances}
    for modality in (Modality.VIDEO, Modality.AUDIO):  # the sound has the last word
        for row in corpus.media:
            measured = row["modality"] == modality and row["state"] == READABLE and row.get("seconds")
            believed = not set(row.get("flags", ())) & set(NOT_MEASURED) and modality not in parts.get(row["id"], {})
            if measured and believed:
                found[row["id"]] = (float(row["seconds"]), str(modality))
    return found


def size_unit(rows: Iterable[Utterance]) -> str | None:
    """Return in what text length is counted: "words" or "characters"; None without texts."""
    unspaced = [is_unspaced(row.text) for row in rows if row.text]
    return None if not unspaced else "characters" if 2 * sum(unspaced) > len(unspaced) else "words"


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Return mean, quantiles and maximum of some numbers, or None if there are none."""
    if not values:
        return None
    found = {f"p{round(q * 100):02d}": float(v) for q, v in zip(QUANTILES, np.quantile(values, QUANTILES), strict=True)}
    return {"mean": float(np.mean(values)), **found, "max": float(np.max(values))}


def _part(rows: Sequence[Utterance], seconds: Mapping[str, tuple[float, str]]) -> dict[str, Any]:
    known = [seconds[row.id][0] for row in rows if row.id in seconds]
    genders = {(row.speaker, row.gender) for row in rows if row.speaker}
    return {
        "utterances": len(rows),
        "dialogues": len({row.dialogue for row in rows}),
        "speakers": len({row.speaker for row in rows if row.speaker}),
        "without_speaker": sum(not row.speaker for row in rows),
        "hours": sum(known) / 3600 if known else None,
        "with_length": len(known),
        "seconds": spread(known),
        "turns": spread(list(Counter(row.dialogue for row in rows).values())),
        "with_text": sum(bool(row.text) for row in rows),
        "size": spread([size_of(row.text) for row in rows if row.text]),
        "gender": dict(Counter(row.gender or "unknown" for row in rows)),
        "speakers_by_gender": dict(Counter(gender or "unknown" for _, gender in genders)),
    }


def _strata(rows: Iterable[Utterance]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for name, value in row.strata.items():
            found.setdefault(name, Counter())[value] += 1
    return {name: dict(counter.most_common()) for name, counter in found.items()}


def media(corpus: Corpus) -> dict[str, Any]:
    """Return clips by modality: how many utterances have one, and of those probed the state and the flags.

    Without media.jsonl nothing was probed; then only whether the release holds a file is known.
    """
    found: dict[str, Any] = {"probed": bool(corpus.media)}
    for modality in (Modality.AUDIO, Modality.VIDEO):
        rows = [row for row in corpus.media if row["modality"] == modality]
        found[modality.value] = {
            "found": sum(getattr(row, modality.value) is not None for row in corpus.utterances),
            "states": dict(Counter(str(row["state"]) for row in rows).most_common()),
            "flags": dict(Counter(flag for row in rows for flag in row.get("flags", ())).most_common()),
            "hours": sum(float(row.get("seconds") or 0) for row in rows if row["state"] == READABLE) / 3600,
        }
    return found
