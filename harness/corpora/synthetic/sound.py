"""The voice of a drawn utterance: pulses of a larynx through the resonances of a mouth, coloured by its class.

Source and filter (Fant, "Acoustic Theory of Speech Production", 1960): a train of pulses whose rate is the pitch, a
vowel a syllable as four formants, breath noise, and a loudness that opens and closes with every syllable. What a class
does to a voice goes in the directions that listeners report (Scherer, Speech Communication 40, 2003): anger and joy
are high, loud and bright, sadness is low, soft, slow and dull, fear is high and soft.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

if TYPE_CHECKING:
    from harness.corpora.synthetic.world import Drawn, World

RATE = 16000
Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Colour:
    """How a class changes a voice: pitch in semitones, range as a factor, level in dB, rate, tilt in dB an octave."""

    pitch: float
    span: float
    level: float
    rate: float
    tilt: float


COLOURS = {
    "neutral": Colour(0.0, 1.0, 0.0, 1.0, 0.0),
    "happy": Colour(4.0, 1.8, 4.0, 1.15, 2.0),
    "surprise": Colour(6.0, 2.4, 2.0, 1.0, 1.0),
    "anger": Colour(2.5, 1.4, 8.0, 1.2, 4.0),
    "fear": Colour(5.0, 0.7, -3.0, 1.3, -1.0),
    "sad": Colour(-2.5, 0.5, -7.0, 0.75, -4.0),
    "disgust": Colour(-1.5, 1.2, -1.0, 0.85, 2.0),
}
# First to fourth formant in Hz of five vowels of a man (Peterson and Barney, 1952, rounded); a woman's lie 15 % higher.
VOWELS = ((730, 1090, 2440, 3400), (530, 1840, 2480, 3500), (270, 2290, 3010, 3700), (570, 840, 2410, 3300),
          (300, 870, 2240, 3300))  # fmt: skip
BANDWIDTHS = (80, 100, 140, 200)
SYLLABLES_A_SECOND = 5.0
BREATH = 0.03
QUIET = -72  # dB, the noise of the best microphone


def speak(row: Drawn, corpus: str, world: World) -> Samples:
    """Return the voice of an utterance at 16 kHz, as long as it lasts; the class heard is `row.views["audio"]`."""
    chance = np.random.default_rng(seed_of(world.seed, corpus, row.dialogue, row.turn))
    own = np.random.default_rng(seed_of(world.seed, corpus, "speaker", row.speaker))
    room = np.random.default_rng(seed_of(world.seed, corpus, "room"))
    colour = _faded(COLOURS[row.views["audio"]], world.voice)
    n = max(round((row.end - row.start) * RATE), 1)
    woman = row.gender == "female"
    base = (205.0 if woman else 115.0) * 2 ** (own.normal(0, 1.5) / 12)
    syllables = max(round(n / RATE * SYLLABLES_A_SECOND * colour.rate * own.normal(1, 0.05)), 1)
    source = _pulses(_pitch(n, base, colour, chance)) + BREATH * chance.standard_normal(n, dtype=np.float32)
    tilt = colour.tilt + own.normal(0, 0.7) + world.shift * room.uniform(-4, 4)
    voice = _vowels(source, syllables, 1.15 if woman else 1.0, tilt, chance)
    level = -26 + colour.level + own.normal(0, 1.5) + chance.normal(0, 1) + world.shift * room.uniform(-8, 8)
    voice *= 10 ** (level / 20) / (np.sqrt(np.mean(voice**2)) + 1e-9)
    hiss = 10 ** ((QUIET + world.shift * room.uniform(0, 20)) / 20)
    return np.clip(voice + hiss * chance.standard_normal(n, dtype=np.float32), -0.99, 0.99).astype(np.float32)


def loudness(voice: Samples, frames: int, fps: float) -> Samples:
    """Return how open the mouth is at each of `frames` moments: the level of the voice there, 1 at the loudest."""
    step = round(RATE / fps)
    heard = np.zeros(frames * step, np.float32)
    heard[: len(voice)] = voice[: len(heard)]
    levels: Samples = np.sqrt(np.mean(heard.reshape(frames, step) ** 2, axis=1))
    return levels / max(float(levels.max(initial=0.0)), 1e-6)


def _faded(colour: Colour, strength: float) -> Colour:
    """Return a colour between neutral (0) and itself (1)."""
    plain = COLOURS["neutral"]
    mixed = (getattr(plain, f) + strength * (getattr(colour, f) - getattr(plain, f)) for f in Colour.__slots__)
    return Colour(*mixed)


def _pitch(n: int, base: float, colour: Colour, chance: np.random.Generator) -> NDArray[np.float64]:
    """Return the pitch of every sample in Hz: it falls over the utterance and swings with its phrases."""
    time = np.linspace(0, 1, max(n // 160, 2))  # a value each 10 ms, and lines between them
    swing = np.sin(2 * np.pi * (chance.uniform(1, 2) * time + chance.uniform()))
    semitones = colour.pitch + chance.normal(0, 0.7) + colour.span * (1.2 * swing - 1.5 * time + 0.75)
    return np.interp(np.linspace(0, 1, n), time, base * 2 ** (semitones / 12))


def _pulses(pitch: NDArray[np.float64]) -> Samples:
    """Return one sample a period, so that the spectrum of the source is flat up to half the rate."""
    periods = np.floor(np.cumsum(pitch) / RATE)
    return np.diff(periods, prepend=0.0).astype(np.float32)


def _vowels(source: Samples, syllables: int, size: float, tilt: float, chance: np.random.Generator) -> Samples:
    """Say one vowel a syllable; every vowel filters the whole source once and is let out in its syllables."""
    n = len(source)
    padded = next_fast_len(n, real=True)
    spectrum = rfft(source, padded) * np.exp(_SLOPE * tilt * _octaves(padded))
    vowels = chance.integers(len(VOWELS), size=syllables)
    place = np.linspace(0, syllables, n, endpoint=False, dtype=np.float32)
    now = vowels[place.astype(np.int64)]
    voice = np.zeros(n, np.float32)
    for vowel in np.unique(vowels):
        sound = irfft(spectrum * _mouth(int(vowel), size, padded), padded)[:n]
        np.copyto(voice, sound, where=now == vowel)
    opened: Samples = voice * np.sqrt(np.abs(np.sin(np.pi * place)))  # the mouth opens and closes once a syllable
    return opened


_SLOPE = np.float32(np.log(10) / 20)


@lru_cache(maxsize=32)
def _octaves(n: int) -> Samples:
    """Return how many octaves each frequency of a spectrum is above 500 Hz."""
    octaves: Samples = np.log2(np.maximum(rfftfreq(n, 1 / RATE), 50) / 500).astype(np.float32)
    return octaves


@lru_cache(maxsize=256)
def _mouth(vowel: int, size: float, n: int) -> Samples:
    """Return the gain of a vowel at each frequency: a resonance a formant, and the fall of source and lips."""
    hertz: NDArray[np.float64] = rfftfreq(n, 1 / RATE)
    gain = 1 / (1 + hertz / 150)
    for formant, width in zip(VOWELS[vowel], BANDWIDTHS, strict=True):
        centre = formant * size
        gain *= centre**2 / np.sqrt((centre**2 - hertz**2) ** 2 + (width * hertz) ** 2 + 1.0)
    return gain.astype(np.float32)


def seed_of(*parts: object) -> int:
    """Return a seed that is a function of its parts alone."""
    return random.Random("/".join(map(str, parts))).getrandbits(63)
