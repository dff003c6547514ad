"""Made-up clips against what they were made of: who is seen and heard where, and what a file does to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from harness.core.plugins import find
from harness.corpora.media.clips import Clip, Guard, clip_of
from harness.corpora.media.frames import read_frames
from harness.corpora.media.sound import read_sound
from harness.corpora.synthetic.making import Making
from harness.corpora.synthetic.media import Take, render_all
from harness.corpora.synthetic.picture import FPS, LIPS, SIZE, Frames, face
from harness.corpora.synthetic.release import Plan, write
from harness.corpora.synthetic.sound import RATE, Samples, loudness, speak
from harness.corpora.synthetic.world import PAUSE, Drawn, World, draw
from harness.encoders import logmel
from harness.study.labels import EMOTION7
from harness.study.utterance import Modality, Utterance

SMALL = World(utterances=60, dialogues=20, speakers=10)
CORPORA = ("emotiontalk", "ch_sims", "m3ed", "iemocap", "meld")
GUARD = Guard()


@cache
def drawn(**settings: Any) -> tuple[World, list[Drawn]]:
    """160 utterances whose classes are independent of each other and, but for neutral, equally frequent."""
    counts = {"utterances": 160, "dialogues": 40, "speakers": 10}
    world = World(**{**counts, "persistence": 0, "prior_shift": 0, **settings})
    return world, draw(world, "meld")


def as_if(row: Drawn, emotion: str) -> Drawn:
    return replace(row, views=dict.fromkeys(("text", "audio", "video"), emotion))


def shown(row: Drawn, world: World, corpus: str = "meld") -> Frames:
    voice = speak(row, corpus, world)
    return face(row, corpus, world, loudness(voice, max(round(len(voice) / RATE * FPS), 1), FPS))


def gray(frames: Frames) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = frames.mean(axis=(0, 3))
    return mean


@cache
def guesses(modality: str, **settings: float) -> list[tuple[str, Drawn]]:
    """What a plain classifier takes each clip for, that was fitted on others."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    world, rows = drawn(**settings)
    if modality == "audio":
        features = logmel.encoder().encode([speak(row, "meld", world) for row in rows])
    else:
        features = np.stack([gray(shown(row, world))[::2, ::2].ravel() for row in rows]).astype(np.float32)
    truth = [row.views[modality] for row in rows]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300, class_weight="balanced"))
    return list(zip(cross_val_predict(model, features, truth, cv=5), rows, strict=True))


@pytest.mark.parametrize("modality", ["audio", "video"])
def test_a_clip_shows_the_label_of_its_own_view(modality: str) -> None:
    odd = [(guess, row) for guess, row in guesses(modality) if row.views[modality] != row.emotion]
    assert len(odd) > 25
    assert np.mean([guess == row.views[modality] for guess, row in odd]) > 0.5
    assert np.mean([guess == row.emotion for guess, row in odd]) < 0.25


@pytest.mark.parametrize(("modality", "voice"), [("audio", 0), ("video", 0), ("video", 1)])
def test_at_strength_0_a_clip_shows_nothing(modality: str, voice: float) -> None:
    """Nor does a plain face whose mouth moves with a coloured voice."""
    found = guesses(modality, voice=voice, face=0)
    by_class = {one: [guess == one for guess, row in found if row.views[modality] == one] for one in EMOTION7.classes}
    assert np.mean([np.mean(hits) for hits in by_class.values()]) < 0.28  # the floor is 1/7; 75 worlds gave .07 to .24


def lips(frames: Frames) -> NDArray[np.bool_]:
    """Where a frame is redder than skin, hair and ground are."""
    found: NDArray[np.bool_] = (np.abs(frames.astype(int) - LIPS) < 25).all(axis=-1)
    return found


def test_a_mouth_opens_in_surprise_and_its_corners_drop_in_sadness() -> None:
    world, rows = drawn(shift=0)
    for row in {row.speaker: row for row in rows}.values():
        looks = {name: lips(shown(as_if(row, name), world)) for name in ("happy", "sad", "surprise", "neutral")}
        assert looks["surprise"].sum() > looks["neutral"].sum()
        assert droop(looks["sad"]) > droop(looks["happy"]) + 2


def droop(mouth: NDArray[np.bool_]) -> float:
    """How many pixels the corners of a mouth are below its middle."""
    heat, middle = mouth.sum(axis=0), SIZE // 2
    heights = (heat * np.arange(SIZE)[:, None]).sum(axis=0) / np.maximum(heat.sum(axis=0), 1)
    seen = np.flatnonzero(heat.sum(axis=0))
    corners = heights[[*seen[seen < middle][:3], *seen[seen > middle][-3:]]].mean()
    return float(corners - heights[middle - 2 : middle + 3].mean())


def brightness(voice: Samples) -> float:
    """The power from 1 to 2.5 kHz against that below, in dB; above it hiss is louder than a sad voice."""
    power, hertz = np.abs(np.fft.rfft(voice)) ** 2, np.fft.rfftfreq(len(voice), 1 / RATE)
    return float(10 * np.log10(power[(hertz > 1000) & (hertz < 2500)].sum() / power[hertz < 1000].sum()))


