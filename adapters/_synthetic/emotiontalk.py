"""Write drawn utterances as EmotionTalk's JSON tree: four modality folders, votes, and an English translation."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.corpus import MAIN_VIEW, Split
from harness.synth import Drawn

from ..emotiontalk import EMOTION, SPLIT_OF_GROUP, VIEWS

_LABEL = {emotion: label for label, emotion in EMOTION.items()}
_SUFFIX = {"multimodal": "mp4", "text": "txt", "audio": "wav", "video": "mp4"}
_CONFIDENCE = ("9", "8", "7", "6", "5")


def write(root: Path, drawn: Sequence[Drawn]) -> None:
    """Write one JSON file per utterance and modality below `root`, and `translation_en.csv`."""
    with (root / "translation_en.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("id", "text_en"))
        for row, id_ in _named(drawn):
            table.writerow((id_, row.text["en"]))
            place = Path(id_[:6], id_.rsplit("_", 2)[0], id_.rsplit("_", 1)[0], id_)
            for view in VIEWS:
                path = (root / view.capitalize() / "json" / place).with_suffix(".json")
                path.parent.mkdir(parents=True, exist_ok=True)
                record = _record(row, view, place.with_suffix(f".{_SUFFIX[view]}").as_posix())
                path.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")


def _named(drawn: Sequence[Drawn]) -> Iterator[tuple[Drawn, str]]:
    """Give each utterance its id: a pair of speakers records in one group of its split, dialogues counted from 1."""
    groups: dict[tuple[Split, int, int], str] = {}
    dialogues: dict[int, str] = {}
    count: Counter[str] = Counter()
    for row in drawn:
        first, second = sorted((row.speaker, row.partner))
        official = [group for group, split in SPLIT_OF_GROUP.items() if split == row.split]
        taken = sum(split == row.split for split, _, _ in groups)
        group = groups.setdefault((row.split, first, second), official[taken % len(official)])
        if row.dialogue not in dialogues:
            count[group] += 1
            dialogues[row.dialogue] = f"{group}_{count[group]:02d}"
        yield row, f"{dialogues[row.dialogue]}_{row.speaker + 1:02d}_{row.turn + 1:03d}"


def _record(row: Drawn, view: str, file: str) -> dict[str, Any]:
    label = _LABEL[row.emotion if view == MAIN_VIEW else row.views[view]]
    votes: dict[str, dict[str, str]] = {
        annotator: {"emotion": label, "Confidence_degree": confidence}
        for annotator, confidence in zip("ABCDE", _CONFIDENCE, strict=True)
    }
    record: dict[str, Any] = {
        "data": votes,
        "speaker_id": f"{row.speaker + 1:02d}",
        "emotion_result": label,
        "file_path": file,
    }
    if view == MAIN_VIEW:
        for vote, emotion in zip(votes.values(), row.votes.values(), strict=False):
            vote["emotion"] = _LABEL[emotion]
        for vote, sentiment in zip(votes.values(), _sentiments(row.valence), strict=True):
            vote["Continuous_label"] = str(sentiment)
        record["Continuous label_result"] = round(2 * row.valence, 1)
    if view in ("text", "audio"):
        record["content"] = row.text["zh"]
    if view == "audio":
        span = {"startTime": row.start, "endTime": row.end, "duration": round(row.end - row.start, 2)}
        record |= {"paragraphs": span, "sourceAttr": {"emo_cap": ""}}
    return record


def _sentiments(valence: float) -> list[int]:
    """Return five votes in -2..2 whose mean is twice the valence, one of them +1 wherever the sum allows it."""
    total = round(10 * valence)
    first = [1] if -7 <= total <= 9 else []
    rest = 5 - len(first)
    low, more = divmod(total - sum(first), rest)
    return first + [low + 1] * more + [low] * (rest - more)
