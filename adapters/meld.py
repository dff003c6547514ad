"""MELD: 13,708 utterances of 1,432 dialogues from the series Friends, each with an emotion and a sentiment.

Several speakers a dialogue; English; 12.1 hours; one clip (mp4) an utterance, cut from the episodes.
Origin: declare-lab, 2019. Paper: Poria et al., ACL 2019 (arXiv 1810.02508).
Access: MELD.Raw.tar.gz from the authors' page or Hugging Face `declare-lab/MELD`; the tables alone from the repository
declare-lab/MELD, folder data/MELD. Terms: GPL-3.0 file in the repository; the series belongs to its owners.

`start` and `end` are seconds in the episode, not in the clip. The sound of an utterance is the audio track of its
clip, unless there is an audio file of that name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.api import (
    POLARITY3,
    SPLITS,
    VALENCE,
    Annotation,
    Published,
    Release,
    ReleaseError,
    Row,
    Shared,
    Split,
    Tree,
    UnknownLabelError,
    Utterance,
    absent,
    share_emotion,
)

from ._clips import backward_note, hidden_media, media_files
from ._layout import Seen, check_root, further_copies, index, no_release, one_copy, packed, read_rows
from ._meld_clips import Clips
from ._translations import attach

TITLE = "MELD"
LANGUAGE = "en"
FAMILY = "meld"
LICENCE = "GPL-3.0 (the authors' repository)"
ACCESS = "MELD.Raw.tar.gz from the authors' page, or Hugging Face declare-lab/MELD; no form"
CITATION = "Poria et al., MELD: A Multimodal Multi-Party Dataset for Emotion Recognition in Conversations, ACL 2019"
VIEWS = ("multimodal",)
SPACES: Mapping[str, str | None] = {
    "emotion7": "the seven labels of the column Emotion, one to one",
    "emotion4": "joy, sadness, neutral and anger; the other three are outside",
    "polarity3": "the column Sentiment, which follows from Emotion but for surprise, which is of either sign",
    "valence": None,
}

EMOTION = {
    "joy": "happy",
    "surprise": "surprise",
    "sadness": "sad",
    "disgust": "disgust",
    "anger": "anger",
    "fear": "fear",
    "neutral": "neutral",
}
SENTIMENT = {"negative": "negative", "neutral": "neutral", "positive": "positive"}

_SOURCE = "the official tables, declare-lab/MELD, data/MELD since commit ca3e126"
_EMOTIONS = ("neutral", "joy", "surprise", "anger", "sadness", "disgust", "fear")
PUBLISHED = (
    Published(
        _SOURCE,
        "Emotion",
        {
            "train": dict(zip(_EMOTIONS, (4710, 1743, 1205, 1109, 683, 271, 268), strict=True)),
            "dev": dict(zip(_EMOTIONS, (470, 163, 150, 153, 111, 22, 40), strict=True)),
            "test": dict(zip(_EMOTIONS, (1256, 402, 281, 345, 208, 68, 50), strict=True)),
        },
    ),
    Published(
        _SOURCE,
        "Sentiment",
        {
            "train": {"neutral": 4710, "negative": 2945, "positive": 2334},
            "dev": {"neutral": 470, "negative": 406, "positive": 233},
            "test": {"neutral": 1256, "negative": 833, "positive": 521},
        },
    ),
)

TABLES = {"": "{}_sent_emo.csv", "dyadic": "{}_sent_emo_dya.csv"}
COLUMNS = (
    *("Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID"),
    *("Season", "Episode", "StartTime", "EndTime"),
)
NATIVE = (
    *("Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID", "Old_Dialogue_ID", "Old_Utterance_ID"),
    *("Season", "Episode"),
)
# The older tables are Windows-1252 that was once decoded as Latin-1: their quote marks are C1 control characters.
_C1 = re.compile("[\x80-\x9f]")
_TIME = re.compile(r"(\d{1,2}):(\d\d):(\d\d)[,.](\d{2,3})", re.ASCII)


def read(root: Path) -> Release:
    """Read the three tables nearest below `root`; ReleaseError if one is missing or damaged."""
    check_root("meld", root)
    tree = Tree(root)
    form, paths = _tables(tree)
    rows = [(split, row) for split in SPLITS for row in read_rows(paths[split], COLUMNS)]
    seen = Seen()
    for split, row in rows:
        seen.note(_name(split, row), row.path, row.line)
    clips = Clips(tree)
    utterances = [_utterance(split, row, clips) for split, row in rows]
    keyed: dict[str, list[Utterance]] = {}
    for (split, row), utterance in zip(rows, utterances, strict=True):
        keyed.setdefault(f"{split}_{_clip(row)}", []).append(utterance)
    files, notes = attach(
        tree,
        "zh",
        keyed,
        ("split", "Dialogue_ID", "Utterance_ID"),
        lambda row: f"{row['split']}_dia{row['Dialogue_ID']}_utt{row['Utterance_ID']}",
    )
    files = [*(path.relative_to(root).as_posix() for path in paths.values()), *files]
    broken = sum(len(_C1.findall(row["Utterance"] + row["Speaker"])) for _, row in rows)
    return Release(
        variant=", ".join(filter(None, ("three tables", form, "text with C1 controls" if broken else "current text"))),
        rows=len(rows),
        utterances=utterances,
        annotations=[_annotation(split, row) for split, row in rows],
        notes=[
            *_notes(rows, broken),
            *backward_note(utterances),
            *notes,
            *further_copies(tree, files),
            *_packed(tree, clips),
            *tree.notes,
        ],
        files=files,
        published=() if form else PUBLISHED,
        surplus=_surplus(rows, utterances, clips),
        media_files=media_files(tree),
        hidden_media=hidden_media(tree),
    )


def _tables(tree: Tree) -> tuple[str, dict[Split, Path]]:
    """Find the three tables of one form; the dyadic form counts only if no table of the other is there."""
    for form, pattern in TABLES.items():
        tables = one_copy(tree, [pattern.format(split) for split in SPLITS])
        paths = {split: tree.path(tables[name]) for split in SPLITS if (name := pattern.format(split)) in tables}
        missing = [pattern.format(split) for split in SPLITS if split not in paths]
        if paths and missing:
            raise ReleaseError(
                tree.root,
                f"{' and '.join(missing)} is missing below it",
                expected="the tables of train, dev and test",
                todo="unpack the whole release, or copy the table from data/MELD of the repository declare-lab/MELD",
            )
        if paths:
            return form, paths
    raise no_release("meld", TITLE, tree, "the tables train_sent_emo.csv, dev_sent_emo.csv and test_sent_emo.csv")


def _name(split: Split, row: Row) -> str:
    return "{}_dia{}_utt{}".format(split, *_numbers(row))


def _clip(row: Row) -> str:
    """Return the stem of the clip; the dyadic tables number anew and keep the clip's numbers in two more columns."""
    old = "Old_" if "Old_Dialogue_ID" in row and "Old_Utterance_ID" in row else ""
    return "dia{}_utt{}".format(*_numbers(row, old))


