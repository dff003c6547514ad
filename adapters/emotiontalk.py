"""EmotionTalk: 19,250 utterances of 742 acted Mandarin dialogues by 19 speakers, each labelled four times.

Annotators saw the text, heard the audio, watched the silent video, and saw all of it: every utterance has a label for
each (23.6 hours in all; 44.1 kHz audio, video of each speaker).
Origin: Nankai University and BAAI, 2025. Paper: arXiv 2505.23018.
Access: Hugging Face `BAAI/Emotiontalk`, after accepting the terms with an account; the label pack (CSV and NPZ, no
media, no votes) lies in the repository NKU-HLT/EmotionTalk, `audio.csv` only in that of flageval-baai.
Terms: CC BY-NC-SA 4.0.

Two forms are read: the JSON tree of the release and the label pack; the tree wins where both are there.
Clips are found by their names wherever they lie. An utterance without a wav is heard in its mp4.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.api import (
    AUDIO_SUFFIXES,
    BLANK,
    EMOTION7,
    MAIN_VIEW,
    NOT_ANNOTATED,
    POLARITY3,
    VALENCE,
    VIDEO_SUFFIXES,
    Annotation,
    Published,
    Release,
    ReleaseError,
    Shared,
    Split,
    Tree,
    Utterance,
    Vote,
    absent,
    share_emotion,
    share_number,
    share_polarity_of,
)

from ._clips import SUPERSEDED, UNLABELLED, archive_note, backward_note, hidden_media, media_files, unused
from ._emotiontalk_json import find_trees, read_trees
from ._emotiontalk_pack import ARRAYS, TABLES, find_pack, read_pack
from ._emotiontalk_rows import VIEWS as _VIEWS
from ._emotiontalk_rows import Form, Raw, clean, is_id, parse_id
from ._layout import check_root, further_copies, no_release
from ._translations import attach_by_id
from ._votes import odd_votes_note, soft_key

TITLE = "EmotionTalk"
LANGUAGE = "zh"
FAMILY = "emotiontalk"
LICENCE = "CC BY-NC-SA 4.0"
ACCESS = "Hugging Face BAAI/Emotiontalk, after accepting the terms with an account"
CITATION = "EmotionTalk, arXiv 2505.23018, 2025"
VIEWS = _VIEWS
SPACES = {
    "emotion7": "the seven labels, one to one",
    "emotion4": "happy, sad, neutral and angry; the other three are outside",
    "polarity3": "by the category of the emotion; surprised has none",
    "valence": "mean of the annotators' continuous votes / 2, if any vote of +1 occurs in the release",
}

EMOTION = {
    "happy": "happy",
    "surprised": "surprise",
    "sad": "sad",
    "angry": "anger",
    "disgusted": "disgust",
    "fearful": "fear",
    "neutral": "neutral",
}
_HELD_OUT: dict[str, Split] = {"G00001": "dev", "G00012": "dev", "G00003": "test", "G00015": "test"}
SPLIT_OF_GROUP: dict[str, Split] = {
    group: _HELD_OUT.get(group, "train") for group in (f"G{number:05d}" for number in range(1, 16))
}
_SHARED = {  # valence is added to the main view alone, from votes
    label: {**share_emotion(label, emotion), POLARITY3.name: share_polarity_of(label, emotion), VALENCE.name: absent()}
    for label, emotion in EMOTION.items()
}
VOTE_CHECK_FAILED = "vote_check_failed"

_COUNTS = {  # neutral, happy, sad, angry, surprised, disgusted, fearful
    "multimodal": {
        "train": (5377, 2986, 919, 2950, 1367, 1142, 672),
        "dev": (675, 360, 111, 409, 133, 95, 125),
        "test": (801, 246, 123, 339, 161, 134, 125),
    },
    "text": {
        "train": (6275, 1250, 953, 2980, 2240, 916, 799),
        "dev": (770, 185, 123, 380, 236, 79, 135),
        "test": (858, 185, 107, 338, 236, 116, 89),
    },
    "audio": {
        "train": (7568, 1720, 898, 3057, 1087, 612, 471),
        "dev": (866, 208, 118, 418, 133, 69, 96),
        "test": (944, 177, 94, 345, 143, 137, 89),
    },
    "video": {
        "train": (5226, 3679, 768, 3312, 856, 1317, 255),
        "dev": (573, 426, 95, 471, 154, 141, 48),
        "test": (809, 346, 101, 407, 74, 105, 87),
    },
}
_COUNTED = ("neutral", "happy", "sad", "angry", "surprised", "disgusted", "fearful")
PUBLISHED = {
    view: Published(
        source="README of NKU-HLT/EmotionTalk" if view == MAIN_VIEW else f"{TABLES[view]} of the authors' repository",
        field=view,
        counts={split: dict(zip(_COUNTED, counts, strict=True)) for split, counts in by_split.items()},
    )
    for view, by_split in _COUNTS.items()
}


def read(root: Path) -> Release:
    """Read the JSON tree below `root`, or else the label pack; ReleaseError if neither is there or one is damaged."""
    check_root("emotiontalk", root)
    tree = Tree(root)
    form = _form(tree)
    checked = any(vote == 1 for raw in form.rows.values() for vote in raw.sentiment.values())
    sounds, films = tree.media(AUDIO_SUFFIXES), tree.media(VIDEO_SUFFIXES)
    utterances = sorted(
        (_utterance(root, id_, raw, sounds.get(id_, films.get(id_)), films.get(id_)) for id_, raw in form.rows.items()),
        key=lambda utterance: (utterance.dialogue, utterance.turn, utterance.id),
    )
    files, notes = attach_by_id(tree, "en", utterances)
    return Release(
        variant=form.variant,
        rows=len(form.rows),
        utterances=utterances,
        annotations=[_annotation(utterance.id, form.rows[utterance.id], checked) for utterance in utterances],
        notes=[
            *form.notes,
            _valence_note(form),
            *_group_note(utterances),
            *odd_votes_note(_odd_votes(form)),
            *backward_note(utterances),
            *archive_note(tree.files),
            *notes,
            *further_copies(tree, form.files),
            *tree.notes,
        ],
        files=form.files + files,
        published=tuple(PUBLISHED[view] for view in VIEWS if any(view in raw.labels for raw in form.rows.values())),
        surplus=_surplus(tree, utterances),
        media_files=media_files(tree),
        hidden_media=hidden_media(tree),
    )


def _form(tree: Tree) -> Form:
    trees, pack = find_trees(tree), find_pack(tree)
    if not trees and not pack:
        names = ", ".join((*TABLES.values(), *ARRAYS.values()))
        markers = f"a folder Audio, Multimodal, Text or Video with a folder json in it, or one of the files {names}"
        raise no_release("emotiontalk", TITLE, tree, markers)
    if not trees:
        return read_pack(tree, pack, SPLIT_OF_GROUP, EMOTION)
    form = read_trees(tree, trees, EMOTION)
    if not form.rows:
        raise ReleaseError(tree.root, "its json folders hold no label", expected="<group>/<dialogue>/<part>/<id>.json")
    if pack:
        form.notes.append(f"the label pack ({', '.join(sorted(pack))}) is there too and was not read")
    return form


def _utterance(root: Path, id_: str, raw: Raw, audio: str | None, video: str | None) -> Utterance:
    """Make an utterance; its times lie on the dialogue's recording, its clips hold the utterance alone."""
    name = parse_id(id_, root)
    text, flags = clean(raw.text or "")
    return Utterance(
        id=id_,
        split=SPLIT_OF_GROUP.get(name.group, "train"),
        dialogue=name.dialogue,
        turn=name.turn,
        speaker=name.speaker,
        language=LANGUAGE,
        text=text,
        audio=audio,
        video=video,
        start=raw.start,
        end=raw.end,
        flags=flags,
    )


