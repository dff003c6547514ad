"""Write drawn utterances as M3ED's `annotation.json` with its movie lists, speech clips and an English translation."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.corpora.synthetic.making import Making
from harness.corpora.synthetic.media import Take
from harness.corpora.synthetic.world import Drawn, World

from .._m3ed_rows import FRAMES_PER_SECOND
from ..m3ed import EMOTION

_LABEL = {emotion: label for label, emotion in EMOTION.items()}
DEFECTS = {
    "zero_length": "speech clips without a single sample",
    "swapped_letter": "a clip whose speaker letter is not that of the annotation",
    "id_gaps": "dialogues in which a number of an utterance is left out",
    "placeholder_name": "a speaker without a name (<movie>_p1), and one whose name begins with blanks",
    "misspelt_votes": "votes that are spelt as no label is (Happpy, Angry, Surprised)",
}
LABEL_DEFECTS = ()
_ANNOTATORS = ("EmoAnnotator1", "EmoAnnotator2", "EmoAnnotator3")
_MISSPELT = {"Happy": "Happpy", "Anger": "Angry", "Surprise": "Surprised"}
_LISTS = {"train": "movie_list_train.txt", "dev": "movie_list_val.txt", "test": "movie_list_test.txt"}


def write(root: Path, drawn: Sequence[Drawn], making: Making | None = None) -> list[Take]:
    """Write the annotation, the movie lists and the translation below `root`, and return the clips to be made.

    A fold becomes a series, so that no speaker crosses series. Times are rounded outward to frames of 40 ms, as the
    authors did.
    """
    making = making or Making("m3ed", World())
    content: dict[str, dict[str, Any]] = {}
    splits: dict[str, str] = {}
    english: list[tuple[str, str]] = []
    ids = _ids(drawn, making)
    misspelt = "misspelt_votes" in making.defects
    nameless = making.has("placeholder_name", 2)
    for row, id_ in zip(drawn, ids, strict=True):
        movie, dialogue_name = f"juji{row.fold}", id_.rpartition("_")[0]
        splits[movie] = row.split
        dialogue = content.setdefault(movie, {}).setdefault(dialogue_name, {"SpeakerInfo": {}, "Dialog": {}})
        dialogue["SpeakerInfo"][_letter(row)] = {
            "Name": _name(row, movie, nameless),
            "Age": "mid",
            "Gender": row.gender,
            "OtherName": [],
        }
        record = dialogue["Dialog"][id_] = _record(row)
        if misspelt and row.dialogue % 10 == 0:
            making.counts["misspelt_votes"] += _misspell(record["EmoAnnotation"])
        english.append((id_, row.text["en"]))
    (root / "annotation.json").write_text(json.dumps(content, ensure_ascii=False, indent=4), encoding="utf-8")
    (root / "splitInfo").mkdir(exist_ok=True)
    for split, file in _LISTS.items():
        movies = [movie for movie in sorted(splits) if splits[movie] == split]
        (root / "splitInfo" / file).write_text("\n".join(movies), encoding="utf-8")
    _write_english(root / "translation_en.csv", english)
    return list(_clips(root, drawn, ids, making)) if making.media else []


def _ids(drawn: Sequence[Drawn], making: Making) -> list[str]:
    """Name the utterances; a dialogue with a gap leaves the number 2 out."""
    gaps = making.has("id_gaps", 0)
    names: dict[int, str] = {}
    count: Counter[int] = Counter()
    ids = []
    for row in drawn:
        if row.dialogue not in names:
            count[row.fold] += 1
            names[row.dialogue] = f"juji{row.fold}_{count[row.fold]}"
            making.counts["id_gaps"] += gaps and row.dialogue % 10 == 0
        skipped = gaps and row.dialogue % 10 == 0 and row.turn > 0
        ids.append(f"{names[row.dialogue]}_{row.turn + 1 + skipped}")
    return ids


def _name(row: Drawn, movie: str, nameless: bool) -> str:
    """Return a speaker's name; the first two speakers of all are those whose names may be odd."""
    odd = {0: f"{movie}_p1", 1: f"  说话人{row.speaker + 1}"} if nameless else {}
    return odd.get(row.speaker, f"说话人{row.speaker + 1}")


def _clips(root: Path, drawn: Sequence[Drawn], ids: Sequence[str], making: Making) -> Iterator[Take]:
    silent = making.pick(drawn, "train", 3, "zero_length")
    swapped = making.pick(drawn, "test", 1, "swapped_letter")
    for row, id_ in zip(drawn, ids, strict=True):
        place = row.dialogue, row.turn
        letter = {"A": "B", "B": "A"}[_letter(row)] if place in swapped else _letter(row)
        path = root / "modality_speech" / f"{letter}_{id_}.wav"
        yield Take(path, (row,), making.corpus, making.world, damage="no_samples" if place in silent else "")


def _letter(row: Drawn) -> str:
    return "A" if row.speaker < row.partner else "B"


def _misspell(votes: dict[str, str]) -> int:
    """Misspell the votes of an utterance and return how many were."""
    wrong = {name: _MISSPELT[label] for name, label in votes.items() if name in _ANNOTATORS and label in _MISSPELT}
    votes.update(wrong)
    return len(wrong)


def _record(row: Drawn) -> dict[str, Any]:
    votes = [_LABEL[emotion] for emotion in row.votes.values()]
    agreed = [label for label, count in Counter(votes).most_common() if count > 1]
    return {
        "StartTime": _time(math.floor(round(row.start * FRAMES_PER_SECOND, 6))),
        "EndTime": _time(math.ceil(round(row.end * FRAMES_PER_SECOND, 6))),
        "Text": row.text["zh"],
        "Speaker": _letter(row),
        "EmoAnnotation": {
            **dict(zip(_ANNOTATORS, votes, strict=True)),
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
