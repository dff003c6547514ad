"""Voiced sounds of two to four seconds with a pitch, a loudness and a pace of four emotions, and a table of them."""

import csv
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import lfilter

from harness.study.labels import absent, share_emotion, share_polarity_of
from harness.study.release import Annotation, Release
from harness.study.utterance import Utterance

VIEWS = ("multimodal",)
SPACES = {"emotion4": "as is", "emotion7": "as is", "polarity3": "by category", "valence": None}
RATE, SPEAKERS = 16_000, 10
VOICES = {"anger": (1.3, 0.9, 6.0), "happy": (1.25, 0.7, 5.0), "neutral": (1.0, 0.6, 4.5), "sad": (0.9, 0.4, 3.3)}
SPREAD = 0.15  # of pitch, loudness and pace about those of the emotion, in their logarithms
SPLITS = ("train",) * 6 + ("dev",) * 2 + ("test",) * 2  # of each speaker


def write(root: Path, corpus: str, count: int, seed: int) -> None:
    """Write `count` sounds below `root`, and <corpus>.csv with file, speaker, gender and emotion."""
    chance = np.random.default_rng(seed)
    (root / "audio").mkdir(parents=True)
    pitches = [(200 if at % 2 else 115) * chance.uniform(0.85, 1.15) for at in range(SPEAKERS)]
    rows = []
    for at in range(count):
        emotion, speaker = list(VOICES)[at // SPEAKERS % len(VOICES)], at % SPEAKERS
        name = f"audio/{corpus}_{at:04d}.wav"
        soundfile.write(root / name, _sound(chance, emotion, pitches[speaker]), RATE, subtype="PCM_16")
        rows.append((name, f"{corpus}_s{speaker}", "female" if speaker % 2 else "male", emotion))
    with (root / f"{corpus}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("file", "speaker", "gender", "emotion"), *rows])


def _sound(chance: np.random.Generator, emotion: str, pitch: float) -> NDArray[np.float64]:
    times = np.arange(int(chance.uniform(2, 4) * RATE)) / RATE
    high, loud, pace = np.array(VOICES[emotion]) * np.exp(chance.normal(0, SPREAD, 3))
    bend = 1 + 0.15 * np.sin(2 * np.pi * chance.uniform(0.4, 0.9) * times + chance.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch * high * bend) / RATE
    sound = np.sum([np.sin(k * phase) / k for k in range(1, 16)], axis=0)
    for formant, width in ((600, 90), (1400, 120), (2600, 180)):
        radius = np.exp(-np.pi * width / RATE)
        sound = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * formant / RATE), radius**2], sound)
    sound *= np.clip(np.sin(2 * np.pi * pace * times) + 0.4, 0, None)
    sound *= 0.3 * loud / np.abs(sound).max()
    return np.clip(sound + 0.005 * chance.standard_normal(len(times)), -1, 1)


def read(root: Path, corpus: str) -> Release:
    """Return a written corpus; its speakers are divided into train, dev and test."""
    with (root / f"{corpus}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    utterances, annotations = [], []
    for at, row in enumerate(rows):
        name, number = Path(row["file"]).stem, int(row["speaker"].rpartition("_s")[2])
        emotion = row["emotion"]
        utterances.append(
            Utterance(
                name, SPLITS[number], name, 0, row["speaker"], "en", None, gender=row["gender"], audio=row["file"]
            )
        )
        shared = {
            **share_emotion(emotion, emotion),
            "polarity3": share_polarity_of(emotion, emotion),
            "valence": absent(),
        }
        annotations.append(Annotation(utterances[at].id, {"emotion": emotion}, shared))
    return Release("made up", len(rows), utterances, annotations, files=[f"{corpus}.csv"])
