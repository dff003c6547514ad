"""Read the layouts in which CH-SIMS was released into one form: entries with their cells as published.

label.csv                                v1; 9 columns, 7 in some copies, without a header line in others
meta.csv                                 v2, same columns; its unlabelled part has no `mode` and empty labels
metadata/sentiment/label_{T,A,V,M}.csv   v1 as of 2020, with metadata/{train,val,test}_index.csv
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.api import VALENCE, Dropped, ReleaseError, Row, Split, Tree, trimmed

from ._layout import Seen, index, nearest, no_release, number, one_copy, read_rows

COLUMNS = ("video_id", "clip_id", "text", "label", "label_T", "label_A", "label_V", "annotation", "mode")
REQUIRED = COLUMNS[:4]
LABELS = COLUMNS[3:8]
SPLIT_OF_MODE: Mapping[str, Split] = {"train": "train", "valid": "dev", "val": "dev", "dev": "dev", "test": "test"}
MARKERS = "label.csv (v1), meta.csv (v2) or metadata/sentiment/label_M.csv (v1 as of 2020)"


@dataclass(frozen=True, slots=True)
class SplitEntry:
    """One labelled clip; `cells` holds the label columns as published, `values` those that are numbers."""

    video: str
    clip: str
    text: str
    split: Split
    cells: Mapping[str, str]
    values: Mapping[str, float | None]
    path: Path
    line: int

    @property
    def id(self) -> str:
        """Return the id as the authors' feature files write it."""
        return join_id(self.video, self.clip)


@dataclass(slots=True)
class Layout:
    """One layout, read; `columns` are the label columns it has."""

    version: str
    variant: str
    columns: tuple[str, ...]
    entries: list[SplitEntry]
    files: list[Path]
    dropped: list[Dropped] = field(default_factory=list)


def join_id(video: str, clip: str) -> str:
    """Return `video_0001$_$0001`; a single underscore would not separate, clip ids may contain one."""
    return f"{video}$_${clip}"


def whole_clip_id(clip: str) -> str:
    """Give back the zeros that a clip id lost when it was read as a number."""
    return clip.zfill(4) if clip.isdecimal() else clip


def read_layout(tree: Tree) -> Layout:
    """Read the layout found below `root`; ReleaseError if there is none, or v1 and v2 are both there."""
    first, second, old = (nearest(tree, name) for name in ("label.csv", "meta.csv", "label_M.csv"))
    if first is not None and second is not None:
        raise ReleaseError(
            tree.root,
            f"holds v1 ({first.relative_to(tree.root)}) and v2 ({second.relative_to(tree.root)})",
            expected="one of them, because v1 is contained in v2",
            todo="link the folder of one of them",
        )
    if first is not None:
        return _read_table(tree.root, "v1", first)
    if second is not None:
        return _read_table(tree.root, "v2", second)
    if old is not None:
        return _read_2020(tree, old)
    raise no_release("ch_sims", "CH-SIMS", tree, MARKERS)


def _read_table(root: Path, version: str, path: Path) -> Layout:
    rows = _with_ids(read_rows(path, REQUIRED, headerless=COLUMNS))
    columns = tuple(column for column in LABELS if column in rows[0])
    layout = Layout(version, f"{version}, {path.name}, {len(rows[0])} columns", columns, [], [path])
    seen = Seen()
    for row in rows:
        clip = whole_clip_id(row["clip_id"]) if version == "v1" else row["clip_id"]  # v2 mixes four and five digits
        seen.note(join_id(row["video_id"], clip), path, row.line)
        if row["label"].strip() or row.get("annotation", "").strip():
            cells = {name: row[name] for name in columns}
            values = {name: _value(row, name) for name in columns if name != "annotation"}
            layout.entries.append(_entry(row, clip, _split(row), cells, values))
        else:
            layout.dropped.append(Dropped(f"{path.relative_to(root).as_posix()}, line {row.line}", "unlabelled"))
    return layout


def _with_ids(rows: list[Row]) -> list[Row]:
    """Return rows without blanks around their ids, which would make dialogues of their own; a blank id is an error."""
    for row in rows:
        for column in ("video_id", "clip_id"):
            row[column] = trimmed(row[column])
            if not row[column]:
                raise ReleaseError(row.path, f"{column} is blank", row=row.line, expected="the name of a clip")
    return rows


