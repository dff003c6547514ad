"""Write drawn utterances in the layout of CH-SIMS v1: label.csv, a clip per row, and the English translation."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.api import POLARITY_OF_EMOTION
from harness.corpora.synthetic.making import Making
from harness.corpora.synthetic.media import Take
from harness.corpora.synthetic.world import Drawn, World

RATE = 44100
DEFECTS = {
    "stripped_ids": "clip ids in the table have lost their zeros (0001 is 1)",
    "headerless": "the table has no header line",
    "bom": "the table begins with a byte order mark",
    "surplus_clips": "clips lie there that no row of the table is about",
}
LABEL_DEFECTS = ()
MODE = {"train": "train", "dev": "valid", "test": "test"}
_COLUMNS = ("video_id", "clip_id", "text", "label", "label_T", "label_A", "label_V", "annotation", "mode")
_TRANSLATION = ("video_id", "clip_id", "text_zh", "text_en", "en_suspect")
_SIGN = {"positive": 1, "neutral": 0, "negative": -1}


def write(root: Path, drawn: Sequence[Drawn], making: Making | None = None) -> list[Take]:
    """Write the tables below `root` and return the clips to be made; a dialogue is a video, a turn one of its clips."""
    making = making or Making("ch_sims", World())
    root.mkdir(parents=True, exist_ok=True)
    lines = [_line(row) for row in drawn]
    if making.has("stripped_ids", len(lines)):
        lines = [[line[0], line[1].lstrip("0"), *line[2:]] for line in lines]
    header = [] if making.has("headerless") else [_COLUMNS]
    _write(root / "label.csv", [*header, *lines], "utf-8-sig" if making.has("bom") else "utf-8")
    _write(
        root / "translation_en.csv",
        [_TRANSLATION, *([*_clip(row), row.text["zh"], row.text["en"], ""] for row in drawn)],
    )
    return list(_clips(root, drawn, making)) if making.media else []


def _clips(root: Path, drawn: Sequence[Drawn], making: Making) -> Iterator[Take]:
    for row in drawn:
        yield Take(root.joinpath("Raw", *_clip(row)).with_suffix(".mp4"), (row,), making.corpus, making.world, RATE, 2)
    if making.has("surplus_clips", 5):
        for number, row in enumerate(drawn[:5]):
            path = root / "Raw" / _clip(row)[0] / f"{9001 + number}.mp4"
            yield Take(path, (row,), making.corpus, making.world, RATE, 2)


def _clip(row: Drawn) -> list[str]:
    return [f"video_{row.dialogue + 1:04d}", f"{row.turn + 1:04d}"]


def _line(row: Drawn) -> list[str]:
    annotation = "Positive" if row.valence > 0 else "Negative" if row.valence < 0 else "Neutral"
    views = [_label(row, view) for view in ("text", "audio", "video")]
    return [*_clip(row), row.text["zh"], f"{row.valence:.1f}", *views, annotation, MODE[row.split]]


def _label(row: Drawn, view: str) -> str:
    """Return the label of one modality: the sign of its class, as strong as the whole clip (0.6 if that is neutral)."""
    emotion = row.views[view]
    drawn_sign = (row.valence > 0) - (row.valence < 0)
    sign = _SIGN[POLARITY_OF_EMOTION[emotion]] if emotion in POLARITY_OF_EMOTION else drawn_sign
    return f"{sign * (abs(row.valence) or 0.6):.1f}"


def _write(path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
