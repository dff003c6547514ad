"""Clips and their labels as a release: what the four corpora have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.api import Annotation, Published, Release, Shared, Utterance

from ._clips import Clip, Found


@dataclass(frozen=True, slots=True)
class Spoken:
    """What an adapter makes of one clip."""

    clip: Clip
    native: dict[str, str]
    shared: dict[str, Shared]
    speaker: str | None
    gender: str | None
    strata: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


def release(
    found: Found,
    spoken: Sequence[Spoken],
    folds: Sequence[str],
    language: str,
    published: tuple[Published, ...] = (),
    notes: Sequence[str] = (),
) -> Release:
    """Put one release together; `folds` names the fold of each of `spoken`."""
    turns: Counter[str] = Counter()
    utterances = []
    for one, fold in zip(spoken, folds, strict=True):
        # There are no dialogues. What one speaker says hangs together, so it is resampled together; a clip of an
        # unknown speaker stands alone.
        dialogue = one.speaker or one.clip.name
        utterances.append(_utterance(one, fold, dialogue, turns[dialogue], language))
        turns[dialogue] += 1
    return Release(
        "listed in index.csv" if found.files else "the corpus' own folder",
        rows=len(spoken) + len(found.dropped),
        utterances=utterances,
        annotations=[Annotation(one.clip.name, dict(one.native), one.shared) for one in spoken],
        dropped=found.dropped,
        notes=[*notes, *found.notes],
        files=found.files,
        media_files=found.audio,
        hidden_media=found.hidden,
        published=published,
        surplus=found.surplus,
    )


def _utterance(one: Spoken, fold: str, dialogue: str, turn: int, language: str) -> Utterance:
    clip = one.clip
    return Utterance(
        id=clip.name,
        split="train",
        fold=fold,
        dialogue=dialogue,
        turn=turn,
        speaker=one.speaker,
        gender=one.gender,
        language=language,
        text=None,
        audio=clip.path,
        start=None if clip.seconds is None else 0.0,
        end=clip.seconds,
        strata=one.strata,
        flags=[*one.flags, *([] if clip.path else ["clip_missing"])],
    )


def balance(spoken: Sequence[Spoken]) -> list[str]:
    """Return what folds should hold alike: the label and the gender of each row."""
    return ["/".join((*one.native.values(), one.gender or "unknown")) for one in spoken]
