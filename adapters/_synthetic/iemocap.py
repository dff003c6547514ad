"""Write drawn utterances in the layout of IEMOCAP: EmoEvaluation and transcriptions of five sessions.

Fold n is session n; impro and script dialogues alternate, and so does the marker letter in their names. A Chinese
translation, `translation_zh.csv` with the columns `id,text_zh`, lies at the root.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from harness.synth import Drawn

LABEL = {
    "happy": ("hap", "exc"),  # in turns
    "surprise": ("sur",),
    "sad": ("sad",),
    "disgust": ("dis",),
    "anger": ("ang",),
    "fear": ("fea",),
    "neutral": ("neu",),
}
CATEGORY = {
    "happy": "Happiness",
    "surprise": "Surprise",
    "sad": "Sadness",
    "disgust": "Disgust",
    "anger": "Anger",
    "fear": "Fear",
    "neutral": "Neutral state",
}
LETTER = {"female": "F", "male": "M"}
_RATERS = 5  # as many whole numbers as it takes for their mean to give 3 + 2 * valence, a multiple of .4


def write(root: Path, drawn: Sequence[Drawn]) -> None:
    """Write the release below `root`."""
    names = _turn_names(drawn)
    dialogues: dict[tuple[int, str], list[tuple[str, Drawn]]] = {}
    for name, row in zip(names, drawn, strict=True):
        dialogues.setdefault((row.fold, name.rpartition("_")[0]), []).append((name, row))
    for (fold, dialogue), turns in dialogues.items():
        folder = root / f"Session{fold}" / "dialog"
        blocks = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n", *(_block(*turn) for turn in turns)]
        _write(folder / "EmoEvaluation" / f"{dialogue}.txt", "\n".join(blocks))
        _write(folder / "transcriptions" / f"{dialogue}.txt", "".join(_transcript(*turn) for turn in turns))
    with (root / "translation_zh.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [[name, row.text["zh"]] for name, row in zip(names, drawn, strict=True)]
        csv.writer(file).writerows([["id", "text_zh"], *rows])


def _turn_names(drawn: Sequence[Drawn]) -> list[str]:
    """Name the turns; the two speakers of a dialogue count separately, each from 000."""
    order = {fold: list(dict.fromkeys(row.dialogue for row in drawn if row.fold == fold)) for fold in range(1, 6)}
    count: Counter[str] = Counter()
    names = []
    for row in drawn:
        speaker = f"{_dialogue_name(row.fold, order[row.fold].index(row.dialogue))}_{LETTER[row.gender]}"
        names.append(f"{speaker}{count[speaker]:03d}")
        count[speaker] += 1
    return names


def _dialogue_name(fold: int, number: int) -> str:
    performance = f"impro{number // 2 + 1:02d}" if number % 2 == 0 else f"script{number // 2 + 1:02d}_1"
    return f"Ses0{fold}{'FM'[number // 2 % 2]}_{performance}"


def _block(name: str, row: Drawn) -> str:
    """Return an utterance's lines; three evaluators name a category, five rate the attributes."""
    labels = LABEL[row.emotion]
    total = round(_RATERS * (3 + 2 * row.valence))
    ratings = [total // _RATERS + (rater < total % _RATERS) for rater in range(_RATERS)]
    lines = [
        f"[{row.start:.4f} - {row.end:.4f}]\t{name}\t{labels[row.turn % len(labels)]}\t"
        f"[{total / _RATERS:.4f}, 3.0000, 3.0000]",
        *(f"C-E{number}:\t{CATEGORY[emotion]};\t()" for number, emotion in enumerate(row.votes.values(), 2)),
        f"C-{LETTER[row.gender]}1:\t{CATEGORY[row.emotion]};\t()",
        *(f"A-E{number}:\tval {rating}; act 3; dom  3;\t()" for number, rating in enumerate(ratings, 1)),
    ]
    return "\n".join(lines) + "\n"


def _transcript(name: str, row: Drawn) -> str:
    return f"{name} [{row.start:08.4f}-{row.end:08.4f}]: {row.text['en']}\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
