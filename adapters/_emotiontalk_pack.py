"""Read EmotionTalk's label pack, the CSV and NPZ files of the authors' repository, each held against the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from harness.api import ReleaseError, Split, Tree, read_csv

from ._emotiontalk_rows import Form, Raw, parse_id, parse_label
from ._inert_npz import read_inert_npz
from ._layout import one_copy

TABLES = {"text": "transcription.csv", "multimodal": "mm.csv", "audio": "audio.csv", "video": "video.csv"}
ARRAYS = {
    "text": "txt_label.npz",
    "multimodal": "mm_label.npz",
    "audio": "audio_label.npz",
    "video": "video_label.npz",
}

_MEMBERS: dict[str, Split] = {"train_corpus": "train", "val_corpus": "dev", "test_corpus": "test"}
_CODES = ("neutral", "happy", "sad", "angry", "surprised", "disgusted", "fearful")  # as `emo` counts them
_NO_VALUE = -10


def find_pack(tree: Tree) -> dict[str, str]:
    """Find the files of the pack by name, all of one copy."""
    return one_copy(tree, (*TABLES.values(), *ARRAYS.values()))


def read_pack(tree: Tree, pack: Mapping[str, str], splits: Mapping[str, Split], known: Collection[str]) -> Form:
    """Read every label of the pack.

    Args:
        tree: the release.
        pack: file name -> path in the tree, as found by `find_pack`.
        splits: recording group -> split; a group that is not in it is train.
        known: the label strings.

    Raises:
        ReleaseError: a table is damaged, repeats an utterance, or disagrees with the array of its view.
    """
    rows: dict[str, Raw] = {}
    for view in TABLES:
        table, array = (tree.path(pack[name]) if name in pack else None for name in (TABLES[view], ARRAYS[view]))
        if table:
            _read_table(table, view, rows, known)
        if array:
            _read_array(array, view, rows, splits, table)
    return Form(
        variant=f"label pack ({', '.join(view for view in TABLES if TABLES[view] in pack or ARRAYS[view] in pack)})",
        rows=rows,
        files=sorted(pack.values()),
        notes=_value_note(rows),
    )


def _read_table(path: Path, view: str, rows: dict[str, Raw], known: Collection[str]) -> None:
    column = "name" if view == "text" else "file_name"
    lines: dict[str, int] = {}
    for row in read_csv(path, (column, "emotion", "chinese") if view == "text" else (column, "emotion")):
        utterance = row[column].replace("\\", "/").rpartition("/")[2].partition(".")[0]
        parse_id(utterance, path, row.line)
        if utterance in lines:
            raise ReleaseError(path, f"{utterance} stands in line {lines[utterance]} too", row=row.line)
        lines[utterance] = row.line
        raw = rows.setdefault(utterance, Raw())
        raw.labels[view] = parse_label(row["emotion"], known, path, row.line)
        if view == "text":
            raw.text = row["chinese"]


def _read_array(path: Path, view: str, rows: dict[str, Raw], splits: Mapping[str, Split], table: Path | None) -> None:
    """Take the sentiment value from an array, and its labels where the view has no table."""
    seen: set[str] = set()
    for utterance, split, label, value in _entries(path):
        raw = rows.setdefault(utterance, Raw()) if table is None else rows.get(utterance, Raw())
        if table is None:
            raw.labels[view] = label
        elif raw.labels.get(view) != label:
            stated = raw.labels.get(view)
            raise ReleaseError(path, f"calls {utterance} {label!r}", expected=f"{stated!r}, as {table.name} says")
        official = splits.get(utterance.partition("_")[0], "train")
        if split != official:
            raise ReleaseError(path, f"{utterance} stands in {split}", expected=f"it in {official}")
        seen.add(utterance)
        if view == "multimodal":
            raw.native["val"] = value
    missing = next((utterance for utterance, raw in rows.items() if view in raw.labels and utterance not in seen), "")
    if missing:
        raise ReleaseError(path, f"lacks {missing}", expected=f"every utterance of {(table or path).name}")


def _entries(path: Path) -> Iterator[tuple[str, Split, str, float | None]]:
    """Yield id, split, label and sentiment value of every entry of an array file."""
    for member, entries in read_inert_npz(path, tuple(_MEMBERS)).items():
        if not isinstance(entries, dict):
            raise ReleaseError(
                path, f"{member} holds a value of type {type(entries).__name__}", expected="id -> {emo, val}"
            )
        for utterance, entry in entries.items():
            parse_id(utterance, path)
            code, value = (entry.get("emo"), entry.get("val")) if isinstance(entry, dict) else (None, None)
            if type(code) is not int or not 0 <= code < len(_CODES) or not _is_value(value):
                raise ReleaseError(path, f"the entry of {utterance} is damaged", expected="{emo: 0 to 6, val: number}")
            yield utterance, _MEMBERS[member], _CODES[code], None if value == _NO_VALUE else value


def _is_value(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and _NO_VALUE <= value <= -_NO_VALUE  # NaN is not either


def _value_note(rows: Mapping[str, Raw]) -> list[str]:
    values = [raw.native.get("val") for raw in rows.values() if raw.labels.get("multimodal") == "happy"]
    given = [value for value in values if value is not None]
    if not given:
        return []
    negative = sum(value < 0 for value in given)
    return [
        f"`val` of mm_label.npz is negative in {negative:,} of {len(given):,} happy rows, as if votes of +1 had been "
        "stored as -1; it is kept as a native field and never used as valence"
    ]