def _entry(
    row: Row, clip: str, split: Split, cells: Mapping[str, str], values: Mapping[str, float | None]
) -> SplitEntry:
    every = {**dict.fromkeys(LABELS, ""), **cells}
    return SplitEntry(row["video_id"], clip, row["text"], split, every, values, row.path, row.line)


def _value(row: Row, column: str) -> float | None:
    value = number(row[column], column, row.path, row.line)
    if value is not None and not VALENCE.low <= value <= VALENCE.high:
        raise ReleaseError(row.path, f"{column} is {value:g}", row=row.line, expected="a number from -1 to 1")
    return value


def _split(row: Row) -> Split:
    """Return the split of a labelled row; only rows without a label may lack the columns `annotation` and `mode`."""
    for column in ("annotation", "mode"):
        if column not in row:
            raise ReleaseError(row.path, f"column {column!r} is missing", row=1, expected=", ".join(COLUMNS))
    mode = row["mode"].strip()
    if mode not in SPLIT_OF_MODE:
        raise ReleaseError(row.path, f"mode is {row['mode']!r}", row=row.line, expected=" or ".join(SPLIT_OF_MODE))
    return SPLIT_OF_MODE[mode]


def _read_2020(tree: Tree, main: Path) -> Layout:
    """Read label_M.csv, the further label files beside it and the three index files, whose rows count from 0."""
    rows = _with_ids(read_rows(main, REQUIRED))
    seen = Seen()
    for row in rows:
        seen.note(_id_2020(row), main, row.line)
    paths = {f"label_{letter}": main.with_name(f"label_{letter}.csv") for letter in "TAV"}
    present = {column: path for column, path in paths.items() if path.relative_to(tree.root).as_posix() in tree}
    tables = {column: _read_view(path, main, rows) for column, path in present.items()}
    splits, files = _read_splits(tree, main, len(rows))
    layout = Layout("v1", "v1, files of 2020 (metadata/)", ("label", *tables), [], [main, *files])
    layout.files[1:1] = [paths[column] for column in tables]
    for line, row in enumerate(rows):
        if line in splits:
            marked = {"label": row} | {column: table[_id_2020(row)] for column, table in tables.items()}
            cells = {column: other["label"] for column, other in marked.items()}
            values = {column: _value(other, "label") for column, other in marked.items()}
            layout.entries.append(_entry(row, whole_clip_id(row["clip_id"]), splits[line], cells, values))
        else:
            layout.dropped.append(Dropped(f"{main.relative_to(tree.root).as_posix()}, line {row.line}", "in no split"))
    return layout


def _id_2020(row: Row) -> str:
    return join_id(row["video_id"], whole_clip_id(row["clip_id"]))


def _read_view(path: Path, main: Path, rows: list[Row]) -> dict[str, Row]:
    """Map ids to the rows of one modality; both files must be about the same clips."""
    labels: dict[str, Row] = {}
    seen = Seen()
    for row in _with_ids(read_rows(path, REQUIRED)):
        seen.note(_id_2020(row), path, row.line)
        labels[_id_2020(row)] = row
    odd = labels.keys() ^ {_id_2020(row) for row in rows}
    if odd:
        raise ReleaseError(path, f"{min(odd)!r} stands in only one of it and {main.name}", expected="the same clips")
    return labels


def _read_splits(tree: Tree, main: Path, count: int) -> tuple[dict[int, Split], list[Path]]:
    splits: dict[int, Split] = {}
    files, seen = [], Seen()
    names = {mode: f"{mode}_index.csv" for mode in ("train", "val", "test")}
    copy = one_copy(tree, list(names.values()), below=main.parent.parent.relative_to(tree.root).as_posix())
    for mode, name in names.items():
        path = tree.path(copy[name]) if name in copy else None
        if path is None:
            raise ReleaseError(
                tree.root, f"{mode}_index.csv is missing below it", expected=f"it beside {main.parent.name}/"
            )
        files.append(path)
        for row in read_rows(path, ("index",)):
            line = index(row["index"], "index", path, row.line)
            if line >= count:
                raise ReleaseError(
                    path, f"index {line} is past the last row", row=row.line, expected=f"0 to {count - 1}"
                )
            seen.note(f"row {line}", path, row.line)
            splits[line] = SPLIT_OF_MODE[mode]
    return splits, files
