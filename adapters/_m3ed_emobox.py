"""Read the three lists of M3ED that EmoBox publishes: JSON lines with key, clip, label and length, no transcripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.api import ReleaseError, Split, Tree, read_json_lines

from ._m3ed_rows import FINAL, Form, Raw, is_clip, name_speaker, parse_final, parse_id

LISTS: dict[str, Split] = {
    "m3ed_train_fold_1.jsonl": "train",
    "m3ed_valid_fold_1.jsonl": "dev",
    "m3ed_test_fold_1.jsonl": "test",
}
KEY = "m3ed-"  # before an utterance's id


def read_lists(tree: Tree, files: Mapping[str, str], known: Mapping[str, str]) -> Form:
    """Read every row of the three lists.

    Args:
        tree: the release.
        files: name of a list -> its path in the tree.
        known: the final labels.

    Raises:
        ReleaseError: a list is missing, or a row is damaged or repeated.
    """
    missing = [name for name in LISTS if name not in files]
    if missing:
        raise ReleaseError(tree.root, f"{', '.join(missing)} is missing below it", expected=", ".join(LISTS))
    rows: dict[str, Raw] = {}
    for name, split in LISTS.items():
        path = tree.path(files[name])
        for line, row in read_json_lines(path):
            key, clip, label = (_text(row, field, f"{path}, line {line}") for field in ("key", "wav", "emo"))
            id_ = key.removeprefix(KEY)
            movie, dialogue = parse_id(id_, path, line)
            stem = clip.replace("\\", "/").rpartition("/")[2].partition(".")[0]
            if not is_clip(stem) or stem[2:] != id_:
                raise ReleaseError(
                    path, f"{id_} has the clip {clip!r}", row=line, expected=f"A_{id_}.wav or B_{id_}.wav"
                )
            if id_ in rows:
                raise ReleaseError(path, f"{id_} stands there or in another list already", row=line)
            final = parse_final(label, known, path, line)
            speaker = name_speaker(movie, dialogue, stem[0], "")
            rows[id_] = Raw(id_, split, dialogue, stem[0], speaker, final, {FINAL: final})
    return Form(
        variant="EmoBox lists",
        rows=sorted(rows.values(), key=lambda raw: (raw.dialogue, raw.turn)),
        files=[files[name] for name in LISTS],
        notes=[
            "EmoBox's lists have no transcripts, times, genders or votes, and name speakers A and B of each dialogue",
            "EmoBox's lists leave out 12 of the authors' 24,449 utterances, whose clips are empty",
        ],
    )


def _text(row: Any, field: str, where: str) -> str:
    value = row.get(field) if isinstance(row, dict) else None
    if not isinstance(value, str):
        raise ReleaseError(where, f"has no text under {field!r}", expected="key, wav and emo in every line")
    return value
