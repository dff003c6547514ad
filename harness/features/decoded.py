"""One clip, decoded for an encoder: its content, or the reason why there is none, and what was odd about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from harness.core.errors import MediaError
from harness.corpora.media.decode import Reading

TOO_SHORT = "too_short"
CUT, DAMAGED = "cut", "damaged"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A clip's samples or frames, or None and the reason; `note` says what was odd about it."""

    clip: NDArray[Any] | None
    reason: str = ""
    note: str = ""


def decoded(read: Callable[[Reading], NDArray[Any]], shortest: int = 0) -> Decoded:
    """Return what `read` decodes, or the reason why it cannot; fewer samples than `shortest` are too few."""
    reading = Reading()
    try:
        clip = read(reading)
    except MediaError as error:
        return Decoded(None, error.reason)
    if len(clip) < shortest:
        return Decoded(None, TOO_SHORT)
    return Decoded(clip, note="+".join(word for word, true in ((CUT, reading.cut), (DAMAGED, reading.damaged)) if true))
