"""Write drawn utterances in the layout of CH-SIMS v1: label.csv, and the English translation beside it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from harness.labels import POLARITY_OF_EMOTION
from harness.synth import Drawn

MODE = {"train": "train", "dev": "valid", "test": "test"}
_COLUMNS = ("video_id", "clip_id", "text", "label", "label_T", "label_A", "label_V", "annotation", "mode")
_TRANSLATION = ("video_id", "clip_id", "text_zh", "text_en", "en_suspect")
_SIGN = {"positive": 1, "neutral": 0, "negative": -1}


def write(root: Path, drawn: Sequence[Drawn]) -> None:
    """Write the release below `root`; every drawn dialogue is a video, every turn a clip."""
    root.mkdir(parents=True, exist_ok=True)
    _write(root / "label.csv", _COLUMNS, [_line(row) for row in drawn])
    _write(
        root / "translation_en.csv",
        _TRANSLATION,
        [[*_clip(row), row.text["zh"], row.text["en"], ""] for row in drawn],
    )


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


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
