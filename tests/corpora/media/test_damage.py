"""Files damaged at random end in sound or pictures of the promised form, or in one clear error."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import soundfile
from clips import clip, sine, write_picture, write_sound

from harness.core.errors import MediaError
from harness.corpora.media.clips import Guard
from harness.corpora.media.frames import read_frames
from harness.corpora.media.sound import read_sound

GUARD = Guard(slack=2.0, longest=1.0)
REASONS = {"empty", "unreadable", "no_sound", "no_picture", "outside_file"}
ROUNDS = 60


def spoil(content: bytes, chance: random.Random) -> bytes:
    spoilt, at = bytearray(content), chance.randrange(len(content))
    match chance.choice(["bytes", "head", "end", "hole", "twice"]):
        case "bytes":
            for _ in range(chance.randint(1, 40)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        case "head":
            for _ in range(chance.randint(1, 12)):
                spoilt[chance.randrange(min(600, len(spoilt)))] = chance.choice([0, 127, 128, 255])
        case "end":
            del spoilt[at:]
        case "hole":
            del spoilt[at : at + chance.randint(1, 5_000)]
        case "twice":
            spoilt[at:at] = spoilt[: chance.randint(1, 3_000)]
    return bytes(spoilt)


@pytest.mark.parametrize(
    "name", ["a.wav", "a.flac", "a.mp3", "a.mp4", "surround.mp4", "film.mp4", "film.avi", "film.ts"]
)
def test_damage_of_any_kind_ends_well(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.stem == "film":
        write_picture(path, 40, "mpeg4" if path.suffix == ".avi" else "libx264")
    elif path.suffix in (".wav", ".flac"):
        soundfile.write(path, sine(1.5, rate=16_000), 16_000)
    elif path.stem == "surround":
        write_sound(path, np.stack([sine(1.0)] * 6), "5.1")
    else:
        write_sound(path, sine(1.5), codec="libmp3lame" if path.suffix == ".mp3" else "aac")
    errors = []
    content, chance = path.read_bytes(), random.Random(name)
    for _ in range(ROUNDS):
        path.write_bytes(spoil(content, chance))
        part = clip(path, *chance.choice([(None, None), (0.7, 0.9), (100.0, None)]), chance.choice([None, "left"]))
        try:
            if path.stem == "film":
                frames = read_frames(part, 5, GUARD, size=(8, 6))
                assert frames.shape[1:] == (6, 8, 3)
                assert 1 <= len(frames) <= 5
            else:
                samples = read_sound(part, 16_000, GUARD)
                assert 1 <= len(samples) <= 16_001
                assert np.abs(samples).max() <= 1  # and no NaN
        except MediaError as error:
            errors.append(error)
    assert {error.reason for error in errors} <= REASONS
    assert not [error for error in errors if "\n" in str(error)]
