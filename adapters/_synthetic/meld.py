"""Write drawn utterances in the layout of MELD.Raw: three tables, and the Chinese translation beside them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.corpus import SPLITS, Split
from harness.synth import Drawn

LABEL = {
    "happy": "joy",
    "surprise": "surprise",
    "sad": "sadness",
    "disgust": "disgust",
    "anger": "anger",
    "fear": "fear",
    "neutral": "neutral",
}
TABLE: Mapping[Split, str] = {
    "train": "train/train_sent_emo.csv",
    "dev": "dev_sent_emo.csv",
    "test": "test_sent_emo.csv",
}
_COLUMNS = (
    *("Sr No.", "Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID"),
    *("Season", "Episode", "StartTime", "EndTime"),
)
_TRANSLATION = ("split", "Dialogue_ID", "Utterance_ID", "clip", "text_zh", "text_en", "zh_suspect")


def write(root: Path, drawn: Sequence[Drawn]) -> None:
    """Write the release below `root`; every drawn dialogue is an episode of its own."""
    numbers = _dialogue_numbers(drawn)
    for split in SPLITS:
        rows = [row for row in drawn if row.split == split]
        _write(
            root / TABLE[split],
            _COLUMNS,
            [_line(serial, row, numbers[row.dialogue]) for serial, row in enumerate(rows, 1)],
        )
    _write(root / "translation_zh.csv", _TRANSLATION, [_translation(row, numbers[row.dialogue]) for row in drawn])


def _dialogue_numbers(drawn: Sequence[Drawn]) -> dict[int, int]:
    """Number the dialogues from 0 in each split, as the release does."""
    numbers: dict[int, int] = {}
    for split in SPLITS:
        dialogues = dict.fromkeys(row.dialogue for row in drawn if row.split == split)
        numbers |= {dialogue: number for number, dialogue in enumerate(dialogues)}
    return numbers


def _line(serial: int, row: Drawn, number: int) -> list[object]:
    sentiment = "positive" if row.valence > 0 else "negative" if row.valence < 0 else "neutral"
    return [
        *(serial, row.text["en"], f"Speaker {row.speaker}", LABEL[row.emotion], sentiment, number, row.turn),
        *(1, row.dialogue + 1, _clock(row.start), _clock(row.end)),
    ]


def _translation(row: Drawn, number: int) -> list[object]:
    return [row.split, number, row.turn, f"dia{number}_utt{row.turn}", row.text["zh"], row.text["en"], ""]


def _clock(seconds: float) -> str:
    millis = round(seconds * 1000)
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d},{millis % 1000:03d}"


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
