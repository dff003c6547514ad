"""The shared label spaces, and the one way a native label enters them: as a value, or as a reason why not.

Spaces belong to the harness; label *maps* belong to the adapters (docs/labels.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.core.errors import NameUnknownError

MAIN_VIEW = "multimodal"  # the label view of what all modalities together say
NOT_ANNOTATED = "not_annotated"  # the corpus has no such annotation at all
NO_MAJORITY = "no_majority"  # the annotators did not agree on one label
BLANK = "blank"  # the field exists and is empty in this row
OUTSIDE_SPACE = "outside_space"  # the native label has no class in the space; it follows after a colon


@dataclass(frozen=True, slots=True)
class ClassSpace:
    """A closed, ordered set of classes; the order is that of every probability column."""

    name: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScaleSpace:
    """A number between `low` and `high`, both included."""

    name: str
    low: float
    high: float


Space = ClassSpace | ScaleSpace

EMOTION7 = ClassSpace("emotion7", ("happy", "surprise", "sad", "disgust", "anger", "fear", "neutral"))
EMOTION4 = ClassSpace("emotion4", ("happy", "sad", "neutral", "anger"))
POLARITY3 = ClassSpace("polarity3", ("negative", "neutral", "positive"))
VALENCE = ScaleSpace("valence", -1.0, 1.0)
SPACES: Mapping[str, Space] = {space.name: space for space in (EMOTION4, EMOTION7, POLARITY3, VALENCE)}

# The polarity of an emotion where a corpus has no sentiment label of its own. Surprise has none: MELD's own
# sentiment column calls 780 of its surprised utterances positive and 856 negative.
POLARITY_OF_EMOTION: Mapping[str, str] = {
    "happy": "positive",
    "neutral": "neutral",
    "sad": "negative",
    "anger": "negative",
    "disgust": "negative",
    "fear": "negative",
}


@dataclass(frozen=True, slots=True)
class Shared:
    """A label in a shared space: a value, or None and the reason why there is none."""

    value: str | float | None
    reason: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a shared label has either a value or a reason")


def space(name: str) -> Space:
    """Return the label space of this name, or raise NameUnknownError."""
    if name not in SPACES:
        raise NameUnknownError("label space", name, SPACES)
    return SPACES[name]


def absent(reason: str = NOT_ANNOTATED) -> Shared:
    """Return the label of an utterance that this space cannot score."""
    return Shared(None, reason)


def outside(native: str) -> Shared:
    """Return the absent label of an utterance whose native label has no class in the space."""
    return Shared(None, f"{OUTSIDE_SPACE}:{native}")


def share_emotion(native: str, emotion: str | None) -> dict[str, Shared]:
    """Place one emotion into `emotion7` and `emotion4`.

    Args:
        native: the label as published; it names the reason when a space lacks the class.
        emotion: the class of `emotion7` it means, or None if it means none of them.
    """
    return {
        target.name: Shared(emotion) if emotion in target.classes else outside(native)
        for target in (EMOTION7, EMOTION4)
    }


def share_polarity_of(native: str, emotion: str | None) -> Shared:
    """Place one emotion into `polarity3` by its category; surprise and unmapped labels have no polarity."""
    polarity = POLARITY_OF_EMOTION.get(emotion) if emotion else None
    return Shared(polarity) if polarity else outside(native)


def share_number(value: float | None, scale: ScaleSpace = VALENCE, reason: str = BLANK) -> Shared:
    """Place a number into a scale; None becomes `reason`, a value outside the scale an absent label."""
    if value is None or value != value:  # NaN is a blank cell too
        return absent(reason)
    return Shared(float(value)) if scale.low <= value <= scale.high else outside(f"{value:g}")


def sign_polarity(value: float | None, reason: str = BLANK) -> Shared:
    """Place a signed number into `polarity3` by its sign; zero is neutral."""
    if value is None or value != value:
        return absent(reason)
    return Shared("positive" if value > 0 else "negative" if value < 0 else "neutral")
