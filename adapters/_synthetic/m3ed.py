"""Write drawn utterances as M3ED's `annotation.json` with its movie lists, and an English translation."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from harness.synth import Drawn

from .._m3ed_rows import FRAMES_PER_SECOND
from ..m3ed import EMOTION

_LABEL = {emotion: label for label, emotion in EMOTION.items()}
_LISTS = {"train": "movie_list_train.txt", "dev": "movie_list_val.txt", "test": "movie_list_test.txt"}


def write(root: Path, drawn: Sequence[Drawn]) -> None:
    """Write the whole annotation, the three movie lists and `translation_en.csv` below `root`.

    A fold becomes a series, so that no speaker crosses series. Times are rounded outward to frames of 40 ms, as the
    authors did.
    """
    content: dict[str, dict[str, Any]] = {}
    splits: dict[str, str] = {}
    names: dict[int, str] = {}
    english: list[tuple[str, str]] = []
    for row in drawn:
        movie = f"juji{row.fold}"
        splits[movie] = row.split
        dialogues = content.setdefault(movie, {})
        name = names.setdefault(row.dialogue, f"{movie}_{len(dialogues) + 1}")
        dialogue = dialogues.setdefault(name, {"SpeakerInfo": {}, "Dialog": {}})
        id_ = f"{name}_{row.turn + 1}"
        dialogue["SpeakerInfo"][_letter(row)] = {
            "Name": f"说话人{row.speaker + 1}",
            "Age": "mid",
            "Gender": row.gender,
            "OtherName": [],
        }
        dialogue["Dialog"][id_] = _record(row)
        english.append((id_, row.text["en"]))
    (root / "annotation.json").write_text(json.dumps(content, ensure_ascii=False, indent=4), encoding="utf-8")
    (root / "splitInfo").mkdir(exist_ok=True)
    for split, file in _LISTS.items():
        movies = [movie for movie in sorted(splits) if splits[movie] == split]
        (root / "splitInfo" / file).write_text("\n".join(movies), encoding="utf-8")
    _write_english(root / "translation_en.csv", english)


def _letter(row: Drawn) -> str:
    return "A" if row.speaker < row.partner else "B"


def _record(row: Drawn) -> dict[str, Any]:
    votes = [_LABEL[emotion] for emotion in row.votes.values()]
    agreed = [label for label, count in Counter(votes).most_common() if count > 1]
    return {
        "StartTime": _time(math.floor(round(row.start * FRAMES_PER_SECOND, 6))),
        "EndTime": _time(math.ceil(round(row.end * FRAMES_PER_SECOND, 6))),
        "Text": row.text["zh"],
        "Speaker": _letter(row),
        "EmoAnnotation": {
            **{f"EmoAnnotator{number}": label for number, label in enumerate(votes, 1)},
            "final_mul_emo": ",".join(agreed or [_LABEL[row.emotion]]),
            "final_main_emo": _LABEL[row.emotion],
        },
    }


def _time(frames: int) -> str:
    whole, part = divmod(frames, FRAMES_PER_SECOND)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{part:02d}"


def _write_english(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("id", "text_en"))
        table.writerows(rows)
