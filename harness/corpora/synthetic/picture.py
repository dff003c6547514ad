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

from harness.corpora.synthetic.sound import seed_of

if TYPE_CHECKING:
    from harness.corpora.synthetic.world import Drawn, World

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


def face(row: Drawn, corpus: str, world: World, talk: NDArray[np.float32], speaking: bool = True) -> Frames:
    """Return the face of an utterance's speaker as (frames, 64, 64, 3); the class shown is `row.views["video"]`.

    Args:
        row: the utterance.
        corpus, world: what decides the light, the person and how strongly the class shows.
        talk: how open the mouth is in each frame, 0 to 1, as `loudness` of the voice.
        speaking: false for the partner, who listens: neutral, its mouth closed.
    """
    who = row.speaker if speaking else row.partner
    own = np.random.default_rng(seed_of(world.seed, corpus, "face", who))
    room = np.random.default_rng(seed_of(world.seed, corpus, "light"))
    chance = np.random.default_rng(seed_of(world.seed, corpus, "look", row.dialogue, row.turn, speaking))
    look = _faded(LOOKS[row.views["video"] if speaking else "neutral"], world.face)
    parts = [value + jitter for value, jitter in zip(_values(look), chance.normal(0, 0.5, size=5), strict=True)]
    skin, ground, hair = own.uniform(120, 220), own.uniform(20, 90, size=3), own.uniform(10, 110)
    still = _still(parts, skin, ground, hair)
    frames = len(talk)
    picture = np.repeat(still[None], frames, axis=0)
    picture[_lips(parts, talk if speaking else np.zeros_like(talk))] = LIPS
    turn = 2 * np.pi * (0.4 * np.arange(frames) / FPS + chance.uniform())
    for at, shift in enumerate(np.rint(1.5 * np.sin(turn)).astype(int)):  # the head sways by a pixel or two
        picture[at] = np.roll(picture[at], shift, axis=1)
    light = 1 + world.shift * room.uniform(-0.4, 0.2)
    grain = 2 * chance.standard_normal((frames, SIZE, SIZE, 1), dtype=np.float32)
    shown: Frames = np.clip(picture * np.float32(light) + grain, 0, 255).astype(np.uint8)
    return shown


def _values(look: Look) -> list[float]:
    return [getattr(look, name) for name in Look.__slots__]


def _faded(look: Look, strength: float) -> Look:
    """Return a look between neutral (0) and itself (1)."""
    plain = _values(LOOKS["neutral"])
    return Look(*(a + strength * (b - a) for a, b in zip(plain, _values(look), strict=True)))


LIPS = np.array([150, 30, 40], np.float32)
SKIN = np.array([1.0, 0.85, 0.75], np.float32)
_Y, _X = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) - SIZE // 2
_HEAD = (_X / 20) ** 2 + (_Y / 26) ** 2 < 1
_HAIR = ((_X / 22) ** 2 + ((_Y + 2) / 28) ** 2 < 1) & ~(_HEAD & (_Y > -19))


def _still(parts: list[float], skin: float, ground: NDArray[np.float64], hair: float) -> NDArray[np.float32]:
    """Return the face without its mouth as (64, 64, 3)."""
    _, _, brows, inner, eyes = parts
    picture = np.broadcast_to(ground.astype(np.float32), (SIZE, SIZE, 3)).copy()
    picture[_HEAD] = skin * SKIN
    picture[_HAIR] = hair
    lift = brows + inner * (1 - np.abs(_X) / 8)  # the inner end is the one near the nose
    brow = np.abs(_Y + 13 + lift) < 1.2
    for side in (-8, 8):
        picture[((_X - side) / 3.5) ** 2 + ((_Y + 6) / max(eyes, 0.5)) ** 2 < 1] = 20
        picture[brow & (np.abs(_X - side) < 5)] = 30
    return picture


def _lips(parts: list[float], talk: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where the mouth is as (frames, 64, 64)."""
    corners, mouth, *_ = parts
    away = np.abs(_Y - 14 + corners * ((_X / 9) ** 2 - 0.5))
    half = np.maximum(mouth + 1.5 * talk, 0.6).astype(np.float32)
    lips: NDArray[np.bool_] = (away < half[:, None, None]) & (np.abs(_X) < 9)
    return lips
