"""Sizes, lengths, gender, texts and media of one corpus, by split or fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.audit.audited_corpus import AuditedCorpus
from harness.corpora.media.clips import stated_length
from harness.study.split_overlap import is_unspaced
from harness.study.utterance import Modality, Utterance

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
READABLE = "ok"
NOT_MEASURED = ("long",)  # a wrongly cut clip: its length is not that of the utterance


def counts(corpus: AuditedCorpus) -> dict[str, Any]:
    """Return the counts of a corpus, for all of it and for each split or fold."""
    rows, seconds = corpus.utterances, lengths(corpus)
    frame = corpus.frame.assign(seconds=[seconds[row.id][0] if row.id in seconds else np.nan for row in rows])
    strata = dict.fromkeys(name for row in rows for name in row.strata)
    return {
        "all": _part(frame),
        "groups": {name: _part(frame[frame["group"] == name]) for name in corpus.groups},
        "folded": corpus.folded,
        "length_source": tally(source for _, source in seconds.values()),
        "size_unit": size_unit(rows),
        "strata": {name: tally(row.strata[name] for row in rows if name in row.strata) for name in strata},
        "flags": tally(flag for row in rows for flag in row.flags),
        "translations": tally(language for row in rows for language in row.translations),
        "languages": tally(row.language for row in rows),
        "media": media(corpus),
    }


def tally(values: Iterable[str]) -> dict[str, int]:
    """Return how often each value occurs, the most frequent first."""
    return dict(Counter(values).most_common())


def lengths(corpus: AuditedCorpus) -> dict[str, tuple[float, str]]:
    """Return id -> seconds and what says so: "audio" or "video" as probed, else the annotation's "span".

    A clip flagged as too long is not believed, and a dialogue recording says nothing about one utterance.
    """
    seconds = {row.id: (stated, "span") for row in corpus.utterances if (stated := stated_length(row)) is not None}
    parts = {row.id: row.parts for row in corpus.utterances}
    for modality in (Modality.VIDEO, Modality.AUDIO):  # the sound has the last word
        for row in corpus.media:
            measured = row["modality"] == modality and row["state"] == READABLE and row.get("seconds")
            believed = not set(row.get("flags", ())) & set(NOT_MEASURED) and modality not in parts.get(row["id"], {})
            if measured and believed:
                seconds[row["id"]] = (float(row["seconds"]), str(modality))
    return seconds


def size_unit(rows: Iterable[Utterance]) -> str | None:
    """Return in what text length is counted: "words" or "characters"; None without texts."""
    unspaced = [is_unspaced(row.text) for row in rows if row.text]
    return None if not unspaced else "characters" if 2 * sum(unspaced) > len(unspaced) else "words"


def spread(values: Sequence[float] | pd.Series[Any]) -> dict[str, float] | None:
    """Return mean, quantiles and maximum of some numbers, or None if there are none."""
    numbers = np.asarray(values, dtype=np.float64)
    if not len(numbers):
        return None
    quantiles = {f"p{round(100 * q):02d}": float(np.quantile(numbers, q)) for q in QUANTILES}
    return {"mean": float(numbers.mean()), **quantiles, "max": float(numbers.max())}


def _part(rows: pd.DataFrame) -> dict[str, Any]:
    seconds, sizes = rows["seconds"].dropna(), rows["size"].dropna()
    speakers = rows.dropna(subset=["speaker"]).drop_duplicates(["speaker", "gender"])
    return {
        "utterances": len(rows),
        "dialogues": rows["dialogue"].nunique(),
        "speakers": rows["speaker"].nunique() or None,
        "without_speaker": int(rows["speaker"].isna().sum()),
        "hours": float(seconds.sum()) / 3600 if len(seconds) else None,
        "with_length": len(seconds),
        "seconds": spread(seconds),
        "turns": spread(rows.groupby("dialogue").size()),
        "with_text": len(sizes),
        "size": spread(sizes),
        "gender": tally(rows["gender"].fillna("unknown")),
        "speakers_by_gender": tally(speakers["gender"].fillna("unknown")),
    }


def media(corpus: AuditedCorpus) -> dict[str, Any]:
    """Return clips by modality: how many utterances have one, and of those probed the state and the flags.

    Without media.jsonl nothing was probed; then only whether the release holds a file is known.
    """
    clips: dict[str, Any] = {"probed": bool(corpus.media)}
    for modality in (Modality.AUDIO, Modality.VIDEO):
        rows = [row for row in corpus.media if row["modality"] == modality]
        clips[modality.value] = {
            "found": sum(getattr(row, modality.value) is not None for row in corpus.utterances),
            "states": tally(str(row["state"]) for row in rows),
            "flags": tally(flag for row in rows for flag in row.get("flags", ())),
            "hours": sum(float(row.get("seconds") or 0) for row in rows if row["state"] == READABLE) / 3600,
        }
    return clips
