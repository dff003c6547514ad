"""What is known of one media file after probing it, and how that is kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.study.utterance import Modality

BREAKS_OFF = "breaks off before its end; get the file again"


@dataclass(frozen=True, slots=True)
class Sound:
    """One stream of sound: samples per second, channels, and seconds if the headers say; `dual_mono`: both are one."""

    codec: str
    rate: int
    channels: int
    seconds: float | None
    dual_mono: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """One stream of pictures, its size as displayed; fps, frames and seconds if the headers say."""

    codec: str
    width: int
    height: int
    fps: float | None
    frames: int | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Probe:
    """What one file holds, or why it cannot be used.

    `reason` is about the whole file: "" (nothing is wrong), `missing`, `empty`, `unreadable`, or `truncated`, where it
    opens and its end is not there. `without` is about its sound or its picture alone: `no_sound`, `no_picture`,
    `empty`, `unreadable`. `problem` is for people. `fingerprint` tells the bytes from others.
    """

    reason: str = ""
    problem: str = ""
    bytes: int = 0
    fingerprint: str = ""
    sound: Sound | None = None
    picture: Picture | None = None
    without: Mapping[str, str] = field(default_factory=dict)

    def state(self, modality: Modality) -> str:
        """Return `ok`, or why this file cannot be heard or seen."""
        return self.reason or self.without.get(modality, "ok")

    def record(self) -> dict[str, Any]:
        """Return the probe as JSON values."""
        return asdict(self)


def probe_of(record: Mapping[str, Any]) -> Probe:
    """Return the probe that `record` was made from."""
    sound, picture = record["sound"], record["picture"]
    return Probe(**{**record, "sound": sound and Sound(**sound), "picture": picture and Picture(**picture)})
