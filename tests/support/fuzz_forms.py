"""Small valid releases of the five corpora in the forms that their adapters read, with empty files for clips."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from small_studies import DATA

from harness.core.plugins import find
from harness.corpora.synthetic.world import World, draw
from harness.study.utterance import SPLITS, Utterance

SMALL = World(utterances=40, dialogues=20, speakers=10)
EXCERPTS = DATA
CLIPS: Mapping[str, Callable[[Utterance], str]] = {
    "ch_sims": lambda row: f"Raw/{row.id.replace('$_$', '/')}.mp4",
    "emotiontalk": lambda row: f"Audio/wav/{row.dialogue}/{row.id}.wav",
    "iemocap": lambda row: f"Session1/sentences/wav/{row.dialogue}/{row.id}.wav",
    "m3ed": lambda row: f"wav/{row.speaker}_{row.id}.wav",
    "meld": lambda row: f"{row.split}/{row.split}_splits/{row.id.partition('_')[2]}.mp4",
}


def synthetic(corpus: str, root: Path) -> None:
    """Write what the corpus' writer writes, and clips for every fifth utterance."""
    find("synthetic layout", corpus).write(root, draw(SMALL, corpus))
    for row in find("corpus", corpus).read(root).utterances[::5]:
        clip = root / CLIPS[corpus](row)
        clip.parent.mkdir(parents=True, exist_ok=True)
        clip.touch()


def emotiontalk(corpus: str, root: Path) -> None:
    """Write four files for every utterance of a few dialogues: opening them is what a trial's time goes to."""
    synthetic(corpus, root)
    rows = find("corpus", corpus).read(root).utterances
    few = {row.id for split in SPLITS for row in [row for row in rows if row.split == split][:8]}
    for path in [*root.rglob("*.json"), *root.rglob("*.wav")]:
        if path.stem not in few:
            path.unlink()


def ch_sims_2020(corpus: str, root: Path) -> None:
    """Write one file a view, and the splits as row numbers."""
    synthetic(corpus, root)
    rows = _read(root / "label.csv")
    (root / "label.csv").unlink()
    for view in ("", "_T", "_A", "_V"):
        cells = [[row["video_id"], int(row["clip_id"]), row["text"], row[f"label{view}"]] for row in rows]
        _write(root / f"metadata/sentiment/label{view or '_M'}.csv", ["video_id", "clip_id", "text", "label"], cells)
    for mode, name in (("train", "train"), ("valid", "val"), ("test", "test")):
        numbers = [[number] for number, row in enumerate(rows) if row["mode"] == mode]
        _write(root / f"metadata/{name}_index.csv", ["index"], numbers)


def meld_dyadic(corpus: str, root: Path) -> None:
    """Write the tables of dialogues of two, which keep the clips' numbers in two columns of their own."""
    synthetic(corpus, root)
    for path in sorted(root.rglob("*_sent_emo.csv")):
        rows = _read(path)
        path.unlink()
        header = [*rows[0], "Old_Dialogue_ID", "Old_Utterance_ID"]
        cells = [[*row.values(), row["Dialogue_ID"], row["Utterance_ID"]] for row in rows]
        _write(path.with_name(f"{path.stem}_dya.csv"), header, cells)


def m3ed_table(corpus: str, root: Path) -> None:
    """Copy the made-up label table."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(EXCERPTS / corpus / "labels_emobox.csv", root)


def emotiontalk_pack(corpus: str, root: Path) -> None:
    """Copy the made-up label pack, with one file of pickled arrays."""
    shutil.copytree(EXCERPTS / corpus, root / "dataset", dirs_exist_ok=True)
    codes = {"train": {"G00002_01_05_001": 1, "G00002_01_06_002": 1}, "val": {"G00001_03_01_010": 3}}
    codes["test"] = {"G00003_02_02_004": 4}
    arrays: dict[str, Any] = {}
    for split, coded in codes.items():
        arrays[f"{split}_corpus"] = np.empty((), dtype=object)
        arrays[f"{split}_corpus"][()] = {name: {"emo": code, "val": 0.4} for name, code in coded.items()}
    np.savez(root / "dataset" / "mm_label.npz", **arrays)


FORMS: Mapping[str, tuple[str, Callable[[str, Path], None]]] = {
    **{corpus: (corpus, synthetic) for corpus in CLIPS},
    "emotiontalk": ("emotiontalk", emotiontalk),
    "ch_sims of 2020": ("ch_sims", ch_sims_2020),
    "emotiontalk, label pack": ("emotiontalk", emotiontalk_pack),
    "m3ed, label table": ("m3ed", m3ed_table),
    "meld, dyadic": ("meld", meld_dyadic),
}


def write_form(form: str, folder: Path) -> str:
    """Write the small release of this form and return its corpus."""
    corpus, write = FORMS[form]
    folder.mkdir(parents=True)
    write(corpus, folder)
    return corpus


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, header: list[str], rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
