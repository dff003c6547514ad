"""IEMOCAP: 10,039 utterances of 151 dialogues by ten actors, in five sessions of one woman and one man each.

English; 12 hours; scripted plays and improvised situations; category and valence, activation, dominance (1 to 5) by
several evaluators. Audio is cut by utterance (16 kHz), video by dialogue only: there `parts` says when, and which half.
Origin: SAIL, University of Southern California. Paper: Busso et al., Language Resources and Evaluation 42, 2008.
Access: a form at sail.usc.edu/iemocap. Terms: research licence, no redistribution of any part, transcripts included.

There is no official split: `split` is "train" throughout and `fold` is the session.
The letter after the session number in an id is the actor with the motion-capture markers; who speaks is the letter of
the last field. Polarity is that of the category for neu, hap, exc, ang, sad, fea, dis. The others (sur, fru, xxx, oth)
have none, and take the sign of valence - 3; a valence of exactly 3 says nothing about them, so it is outside the space.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from harness.api import (
    BLANK,
    EMOTION4,
    EMOTION7,
    MAIN_VIEW,
    NO_MAJORITY,
    POLARITY3,
    POLARITY_OF_EMOTION,
    VALENCE,
    Annotation,
    Published,
    Release,
    Shared,
    Tree,
    Utterance,
    Vote,
    absent,
    outside,
    share_emotion,
    share_number,
    share_polarity_of,
    sign_polarity,
)

from ._clips import archive_note, backward_note, hidden_media, media_files
from ._iemocap_clips import Clips, surplus
from ._iemocap_evaluation import Turn, files_of, find_sessions, further_sessions, ratings, read_sessions
from ._iemocap_transcripts import Transcripts, clean, read_transcripts
from ._layout import check_root, no_release
from ._translations import attach_by_id
from ._votes import odd_votes_note

TITLE = "IEMOCAP"
LANGUAGE = "en"
FAMILY = "iemocap"
LICENCE = "research licence of the University of Southern California; no redistribution of any part"
ACCESS = "a form at sail.usc.edu/iemocap"
CITATION = (
    "Busso et al., IEMOCAP: interactive emotional dyadic motion capture database, "
    "Language Resources and Evaluation 42, 2008"
)
VIEWS = ("multimodal",)
SPACES: Mapping[str, str | None] = {
    "emotion7": "the majority label; exc is happy; fru and oth are outside, xxx has no majority",
    "emotion4": "neu, hap with exc, ang, sad",
    "polarity3": "by category; of sur, fru, xxx and oth the sign of valence - 3",
    "valence": "(mean valence - 3) / 2",
}

NO_MAJORITY_LABEL = "xxx"
EMOTION: Mapping[str, str | None] = {
    "neu": "neutral",
    "hap": "happy",
    "exc": "happy",
    "ang": "anger",
    "sad": "sad",
    "sur": "surprise",
    "fea": "fear",
    "dis": "disgust",
    "fru": None,
    "oth": None,
    NO_MAJORITY_LABEL: None,
}
EMOTION_OF_VOTE: Mapping[str, str | None] = {
    "neutral state": "neutral",
    "neutral": "neutral",
    "happiness": "happy",
    "excited": "happy",
    "anger": "anger",
    "sadness": "sad",
    "surprise": "surprise",
    "surprised": "surprise",
    "fear": "fear",
    "disgust": "disgust",
    "frustration": None,
    "other": None,
}
GENDER = {"F": "female", "M": "male"}
SESSIONS = tuple(f"Ses0{number}" for number in range(1, 6))

_SOURCE = "labels of the full release"
_ALL = {"xxx": 2507, "fru": 1849, "neu": 1708, "ang": 1103, "sad": 1084, "exc": 1041, "hap": 595, "sur": 107}
_KEPT = ("neu", "ang", "sad", "exc", "hap")
PUBLISHED_ALL = Published(_SOURCE, "emotion", {"all": _ALL | {"fea": 40, "oth": 3, "dis": 2}})
PUBLISHED_BY_SESSION = {  # the labels of the customary four classes
    "Ses01": dict(zip(_KEPT, (384, 229, 194, 143, 135), strict=True)),
    "Ses02": dict(zip(_KEPT, (362, 137, 197, 210, 117), strict=True)),
    "Ses03": dict(zip(_KEPT, (320, 240, 305, 151, 135), strict=True)),
    "Ses04": dict(zip(_KEPT, (258, 327, 143, 238, 65), strict=True)),
    "Ses05": dict(zip(_KEPT, (384, 170, 245, 299, 143), strict=True)),
}


def read(root: Path) -> Release:
    """Read every session below `root`; ReleaseError if there is none or a label file is damaged."""
    check_root("iemocap", root)
    tree = Tree(root)
    sessions = find_sessions(tree)
    if not sessions:
        raise no_release("iemocap", TITLE, tree, "Session1/dialog/EmoEvaluation (to Session5)")
    labels, scripts = files_of(tree, sessions, "EmoEvaluation"), files_of(tree, sessions, "transcriptions")
    turns = read_sessions(tree, labels, EMOTION)
    transcripts = read_transcripts(map(tree.path, chain(*scripts.values())))
    utterances = _utterances(Clips(tree), turns, transcripts)
    rated = [ratings(turn) for turn in turns]
    attached, notes = attach_by_id(tree, "zh", utterances)
    missing = [session for session in SESSIONS if session not in sessions]
    return Release(
        variant=f"{len(sessions)} sessions, {'with' if any(scripts.values()) else 'without'} transcriptions",
        rows=len(turns),
        utterances=utterances,
        annotations=[_annotation(turn, by_scale) for turn, (by_scale, _) in zip(turns, rated, strict=True)],
        notes=[
            *_notes(missing, turns, transcripts),
            *further_sessions(tree, sessions),
            *_rating_note(sum(odd for _, odd in rated)),
            *odd_votes_note(_odd_votes(turns)),
            *backward_note(utterances),
            *archive_note(tree.files),
            *notes,
            *tree.notes,
        ],
        files=[*chain(*labels.values(), *scripts.values()), *attached],
        published=_published(sessions),
        surplus=surplus(tree, utterances),
        media_files=media_files(tree),
        hidden_media=hidden_media(tree),
    )


def _published(sessions: Iterable[str]) -> tuple[Published, ...]:
    """Return what can be compared: the sessions that are there, and the sum over them if all are."""
    by_session = {name: PUBLISHED_BY_SESSION[name] for name in sessions}
    table = Published(f"{_SOURCE}, by session", "emotion", by_session)
    return (PUBLISHED_ALL, table) if len(by_session) == len(SESSIONS) else (table,)


def _utterances(clips: Clips, turns: Sequence[Turn], transcripts: Transcripts) -> list[Utterance]:
    count: dict[str, int] = defaultdict(int)
    utterances = []
    for turn in turns:
        text, flags = clean(transcripts.text.get(turn.id, ""))
        utterance = Utterance(
            id=turn.id,
            split="train",
            fold=turn.session,
            dialogue=turn.dialogue,
            turn=count[turn.dialogue],
            speaker=turn.session + turn.letter,
            gender=GENDER[turn.letter],
            language=LANGUAGE,
            text=text,
            start=turn.start,
            end=turn.end,
            strata={"performance": turn.performance},
            flags=flags,
        )
        clips.attach(turn, utterance)
        utterances.append(utterance)
        count[turn.dialogue] += 1
    return utterances


def _annotation(turn: Turn, by_scale: Mapping[str, Sequence[tuple[str, str]]]) -> Annotation:
    valence = None if turn.valence is None else round((turn.valence - 3) / 2, 6)  # V has 4 decimals
    votes = [
        Vote(name, ";".join(chosen)) for name, chosen in turn.categories.items() if name.startswith("C-E") and chosen
    ]
    soft = _soft(votes)
    native = {"emotion": turn.emotion, **dict(zip("VAD", turn.means, strict=True))}
    native |= {"attributes": _joined(turn.attributes), "categories": _joined(turn.categories)}
    rated = {scale: [Vote(*rating) for rating in given] for scale, given in by_scale.items()}
    return Annotation(
        id=turn.id,
        native=native,
        shared={
            **_emotion(turn.emotion),
            POLARITY3.name: _polarity(turn.emotion, valence),
            VALENCE.name: share_number(valence),
        },
        votes={key: given for key, given in {MAIN_VIEW: votes, **rated}.items() if given},
        soft={EMOTION7.name: soft} if soft else {},
    )


def _emotion(label: str) -> dict[str, Shared]:
    if label == NO_MAJORITY_LABEL:
        return {EMOTION7.name: absent(NO_MAJORITY), EMOTION4.name: absent(NO_MAJORITY)}
    return share_emotion(label, EMOTION[label])


def _polarity(label: str, valence: float | None) -> Shared:
    if EMOTION[label] in POLARITY_OF_EMOTION:
        return share_polarity_of(label, EMOTION[label])
    if valence is None:
        return absent(BLANK)
    return sign_polarity(valence) if valence else outside(label)


def _soft(votes: Sequence[Vote]) -> dict[str, float]:
    """Share each evaluator's vote out over the categories named; what lies outside the space is left out."""
    shares = dict.fromkeys(EMOTION7.classes, 0.0)
    for vote in votes:
        names = vote.label.split(";")
        for name in names:
            if (emotion := EMOTION_OF_VOTE.get(name.lower())) is not None:
                shares[emotion] += 1 / len(names)
    total = sum(shares.values())
    return {emotion: share / total for emotion, share in shares.items()} if total else {}


def _odd_votes(turns: Sequence[Turn]) -> list[str]:
    judged = (chosen for turn in turns for name, chosen in turn.categories.items() if name.startswith("C-E"))
    return [name for chosen in judged for name in chosen if name.lower() not in EMOTION_OF_VOTE]


def _rating_note(odd: int) -> list[str]:
    return [f"{odd:,} ratings are not one number from 1 to 5 and are left out of votes"] if odd else []


def _joined(judged: Mapping[str, Sequence[str]]) -> str:
    return " | ".join(f"{evaluator}: {';'.join(chosen)}" for evaluator, chosen in judged.items())


def _notes(missing: Sequence[str], turns: Sequence[Turn], transcripts: Transcripts) -> list[str]:
    ids = {turn.id for turn in turns}
    counted = (
        (len(transcripts.text.keys() - ids), "transcribed turns have no label"),
        (transcripts.repeated, "transcript lines repeat a turn name; the first one counts"),
        (transcripts.bare, "transcript lines name no turn and are left out"),
        (len(ids - transcripts.text.keys()), "utterances have no transcript"),
    )
    notes = [f"{count:,} {what}" for count, what in counted if count]
    return [f"sessions not there: {', '.join(missing)}", *notes] if missing else notes
