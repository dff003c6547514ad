"""The face of a drawn utterance: an oval with brows, eyes and a mouth whose shape is coloured by its class.

Brows and mouth move as the action units of an emotion do (Ekman and Friesen, Facial Action Coding System, 1978): joy
lifts the corners of the mouth, sadness drops them and lifts the inner brows, anger lowers and draws the brows
together, surprise and fear raise them and open mouth and eyes, disgust lifts the upper lip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.synth_sound import seed_of

if TYPE_CHECKING:
    from harness.synth import Drawn, World

SIZE = 64  # pixels, both ways
FPS = 10
Frames = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Look:
    """How a class shapes a face, in pixels: mouth corners up, mouth open, brows up, inner brows up, eyes open."""

    corners: float
    mouth: float
    brows: float
    inner: float
    eyes: float


LOOKS = {
    "neutral": Look(0.0, 1.0, 0.0, 0.0, 2.0),
    "happy": Look(4.0, 2.0, 0.5, 0.0, 1.6),
    "surprise": Look(0.0, 5.0, 4.0, 0.0, 3.4),
    "anger": Look(-1.5, 1.5, -2.5, -2.5, 1.8),
    "fear": Look(-2.0, 3.0, 2.5, 2.5, 3.0),
    "sad": Look(-3.5, 0.8, 0.5, 3.0, 1.4),
    "disgust": Look(-1.5, 2.4, -1.5, 0.5, 1.0),
}


def face(row: Drawn, corpus: str, world: World, frames: int, speaking: bool = True) -> Frames:
    """Return the face of an utterance's speaker as (frames, 64, 64, 3); the class shown is `row.views["video"]`.

    A face that is not speaking is that of the partner: neutral, its mouth closed.
    """
    who = row.speaker if speaking else row.partner
    own = np.random.default_rng(seed_of(world.seed, corpus, "face", who))
    chance = np.random.default_rng(seed_of(world.seed, corpus, "look", row.dialogue, row.turn, speaking))
    look = _faded(LOOKS[row.views["video"] if speaking else "neutral"], world.face)
    noise = chance.normal(0, 0.5, size=5)
    parts = [value + jitter for value, jitter in zip(_values(look), noise, strict=True)]
    talk = (
        np.abs(np.sin(np.pi * np.arange(frames) / FPS * 4 + chance.uniform(0, np.pi))) if speaking else np.zeros(frames)
    )
    sway = 1.5 * np.sin(2 * np.pi * np.arange(frames) / FPS * 0.4 + chance.uniform(0, 6))
    skin, ground = own.uniform(120, 220), own.uniform(20, 90, size=3)
    drawn = np.stack(
        [_frame(parts, float(open_), float(shift), skin, ground) for open_, shift in zip(talk, sway, strict=True)]
    )
    room = np.random.default_rng(seed_of(world.seed, corpus, "light"))
    light = 1 + world.shift * room.uniform(-0.4, 0.2)
    return np.clip(drawn * light + chance.normal(0, 2, size=(frames, SIZE, SIZE, 1)), 0, 255).astype(np.uint8)


def _values(look: Look) -> list[float]:
    return [getattr(look, name) for name in Look.__slots__]


def _faded(look: Look, strength: float) -> Look:
    """Return a look between neutral (0) and itself (1)."""
    plain = _values(LOOKS["neutral"])
    return Look(*(a + strength * (b - a) for a, b in zip(plain, _values(look), strict=True)))


_Y, _X = np.mgrid[0:SIZE, 0:SIZE].astype(np.float64)


def _frame(
    parts: list[float], talk: float, shift: float, skin: float, ground: NDArray[np.float64]
) -> NDArray[np.float64]:
    corners, mouth, brows, inner, eyes = parts
    x, y = _X - 32 - shift, _Y - 32
    picture = np.broadcast_to(ground, (SIZE, SIZE, 3)).copy()
    picture[(x / 20) ** 2 + (y / 26) ** 2 < 1] = skin * np.array([1.0, 0.85, 0.75])
    for side in (-1, 1):
        centre = side * 8
        picture[((x - centre) / 3.5) ** 2 + ((y + 6) / max(eyes, 0.5)) ** 2 < 1] = 20
        lift = brows + inner * (1 - np.abs(x) / 8)  # the inner end is the one near the nose
        brow = np.abs(y + 13 + lift) < 1.2
        picture[brow & (np.abs(x - centre) < 5)] = 30
    curve = corners * ((x / 9) ** 2 - 0.5)
    lips = np.abs(y - 14 + curve) < max(mouth + 1.5 * talk, 0.6)
    picture[lips & (np.abs(x) < 9)] = np.array([150.0, 30, 40])
    return picture
