"""Read the label table that EmoBox made of M3ED: one CSV with label, speaker and split, without transcripts."""

from __future__ import annotations

from collections.abc import Mapping

from harness.api import ReleaseError, Split, Tree, read_csv

from ._m3ed_rows import FINAL, Form, Raw, name_speaker, parse_final, parse_id

TABLE = "labels_emobox.csv"

_COLUMNS = ("utterance_id", "movie", "dialogue", "speaker", "speaker_name", "emotion", "split")
_SPLITS: dict[str, Split] = {"train": "train", "val": "dev", "test": "test"}


def read_table(tree: Tree, file: str, known: Mapping[str, str]) -> Form:
    """Read every row of the table; ReleaseError for a damaged, repeated or contradictory one."""
    path = tree.path(file)
    rows: list[Raw] = []
    lines: dict[str, int] = {}
    for row in read_csv(path, _COLUMNS):
        id_ = row["utterance_id"]
        if id_ in lines:
            raise ReleaseError(path, f"{id_} stands in line {lines[id_]} too", row=row.line)
        lines[id_] = row.line
        movie, dialogue = parse_id(id_, path, row.line)
        if (movie, dialogue) != (row["movie"], row["dialogue"]):
            stated = f"movie {row['movie']!r}, dialogue {row['dialogue']!r}"
            raise ReleaseError(path, f"{id_} has {stated}", row=row.line, expected=f"{movie!r} and {dialogue!r}")
        if row["split"] not in _SPLITS:
            raise ReleaseError(path, f"{row['split']!r} is not a split", row=row.line, expected="train, val or test")
        final = parse_final(row["emotion"], known, path, row.line)
        rows.append(
            Raw(
                id=id_,
                split=_SPLITS[row["split"]],
                dialogue=dialogue,
                letter=row["speaker"].strip(),
                speaker=name_speaker(movie, dialogue, row["speaker"].strip(), row["speaker_name"]),
                final=final,
                native={FINAL: final},
            )
        )
    return Form(
        variant="EmoBox label table",
        rows=sorted(rows, key=lambda raw: (raw.dialogue, raw.turn)),
        files=[file],
        notes=[
            "the label table has no transcripts, times, genders or votes",
            "the label table leaves out 12 of the authors' 24,449 utterances, whose clips are empty",
        ],
    )