def _numbers(row: Row, old: str = "") -> list[int]:
    columns = (old + "Dialogue_ID", old + "Utterance_ID")
    return [index(row[column], column, row.path, row.line) for column in columns]


def _utterance(split: Split, row: Row, clips: Clips) -> Utterance:
    name = _name(split, row)
    return Utterance(
        id=name,
        split=split,
        dialogue=name.rpartition("_")[0],
        turn=_numbers(row)[1],
        speaker=repair(row["Speaker"]) or None,
        language=LANGUAGE,
        text=repair(row["Utterance"]) or None,
        audio=clips.audio_of(split, _clip(row)),
        video=clips.video_of(split, _clip(row)),
        start=_seconds(row, "StartTime"),
        end=_seconds(row, "EndTime"),
    )


def _annotation(split: Split, row: Row) -> Annotation:
    emotion, sentiment = _known(row, "Emotion", EMOTION), _known(row, "Sentiment", SENTIMENT)
    shared = share_emotion(emotion, EMOTION[emotion])
    shared |= {POLARITY3.name: Shared(SENTIMENT[sentiment]), VALENCE.name: absent()}
    return Annotation(_name(split, row), {column: row[column] for column in NATIVE if column in row}, shared)


def _known(row: Row, column: str, labels: Mapping[str, str]) -> str:
    label = row[column].strip()
    if label not in labels:
        raise UnknownLabelError(row.path, row[column], labels, row=row.line)
    return label


def repair(text: str) -> str:
    """Read C1 control characters as the Windows-1252 characters they stand for; undefined ones stay."""
    return _C1.sub(lambda match: match.group().encode("latin-1").decode("cp1252", "ignore") or match.group(), text)


def _seconds(row: Row, column: str) -> float:
    """Return a time in seconds; what follows the comma is a decimal fraction, so `,28` is 280 ms.

    The clips of the three rows with two digits are as long as this reading says.
    """
    match = _TIME.fullmatch(row[column].strip())
    if match is None:
        raise ReleaseError(row.path, f"{column} is {row[column]!r}", row=row.line, expected="a time like 00:16:21,731")
    hours, minutes, seconds, fraction = match.groups()
    return round(int(hours) * 3600 + int(minutes) * 60 + float(f"{seconds}.{fraction}"), 3)


def _notes(rows: Sequence[tuple[Split, Row]], broken: int) -> list[str]:
    same = Counter((split, row["Season"], row["Episode"], row["StartTime"], row["Utterance"]) for split, row in rows)
    counted = (
        (broken, "C1 control characters were read as Windows-1252 (older text of the release)"),
        (len(rows) - len(same), "rows repeat another of their split (same episode, start and text)"),
    )
    return [f"{count:,} {what}" for count, what in counted if count]


def _surplus(rows: Sequence[tuple[Split, Row]], utterances: Sequence[Utterance], clips: Clips) -> dict[str, str]:
    wanted: dict[Split, set[str]] = {split: set() for split in SPLITS}
    for split, row in rows:
        wanted[split].add(_clip(row))
    return clips.surplus(wanted, {path for row in utterances for path in (row.audio, row.video)})


def _packed(tree: Tree, clips: Clips) -> list[str]:
    """Say which archives of clips were not unpacked, where a split has no clips."""
    return [note for split in clips.without() for note in packed(tree, f"{split}.*", f"the clips of {split}")]
