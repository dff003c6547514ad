"""The voice of a drawn utterance: pulses of a larynx through the resonances of a mouth, coloured by its class.

Source and filter (Fant, "Acoustic Theory of Speech Production", 1960): a train of pulses whose rate is the pitch, a
vowel a syllable as four formants, breath noise, and a loudness that opens and closes with every syllable. What a class
does to a voice goes in the directions that listeners report (Scherer, Speech Communication 40, 2003): anger and joy
are high, loud and bright, sadness is low, soft, slow and dull, fear is high and soft.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

if TYPE_CHECKING:
    from harness.synth import Drawn, World

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


def speak(row: Drawn, corpus: str, world: World) -> Samples:
    """Return the voice of an utterance at 16 kHz, as long as it lasts; the class heard is `row.views["audio"]`."""
    chance = np.random.default_rng(seed_of(world.seed, corpus, row.dialogue, row.turn))
    colour = _faded(COLOURS[row.views["audio"]], world.voice)
    n = max(round((row.end - row.start) * RATE), 1)
    woman = row.gender == "female"
    own = np.random.default_rng(seed_of(world.seed, corpus, "speaker", row.speaker))
    base = (205.0 if woman else 115.0) * 2 ** (own.normal(0, 1.5) / 12)
    syllables = max(round(n / RATE * SYLLABLES_A_SECOND * colour.rate * own.normal(1, 0.05)), 1)
    pitch = _pitch(n, base, colour, chance)
    voice = _vowels(_pulses(pitch) + 0.03 * chance.normal(size=n), syllables, 1.15 if woman else 1.0, chance)
    voice = _tilted(voice, colour.tilt + own.normal(0, 0.7))
    level = -26 + colour.level + own.normal(0, 1.5) + chance.normal(0, 1)
    return _recorded(voice / (np.sqrt(np.mean(voice**2)) + 1e-9) * 10 ** (level / 20), corpus, world, chance)


def _faded(colour: Colour, strength: float) -> Colour:
    """Return a colour between neutral (0) and itself (1)."""
    plain = COLOURS["neutral"]
    mixed = (getattr(plain, f) + strength * (getattr(colour, f) - getattr(plain, f)) for f in Colour.__slots__)
    return Colour(*mixed)


def _pitch(n: int, base: float, colour: Colour, chance: np.random.Generator) -> NDArray[np.float64]:
    """Return the pitch of every sample in Hz: it falls over the utterance and swings with its phrases."""
    time = np.linspace(0, 1, n)
    swing = np.sin(2 * np.pi * (chance.uniform(1, 2) * time + chance.uniform()))
    semitones = colour.pitch + chance.normal(0, 0.7) + colour.span * (1.2 * swing - 1.5 * time + 0.75)
    return base * 2 ** (semitones / 12)


def _pulses(pitch: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one sample a period, so that the spectrum of the source is flat up to half the rate."""
    periods = np.floor(np.cumsum(pitch) / RATE)
    return np.diff(periods, prepend=0.0)


def _vowels(
    source: NDArray[np.float64], syllables: int, size: float, chance: np.random.Generator
) -> NDArray[np.float64]:
    """Say one vowel a syllable; every vowel filters the whole source once and is let out in its syllables."""
    n = len(source)
    padded = next_fast_len(n, real=True)
    spectrum = rfft(source, padded)
    said = chance.integers(len(VOWELS), size=syllables)
    place = np.linspace(0, syllables, n, endpoint=False)
    now = said[place.astype(np.int64)]
    open_ = np.sin(np.pi * (place % 1)) ** 0.7  # the mouth opens and closes once a syllable
    voice = np.zeros(n)
    for vowel in np.unique(said):
        sound = irfft(spectrum * _mouth(np.array(VOWELS[vowel]) * size, padded), padded)[:n]
        voice += np.where(now == vowel, sound, 0.0)
    return voice * open_


def _mouth(formants: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return the gain of a vowel at each frequency: a resonance a formant, and the fall of source and lips."""
    hertz = rfftfreq(n, 1 / RATE)
    gain: NDArray[np.float64] = np.ones(len(hertz))
    for centre, width in zip(formants, BANDWIDTHS, strict=True):
        gain *= centre**2 / np.sqrt((centre**2 - hertz**2) ** 2 + (width * hertz) ** 2 + 1.0)
    gain /= 1 + hertz / 150
    return gain


def _tilted(voice: NDArray[np.float64], decibels: float) -> NDArray[np.float64]:
    """Change the slope of a spectrum by so many dB an octave around 500 Hz."""
    n = next_fast_len(len(voice), real=True)
    hertz = np.maximum(rfftfreq(n, 1 / RATE), 50)
    tilted: NDArray[np.float64] = irfft(rfft(voice, n) * 10 ** (decibels * np.log2(hertz / 500) / 20), n)
    return tilted[: len(voice)]


def _recorded(voice: NDArray[np.float64], corpus: str, world: World, chance: np.random.Generator) -> Samples:
    """Pass a voice through the room and microphone of its corpus; how far they differ is the world's `shift`."""
    room = np.random.default_rng(seed_of(world.seed, corpus, "room"))
    tilt, level, noise = room.uniform(-4, 4), room.uniform(-8, 8), room.uniform(-20, 0)
    heard = _tilted(voice, world.shift * tilt) * 10 ** (world.shift * level / 20)
    hiss = 10 ** ((-60 + world.shift * (noise + 20)) / 20) * chance.normal(size=len(voice))
    return np.clip(heard + hiss, -0.99, 0.99).astype(np.float32)


def seed_of(*parts: object) -> int:
    """Return a seed that is a function of its parts alone."""
    return random.Random("/".join(map(str, parts))).getrandbits(63)
