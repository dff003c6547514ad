"""M3ED: 24,449 utterances of 990 dialogues from 56 Chinese television series, labelled by three annotators each.

Every annotator could name several of seven emotions; a final main label decides. The split is by series, so no speaker
or dialogue crosses it (17,427 / 2,821 / 4,201 utterances; 626 speakers by the authors' count; 16 kHz speech, no video).
Origin: Renmin University of China, 2022. Paper: M3ED, ACL 2022.
Access: `annotation.json` and `splitInfo` in the repository AIM3-RUC/RUCM3ED, speech clips by its Baidu links.
Terms: the repository states no licence.

Two forms are read: `annotation.json` with the lists in `splitInfo`, and EmoBox's label table without transcripts; the
first wins where both are there. Start and end lie on the timeline of the dialogue's video, which is not released.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.api import (
    AUDIO_SUFFIXES,
    BLANK,
    EMOTION7,
    MAIN_VIEW,
    POLARITY3,
    VALENCE,
    Annotation,
    Published,
    Release,
    Shared,
    Tree,
    Utterance,
    Vote,
    absent,
    share_emotion,
    share_polarity_of,
)

from ._clips import SUPERSEDED, UNLABELLED, archive_note, backward_note, hidden_media, media_files, unused
from ._layout import check_root, further_copies, no_release, one_copy
from ._m3ed_emobox import LISTS, read_lists
from ._m3ed_json import ANNOTATION, read_annotation
from ._m3ed_rows import FINAL, Form, Raw, is_clip, split_labels
from ._m3ed_table import TABLE, read_table
from ._translations import attach_by_id
from ._votes import misspelt, odd_votes_note

TITLE = "M3ED"
LANGUAGE = "zh"
FAMILY = "m3ed"
LICENCE = "none stated"
ACCESS = "annotation from github.com/AIM3-RUC/RUCM3ED, speech by its Baidu links; no request form"
CITATION = "M3ED: Multi-modal Multi-scene Multi-label Emotional Dialogue Database, ACL 2022"
VIEWS = (MAIN_VIEW,)
SPACES = {
    "emotion7": "final_main_emo, one to one",
    "emotion4": "happy, sad, neutral and anger of final_main_emo; the other three are outside",
    "polarity3": "by the category of final_main_emo; surprise has none",
    "valence": None,
}

EMOTION = {
    "Happy": "happy",
    "Neutral": "neutral",
    "Sad": "sad",
    "Disgust": "disgust",
    "Anger": "anger",
    "Fear": "fear",
    "Surprise": "surprise",
}
# Annotators wrote these words, and misspelt them (Happpy); their Other is no class.
EMOTION_OF_VOTE = {
    "happy": "happy",
    "happiness": "happy",
    "neutral": "neutral",
    "sad": "sad",
    "sadness": "sad",
    "disgust": "disgust",
    "disgusted": "disgust",
    "anger": "anger",
    "angry": "anger",
    "fear": "fear",
    "fearful": "fear",
    "surprise": "surprise",
    "surprised": "surprise",
    "other": None,
}

_PAPER = (10028, 5234, 3957, 2287, 1497, 1051, 395)
_EMOBOX = {
    "train": (7126, 3814, 2734, 1625, 1145, 696, 280),
    "dev": (1042, 681, 489, 303, 134, 120, 50),
    "test": (1853, 736, 734, 358, 218, 234, 65),
}
_COUNTED = ("Neutral", "Anger", "Sad", "Happy", "Disgust", "Surprise", "Fear")
PUBLISHED_TOTALS = Published(
    source="M3ED paper and README of AIM3-RUC/RUCM3ED",
    field=FINAL,
    counts={"all": dict(zip(_COUNTED, _PAPER, strict=True))},
)
PUBLISHED_EMOBOX = Published(
    source="EmoBox's metadata of M3ED",
    field=FINAL,
    counts={split: dict(zip(_COUNTED, counts, strict=True)) for split, counts in _EMOBOX.items()},
)


def read(root: Path) -> Release:
    """Read `annotation.json` below `root`, or else what EmoBox made of it; ReleaseError for none or a broken one."""
    check_root("m3ed", root)
    tree = Tree(root)
    form, published = _form(tree)
    clips = tree.media(AUDIO_SUFFIXES)
    utterances = [_utterance(raw, clips) for raw in form.rows]
    files, notes = attach_by_id(tree, "en", utterances)
    return Release(
        variant=form.variant,
        rows=len(form.rows),
        utterances=utterances,
        annotations=[_annotation(raw) for raw in form.rows],
        notes=[
            *form.notes,
            *odd_votes_note(_odd_votes(form)),
            *_letter_note(form, utterances),
            *backward_note(utterances),
            *archive_note(tree.files),
            *notes,
            *further_copies(tree, form.files),
            *tree.notes,
        ],
        files=form.files + files,
        published=(published,),
        surplus=_surplus(tree, utterances),
        media_files=media_files(tree),
        hidden_media=hidden_media(tree),
    )


def _form(tree: Tree) -> tuple[Form, Published]:
    annotation, table = (one_copy(tree, [name]).get(name) for name in (ANNOTATION, TABLE))
    if annotation is not None:
        form = read_annotation(tree, annotation, EMOTION)
        if table is not None:
            form.notes.append(f"{TABLE} is there too and was not read")
        return form, PUBLISHED_TOTALS
    if table is not None:
        return read_table(tree, table, EMOTION), PUBLISHED_EMOBOX
    lists = one_copy(tree, list(LISTS))
    if lists:
        return read_lists(tree, lists, EMOTION), PUBLISHED_EMOBOX
    markers = f"{ANNOTATION} with the folder splitInfo, {TABLE}, or EmoBox's {', '.join(LISTS)},"
    raise no_release("m3ed", TITLE, tree, markers)


def _utterance(raw: Raw, clips: dict[str, str]) -> Utterance:
    other = "B" if raw.letter == "A" else "A"
    return Utterance(
        id=raw.id,
        split=raw.split,
        dialogue=raw.dialogue,
        turn=raw.turn,
        speaker=raw.speaker,
        language=LANGUAGE,
        text=raw.text,
        gender=raw.gender,
        audio=clips.get(f"{raw.letter}_{raw.id}", clips.get(f"{other}_{raw.id}")),
        start=raw.start,
        end=raw.end,
    )


def _letter_note(form: Form, utterances: Sequence[Utterance]) -> list[str]:
    """Count the clips that name the other speaker: one of the real ones does."""
    clips = ((raw, row.audio.rpartition("/")[2]) for raw, row in zip(form.rows, utterances, strict=True) if row.audio)
    count = sum(not clip.startswith(f"{raw.letter}_") for raw, clip in clips)
    return [f"{count:,} clips name the other speaker (A or B) than the annotation, which decides"] if count else []


def _surplus(tree: Tree, utterances: Sequence[Utterance]) -> dict[str, str]:
    """Explain the clips that are no utterance's and are named like one."""
    ids = {row.id for row in utterances}
    clips = [(stem, path) for stem, path in unused(tree, AUDIO_SUFFIXES, utterances) if is_clip(stem)]
    return {path: SUPERSEDED if stem[2:] in ids else UNLABELLED for stem, path in clips}


