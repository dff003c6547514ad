"""Made-up corpora for the tests of the audit, as `prepare` would have written them."""

from __future__ import annotations

from typing import Any

from harness.audit.audited_corpus import AuditedCorpus
from harness.study.labels import EMOTION4, POLARITY_OF_EMOTION
from harness.study.utterance import Utterance

CARD = {"title": "Made up", "language": "en", "family": "made_up", "views": ["multimodal"], "present": True}


def said(id_: str, split: str = "train", **facts: Any) -> Utterance:
    known = {"dialogue": f"d {split}", "turn": 0, "speaker": f"s {split}", "language": "en", "text": None}
    return Utterance(id=id_, split=split, **{**known, **facts})  # type: ignore[arg-type]


def spaces(emotion: str | None) -> dict[str, Any]:
    """The four spaces as the adapters answer them for an emotion."""
    found = {
        "emotion7": emotion,
        "emotion4": emotion if emotion in EMOTION4.classes else None,
        "polarity3": POLARITY_OF_EMOTION.get(emotion or ""),
        "valence": None,
    }
    return {**found, "reasons": {name: "not_annotated" for name, value in found.items() if value is None}}


def label(emotion: str | None, views: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    row = {"native": {"emotion": emotion}, **spaces(emotion), **more}
    return {**row, "views": {view: spaces(one) for view, one in views.items()}} if views else row


def corpus(rows: list[tuple[Utterance, dict[str, Any]]], name: str = "made_up", **card: Any) -> AuditedCorpus:
    labels = {utterance.id: {"id": utterance.id, **row} for utterance, row in rows}
    return made_up(name, {**CARD, **card}, [utterance for utterance, _ in rows], labels)


def made_up(name: str, card: dict[str, Any], utterances: Any = (), annotations: Any = None) -> AuditedCorpus:
    """A corpus of which no file is read."""
    corpus = AuditedCorpus(name)
    vars(corpus).update(card=card, utterances=list(utterances), annotations=annotations or {}, media=[])
    return corpus


def voted(*ballots: str | tuple[str, float]) -> dict[str, Any]:
    """Votes of the main view: words, or (words, confidence)."""
    pairs = [one if isinstance(one, tuple) else (one, None) for one in ballots]
    return {"multimodal": {str(at): {"label": word, "confidence": sure} for at, (word, sure) in enumerate(pairs)}}