def _surplus(tree: Tree, utterances: list[Utterance]) -> dict[str, str]:
    """Explain the clips that are no utterance's and are named like one."""
    ids = {row.id for row in utterances}
    clips = [(stem, path) for stem, path in unused(tree, (*AUDIO_SUFFIXES, *VIDEO_SUFFIXES), utterances) if is_id(stem)]
    return {path: SUPERSEDED if stem in ids else UNLABELLED for stem, path in clips}


def _annotation(id_: str, raw: Raw, checked: bool) -> Annotation:
    ratings = [Vote(annotator, f"{vote:g}") for annotator, vote in raw.sentiment.items()]
    return Annotation(
        id=id_,
        native={**{view: raw.labels.get(view) for view in VIEWS}, **raw.native},
        shared={**_shared(raw, MAIN_VIEW), VALENCE.name: _valence(list(raw.sentiment.values()), checked)},
        views={view: _shared(raw, view) for view in VIEWS if view != MAIN_VIEW},
        votes={key: votes for key, votes in {**raw.votes, VALENCE.name: ratings}.items() if votes},
        soft={soft_key(view): soft for view, votes in raw.votes.items() if (soft := _soft(votes))},
    )


def _shared(raw: Raw, view: str) -> dict[str, Shared]:
    label = raw.labels.get(view)
    if label is not None:
        return dict(_SHARED[label])
    return dict.fromkeys(SPACES, absent(BLANK if view in raw.labels else NOT_ANNOTATED)) | {VALENCE.name: absent()}


def _valence(votes: list[float], checked: bool) -> Shared:
    """Halve the mean vote; a release in which no +1 occurs has lost its positive votes' sign and answers nothing."""
    if not votes:
        return absent()
    return share_number(sum(votes) / (2 * len(votes))) if checked else absent(VOTE_CHECK_FAILED)


def _soft(votes: list[Vote]) -> dict[str, float]:
    """Share the votes out over the classes, weighted by confidence where every annotator stated a positive one."""
    votes = [vote for vote in votes if vote.label in EMOTION]
    stated = [vote.confidence for vote in votes if vote.confidence]
    weights = stated if len(stated) == len(votes) and min(stated, default=1) > 0 else [1.0] * len(votes)
    shares = dict.fromkeys(EMOTION7.classes, 0.0)
    for vote, weight in zip(votes, weights, strict=True):
        shares[EMOTION[vote.label]] += weight / sum(weights)
    return shares if votes else {}


def _odd_votes(form: Form) -> list[str]:
    votes = (vote for raw in form.rows.values() for by_view in raw.votes.values() for vote in by_view)
    return [vote.label for vote in votes if vote.label not in EMOTION]


def _valence_note(form: Form) -> str:
    votes = [vote for raw in form.rows.values() for vote in raw.sentiment.values()]
    ones = votes.count(1)
    if not votes:
        return "no annotator's continuous votes are in this form of the release, so valence is not annotated"
    if not ones:
        return f"vote check failed: none of {len(votes):,} continuous votes is +1, so valence is left out"
    return f"vote check passed: {ones:,} of {len(votes):,} continuous votes are +1, so valence is their mean / 2"


def _group_note(utterances: list[Utterance]) -> Iterator[str]:
    groups = sorted({utterance.id.partition("_")[0] for utterance in utterances} - SPLIT_OF_GROUP.keys())
    if groups:
        yield f"the groups {', '.join(groups)} are not among the official 15 and count as train"