def _annotation(raw: Raw) -> Annotation:
    soft = _soft(raw.votes)
    return Annotation(
        id=raw.id,
        native=raw.native,
        shared=_shared(raw.final),
        votes={MAIN_VIEW: raw.votes} if raw.votes else {},
        soft={EMOTION7.name: soft} if soft else {},
    )


def _shared(final: str | None) -> dict[str, Shared]:
    if final is None:
        return dict.fromkeys(SPACES, absent(BLANK)) | {VALENCE.name: absent()}
    emotion = EMOTION[final]
    return {**share_emotion(final, emotion), POLARITY3.name: share_polarity_of(final, emotion), VALENCE.name: absent()}


def _soft(votes: Sequence[Vote]) -> dict[str, float]:
    """Return each class's share of the annotators who named it, scaled to sum 1; empty if nobody named one."""
    named = [emotion for vote in votes for emotion in _classes(vote)]
    return {emotion: named.count(emotion) / len(named) for emotion in EMOTION7.classes} if named else {}


def _classes(vote: Vote) -> set[str]:
    """Return the classes an annotator named, each once, however misspelt."""
    words = (misspelt(word, EMOTION_OF_VOTE) for word in split_labels(vote.label))
    return {emotion for word in words if word and (emotion := EMOTION_OF_VOTE[word])}


def _odd_votes(form: Form) -> list[str]:
    words = (word for raw in form.rows for vote in raw.votes for word in split_labels(vote.label))
    return [word for word in words if misspelt(word, EMOTION_OF_VOTE) is None]
