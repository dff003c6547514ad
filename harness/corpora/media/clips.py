"""Where the sound and the picture of an utterance lie, and how much of them may be read.

clips.py   Clip, Guard: where and how much
probe.py   what one file holds, or why it cannot be read
survey.py  every clip of a corpus, probed side by side; media.jsonl
sound.py   a clip as samples: mono float32 at a wanted rate
frames.py  a clip as frames at a wanted rate
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.study.utterance import MediaPart, Modality, Utterance

WHOLE = MediaPart()


@dataclass(frozen=True, slots=True)
class Guard:
    """How much of a clip is read at most: wrongly cut clips of five minutes exist.

    Args:
        slack: seconds beyond the length that the annotation states.
        longest: seconds of a clip whose length is not stated, and of any clip.
    """

    slack: float = 2.0
    longest: float = 60.0

    def limit(self, stated: float | None) -> float:
        """Return the seconds that may be read of a clip of this stated length."""
        return self.longest if stated is None else min(stated + self.slack, self.longest)


@dataclass(frozen=True, slots=True)
class Clip:
    """The part of a media file that belongs to one utterance.

    `stated` is the length in seconds that the annotation gives the utterance, None where it gives none.
    """

    path: Path
    part: MediaPart = WHOLE
    stated: float | None = None


def clip_of(root: Path, utterance: Utterance, modality: Modality) -> Clip | None:
    """Return where an utterance can be heard or seen below `root`, or None if the release has no such clip."""
    path = {Modality.AUDIO: utterance.audio, Modality.VIDEO: utterance.video}[modality]
    if path is None:
        return None
    return Clip(root / path, utterance.parts.get(modality, WHOLE), stated_length(utterance))


def stated_length(utterance: Utterance) -> float | None:
    """Return how many seconds the annotation says an utterance lasts; a span that is empty or backward says nothing."""
    if utterance.start is None or utterance.end is None or utterance.end <= utterance.start:
        return None
    return utterance.end - utterance.start
