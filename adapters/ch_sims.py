"""CH-SIMS: Mandarin clips from films, series and shows, each with a sentiment from -1 to 1.

v1: 2,281 clips of 60 videos. v2, the labelled part: 4,403 clips of 145 videos; v1 is contained in it. Besides the
sentiment of the clip as a whole there is one of its text, its sound and its silent picture alone.
Origin: Tsinghua University (thuiar). Papers: Yu et al., ACL 2020 (v1); Liu et al., ICMI 2022 (v2).
Access: links in the README of the repository thuiar/MMSA, no form. Terms: none stated for the data.

The official splits are disjoint in neither videos nor speakers, and no speakers are released. A video counts as one
dialogue here. The sound of a clip is the audio track of its mp4, unless there is an audio file of that name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

from harness.api import (
    BLANK,
    EMOTION4,
    EMOTION7,
    NOT_ANNOTATED,
    POLARITY3,
    VALENCE,
    Annotation,
    Published,
    Release,
    Shared,
    Tree,
    UnknownLabelError,
    Utterance,
    absent,
    share_number,
    sign_polarity,
)

from ._ch_sims_clips import Clips
from ._ch_sims_layouts import Layout, SplitEntry, join_id, read_layout, whole_clip_id
from ._clips import hidden_media, media_files
from ._layout import check_root, further_copies, packed
from ._translations import attach

TITLE = "CH-SIMS"
LANGUAGE = "zh"
FAMILY = "ch_sims"
LICENCE = "none stated for the data"
ACCESS = "links in the README of thuiar/MMSA (Baidu, Google Drive); no form"
CITATION = "Yu et al., CH-SIMS, ACL 2020; Liu et al., CH-SIMS v2, ICMI 2022"
VIEWS = ("multimodal", "text", "audio", "video")
SPACES: Mapping[str, str | None] = {
    "emotion7": None,
    "emotion4": None,
    "polarity3": "the column annotation, which is the sign of label; of a single modality the sign of its label",
    "valence": "the column label, mean of five votes; of a single modality label_T, label_A, label_V",
}

ANNOTATION = {"Negative": "negative", "Neutral": "neutral", "Positive": "positive"}
COLUMN_OF_VIEW = {"text": "label_T", "audio": "label_A", "video": "label_V"}

_NAMES = ("Negative", "Positive", "Neutral")
_GRID = ("-1.0", "-0.8", "-0.6", "-0.4", "-0.2", "0.0", "0.2", "0.4", "0.6", "0.8", "1.0")
_GRID_V2 = (*_GRID[:5], "-0.1", *_GRID[5:])  # one clip of v2 lies off the grid
PUBLISHED = {
    "v1": (
        Published(
            "Yu et al., ACL 2020 (sizes); labels of MERBench",
            "annotation",
            {
                "train": dict(zip(_NAMES, (742, 419, 207), strict=True)),
                "dev": dict(zip(_NAMES, (248, 139, 69), strict=True)),
                "test": dict(zip(_NAMES, (248, 140, 69), strict=True)),
            },
        ),
        Published(
            "labels of MERBench",
            "label",
            {
                "train": dict(zip(_GRID, (373, 79, 90, 80, 120, 207, 83, 46, 79, 55, 156), strict=True)),
                "dev": dict(zip(_GRID, (124, 27, 30, 27, 40, 69, 27, 16, 26, 18, 52), strict=True)),
                "test": dict(zip(_GRID, (124, 27, 30, 27, 40, 69, 28, 15, 26, 19, 52), strict=True)),
            },
        ),
    ),
    "v2": (
        Published(
            "labels of MERBench",
            "annotation",
            {
                "train": dict(zip(_NAMES, (1310, 1094, 318), strict=True)),
                "dev": dict(zip(_NAMES, (325, 230, 92), strict=True)),
                "test": dict(zip(_NAMES, (488, 423, 123), strict=True)),
            },
        ),
        Published(
            "labels of MERBench",
            "label",
            {
                "train": dict(zip(_GRID_V2, (462, 231, 303, 154, 160, 0, 318, 137, 114, 425, 229, 189), strict=True)),
                "dev": dict(zip(_GRID_V2, (129, 53, 59, 36, 48, 0, 92, 34, 26, 71, 45, 54), strict=True)),
                "test": dict(zip(_GRID_V2, (145, 82, 85, 79, 96, 1, 123, 85, 78, 119, 78, 63), strict=True)),
            },
        ),
    ),
}


def read(root: Path) -> Release:
    """Read v1 or v2 below `root`; ReleaseError if neither, or both, are there or a table is damaged."""
    check_root("ch_sims", root)
    tree = Tree(root)
    layout = read_layout(tree)
    wanted: dict[str, set[str]] = defaultdict(set)
    for entry in layout.entries:
        wanted[entry.video].add(entry.clip)
    clips = Clips(tree, wanted)
    utterances = _utterances(layout.entries, wanted, clips)
    used = {path for row in utterances for path in (row.audio, row.video) if path}
    files, notes = attach(
        tree,
        "en",
        {utterance.id: [utterance] for utterance in utterances},
        ("video_id", "clip_id"),
        lambda row: join_id(row["video_id"], whole_clip_id(row["clip_id"])),
        official=("Translation.csv", "English"),
    )
    files = [*(path.relative_to(root).as_posix() for path in layout.files), *files]
    filled = {column for column in layout.columns if any(entry.cells[column].strip() for entry in layout.entries)}
    return Release(
        variant=layout.variant,
        rows=len(layout.entries) + len(layout.dropped),
        utterances=utterances,
        annotations=[_annotation(entry, layout, filled) for entry in layout.entries],
        dropped=layout.dropped,
        notes=[
            *_notes(layout, filled),
            *notes,
            *further_copies(tree, files),
            *([] if used else packed(tree, "*", "the clips")),
            *tree.notes,
        ],
        files=files,
        published=tuple(table for table in PUBLISHED[layout.version] if table.field in layout.columns),
        surplus=clips.surplus(used),
        media_files=media_files(tree),
        hidden_media=hidden_media(tree),
    )


def _utterances(entries: Sequence[SplitEntry], clips_of: Mapping[str, Set[str]], clips: Clips) -> list[Utterance]:
    rank = {
        join_id(video, clip): turn
        for video, names in clips_of.items()
        for turn, clip in enumerate(sorted(names, key=_order))
    }
    return [
        Utterance(
            id=entry.id,
            split=entry.split,
            dialogue=entry.video,
            turn=rank[entry.id],
            speaker=None,
            language=LANGUAGE,
            text=entry.text or None,
            audio=clips.audio_of(entry.video, entry.clip),
            video=clips.video_of(entry.video, entry.clip),
        )
        for entry in entries
    ]


def _order(clip: str) -> tuple[list[tuple[int, str]], str]:
    """Return a key that puts `00012_1` after `00012` and before `00013`; of two numbers the longer one is greater."""
    numbers = [part.lstrip("0") for part in re.findall("[0-9]+", clip)]
    return [(len(number), number) for number in numbers], clip


def _annotation(entry: SplitEntry, layout: Layout, filled: set[str]) -> Annotation:
    annotation = entry.cells["annotation"].strip()
    if annotation and annotation not in ANNOTATION:
        raise UnknownLabelError(entry.path, entry.cells["annotation"], ANNOTATION, row=entry.line)
    shared = _share(entry.values["label"], BLANK)
    if "annotation" in layout.columns:
        shared[POLARITY3.name] = Shared(ANNOTATION[annotation]) if annotation else absent(BLANK)
    views = {
        view: _share(entry.values[column], BLANK if column in filled else NOT_ANNOTATED)
        for view, column in COLUMN_OF_VIEW.items()
        if column in layout.columns
    }
    return Annotation(entry.id, dict(entry.cells), shared, views)


def _share(value: float | None, reason: str) -> dict[str, Shared]:
    return {
        EMOTION7.name: absent(),
        EMOTION4.name: absent(),
        POLARITY3.name: sign_polarity(value, reason),
        VALENCE.name: share_number(value, reason=reason),
    }


def _notes(layout: Layout, filled: set[str]) -> list[str]:
    empty = [column for column in layout.columns if column not in filled]
    notes = [f"{', '.join(empty)} are empty throughout, so these views are not annotated"] if empty else []
    odd = sum(
        sign_polarity(entry.values["label"]).value not in (None, ANNOTATION.get(entry.cells["annotation"].strip()))
        for entry in layout.entries
        if entry.cells["annotation"].strip()
    )
    return [*notes, f"annotation contradicts the sign of label in {odd:,} rows; annotation is kept"] if odd else notes
