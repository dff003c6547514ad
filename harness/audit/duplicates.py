"""Repeated texts, ids, rows and clips of one corpus; rows are counted, not pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from harness.audit.audited_corpus import AuditedCorpus
from harness.study.utterance import Utterance

EXAMPLES = 3
LETTERS = 28  # an example is cut here: it shows a kind, it is no copy of the corpus
SAME_ROW = ["text", "speaker", "start", "end"]


def duplicates(corpus: AuditedCorpus) -> dict[str, Any]:
    """Return what repeats in a corpus."""
    by_text = corpus.frame.groupby("text")["group"]
    frame = corpus.frame.assign(times=by_text.transform("size"))
    frame["across"] = frame["long"] & (by_text.transform("nunique") > 1)
    return {
        "texts": _texts(frame.dropna(subset=["text"])),
        "strata": _recurring(corpus, frame),
        "ids": _repeated_ids(frame),
        "rows": _same_rows(frame.dropna(subset=["start", "end"])),
        "clips": same_clips(corpus.utterances),
    }


def _texts(rows: pd.DataFrame) -> dict[str, Any]:
    """Return rows whose transcript occurs again: anywhere, and for long ones also in another split or fold."""
    repeated, long = rows[rows["times"] > 1], rows[rows["long"]]
    return {
        "rows": len(rows),
        "repeated": len(repeated),
        "surplus": len(repeated) - repeated["text"].nunique(),
        "long": len(long),
        "long_repeated": int((long["times"] > 1).sum()),
        "long_across": int(long["across"].sum()),
        "examples": _examples(repeated),
        "long_examples": _examples(repeated[repeated["long"]]),
    }


def _examples(rows: pd.DataFrame) -> list[list[Any]]:
    counts = rows.drop_duplicates("text").sort_values("times", ascending=False, kind="stable").head(EXAMPLES)
    return [[_cut(text), int(times)] for text, times in zip(counts["text"], counts["times"], strict=True)]


def _recurring(corpus: AuditedCorpus, frame: pd.DataFrame) -> dict[str, dict[str, dict[str, int]]]:
    """Return stratum -> value -> long texts and those that another split or fold has too: read lines show here."""
    strata = pd.DataFrame([row.strata for row in corpus.utterances])
    recurring: dict[str, Any] = {}
    for name in map(str, strata):
        by_value = frame[["long", "across"]].groupby(strata[name], sort=False).sum()
        recurring[name] = by_value.to_dict(orient="index")
    return recurring


def _repeated_ids(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the ids that occur in more than one split or fold once the split in front is taken off."""
    groups = rows.groupby("bare_id")["group"].nunique()
    repeated = groups[groups > 1]
    return {
        "prefixed": bool((rows["bare_id"] != rows["id"]).any()),
        "repeated": len(repeated),
        "rows": int(repeated.sum()),
        "examples": list(repeated.index[:EXAMPLES]),
    }


def _same_rows(rows: pd.DataFrame) -> dict[str, Any]:
    """Return rows that repeat another one's words, speaker and time; only rows with a time can be held together."""
    first = rows.groupby(SAME_ROW, dropna=False)["id"].transform("first")
    again = rows.assign(first=first)[rows.duplicated(SAME_ROW)]
    examples = again[["first", "id"]].head(EXAMPLES).to_numpy().tolist()
    return {"checked": len(rows), "surplus": len(again), "examples": examples}


def same_clips(rows: Sequence[Utterance]) -> dict[str, int]:
    """Return modality -> rows that use a clip (file and part of it) that another row uses too."""
    clips = {
        modality: [(path, row.parts.get(modality)) for row in rows if (path := getattr(row, modality))]
        for modality in ("audio", "video")
    }
    return {modality: len(used) - len(set(used)) for modality, used in clips.items()}


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"