def signature(corpus: str, shift: float) -> list[float]:
    """The level (dB), the tilt (dB) and the light of a corpus without any class."""
    world = replace(SMALL, voice=0, face=0, shift=shift)
    rows = draw(world, corpus)
    voices = [speak(row, corpus, world) for row in rows]
    level = np.mean([10 * np.log10(np.mean(voice**2)) for voice in voices])
    light = np.mean([shown(row, world, corpus).mean() for row in rows[::6]])
    return [float(level), float(np.mean([brightness(voice) for voice in voices])), float(light)]


def test_a_shift_moves_level_tilt_and_light_of_the_corpora_apart() -> None:
    near, far = (np.array([signature(corpus, shift) for corpus in CORPORA]) for shift in (0.0, 1.0))
    assert (np.ptp(near, axis=0)[:2] < 2).all()
    assert (np.ptp(far, axis=0)[:2] > 5).all()
    assert np.ptp(far[:, 2] / near[:, 2]) > 0.1  # the same faces in another light


def film_of_first(folder: Path, **plan: Any) -> Path:
    take = Take(folder / "0.mp4", (draw(SMALL, "meld")[0],), "meld", SMALL, **plan)
    render_all([take])
    return take.path


@pytest.mark.parametrize(("channels", "rate"), [(1, RATE), (2, 44_100), (6, 48_000)])
def test_the_voice_comes_out_of_a_film_and_is_as_long_as_its_picture(tmp_path: Path, channels: int, rate: int) -> None:
    path, row = film_of_first(tmp_path, channels=channels, rate=rate), draw(SMALL, "meld")[0]
    said, heard = speak(row, "meld", SMALL), read_sound(Clip(path), RATE, GUARD)
    assert 0 <= len(heard) - len(said) < 0.07 * RATE  # AAC comes in packets of 1024 samples
    assert np.corrcoef(heard[: len(said)], said)[0, 1] > 0.9
    assert len(read_frames(Clip(path), FPS, GUARD)) == round((row.end - row.start) * FPS)


def test_the_face_comes_out_of_a_film(tmp_path: Path) -> None:
    wanted, found = shown(draw(SMALL, "meld")[0], SMALL), read_frames(Clip(film_of_first(tmp_path)), FPS, GUARD)
    assert wanted.shape == found.shape
    assert np.corrcoef(gray(wanted).ravel(), gray(found).ravel())[0, 1] > 0.97


def test_no_voice_depends_on_the_defects(tmp_path: Path) -> None:
    for defects in ("none", "all"):
        write(Plan(SMALL, True, defects), "m3ed", "m3ed", tmp_path / defects)
    clean, odd = ({path.read_bytes() for path in (tmp_path / name).rglob("*.wav")} for name in ("none", "all"))
    assert len(clean - odd) == 3  # zero_length takes their samples; nothing else touches a voice
    assert len(odd - clean) == 1


Session = tuple[Path, list[tuple[Utterance, Drawn]]]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The recordings of one session of IEMOCAP, and its turns as read and as drawn."""
    root, rows = tmp_path_factory.mktemp("iemocap"), draw(SMALL, "iemocap")
    takes = find("synthetic layout", "iemocap").write(root, rows, Making("iemocap", SMALL, media=True))
    render_all([take for take in takes if take.path.is_relative_to(root / "Session1" / "dialog")])
    by_text = {(row.start, row.text["en"]): row for row in rows if row.fold == 1}
    read = [one for one in find("corpus", "iemocap").read(root).utterances if one.fold == "Ses01"]
    assert len(read) == len(by_text) == 12
    return root, [(one, by_text[one.start or 0.0, str(one.text)]) for one in read]


def turns_of(session: Session) -> Iterator[tuple[Path, Utterance, Drawn]]:
    yield from ((session[0], one, row) for one, row in session[1])


def test_the_right_half_of_a_dialogue_film_shows_who_speaks(session: Session) -> None:
    halves = set()
    for root, one, row in turns_of(session):
        clip = clip_of(root, one, Modality.VIDEO)
        assert clip is not None
        other = replace(clip.part, half={"left": "right", "right": "left"}[str(clip.part.half)])
        halves.add((one.dialogue[5], row.gender, clip.part.half))
        seen, beside = (gray(read_frames(Clip(clip.path, part), FPS, GUARD)) for part in (clip.part, other))
        talk = loudness(speak(row, "iemocap", SMALL), 8, FPS)
        speaker, listener = (gray(face(row, "iemocap", SMALL, talk, speaking)) for speaking in (True, False))
        assert np.abs(seen - speaker).mean() < 6 < np.abs(seen - listener).mean()
        assert np.abs(beside - listener).mean() < 6 < np.abs(beside - speaker).mean()
    assert len(halves) == 4  # the one with the markers is on the left, be it the woman or the man


def test_each_speaker_has_a_channel_of_the_dialogue(session: Session) -> None:
    columns: dict[tuple[str, int], set[int]] = {}
    for root, one, row in turns_of(session):
        sound, rate = soundfile.read(root / str(one.audio), dtype="float32")
        said, at = speak(row, "iemocap", SMALL), round(row.start * rate)
        heard = sound[at : at + len(said)]
        loud = int(np.abs(heard).sum(axis=0).argmax())
        assert np.allclose(heard[:, loud], said, atol=1e-4)
        assert (heard[:, 1 - loud] == 0).all()
        columns.setdefault((one.dialogue, row.speaker), set()).add(loud)
        assert len(sound) >= (row.end + PAUSE) * rate - 1
    assert all(len(found) == 1 for found in columns.values())
    assert {found.pop() for found in columns.values()} == {0, 1}
