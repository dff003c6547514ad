"""The voices and faces of the made-up corpora: they show the class as strongly as they say, and the files hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from harness.corpus import Modality, Utterance
from harness.encoders import logmel
from harness.labels import EMOTION7
from harness.media import Clip, Guard, clip_of
from harness.media_picture import read_frames
from harness.media_sound import read_sound
from harness.plugins import find
from harness.synth import PAUSE, Drawn, World, draw
from harness.synth_making import Making
from harness.synth_media import Take, render_all
from harness.synth_picture import FPS, LIPS, SIZE, Frames, face
from harness.synth_release import Plan, write
from harness.synth_sound import RATE, Samples, loudness, speak

SMALL = World(utterances=60, dialogues=20, speakers=10)
CORPORA = ("emotiontalk", "ch_sims", "m3ed", "iemocap", "meld")
GUARD = Guard()
PITCH = logmel.TRACKS - 1  # the mean of the last track of an acoustic row is the mean log F0


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


def acoustic(voices: Sequence[Samples]) -> NDArray[np.float32]:
    return logmel.encoder().encode(voices)


@cache
def guesses(modality: str, **settings: float) -> tuple[list[str], list[str], list[Drawn]]:
    """What a plain classifier of rows it was not fitted on takes each clip for, and what the clip shows."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    world, rows = drawn(**settings)
    if modality == "audio":
        features = acoustic([speak(row, "meld", world) for row in rows])
    else:
        features = np.stack([gray(shown(row, world))[::2, ::2].ravel() for row in rows]).astype(np.float32)
    truth = [row.views[modality] for row in rows]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300, class_weight="balanced"))
    return truth, list(cross_val_predict(model, features, truth, cv=5)), rows


def mean_recall(truth: Sequence[str], guessed: Sequence[str]) -> float:
    recalls = [
        np.mean([guess == emotion for one, guess in zip(truth, guessed, strict=True) if one == emotion])
        for emotion in EMOTION7.classes
    ]
    return float(np.mean(recalls))


@pytest.mark.parametrize("modality", ["audio", "video"])
def test_a_plain_classifier_finds_the_class_where_it_is_shown(modality: str) -> None:
    truth, guessed, _ = guesses(modality)
    assert mean_recall(truth, guessed) > 0.6


@pytest.mark.parametrize("modality", ["audio", "video"])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_at_strength_0_it_finds_nothing(modality: str, shift: float) -> None:
    truth, guessed, _ = guesses(modality, voice=0, face=0, shift=shift)
    assert mean_recall(truth, guessed) < 0.28  # the floor is 1/7; 60 worlds gave .07 to .24


def test_a_plain_face_does_not_tell_what_the_voice_says() -> None:
    """The mouth moves with the voice, which is as loud in the mean for every class."""
    truth, guessed, _ = guesses("video", voice=1, face=0)
    assert mean_recall(truth, guessed) < 0.28


@pytest.mark.parametrize("modality", ["audio", "video"])
def test_a_clip_shows_the_label_of_its_own_view(modality: str) -> None:
    _, guessed, rows = guesses(modality)
    odd = [(guess, row) for guess, row in zip(guessed, rows, strict=True) if row.views[modality] != row.emotion]
    assert len(odd) > 25
    assert np.mean([guess == row.views[modality] for guess, row in odd]) > 0.5
    assert np.mean([guess == row.emotion for guess, row in odd]) < 0.25


def rows_by_speaker() -> list[list[Drawn]]:
    """Eight utterances of each speaker, so that it matters little which vowels are in them."""
    rows = drawn(shift=0)[1]
    return [[row for row in rows if row.speaker == speaker][:8] for speaker in range(10)]


@pytest.mark.parametrize(
    ("measure", "order"),
    [
        (lambda voice: 10 * np.log10(np.mean(voice**2)), ("anger", "happy", "neutral", "sad")),  # level
        (lambda voice: acoustic([voice])[0, PITCH], ("happy", "neutral", "sad")),
        (lambda voice: brightness(voice), ("anger", "neutral", "sad")),
    ],
    ids=["level", "pitch", "tilt"],
)
def test_a_voice_goes_the_way_that_listeners_report(
    measure: Callable[[Samples], float], order: tuple[str, ...]
) -> None:
    world, _ = drawn(shift=0)
    for rows in rows_by_speaker():
        values = [np.mean([measure(speak(as_if(row, emotion), "meld", world)) for row in rows]) for emotion in order]
        assert all(more > less for more, less in pairwise(values)), values


def brightness(voice: Samples) -> float:
    """The power from 1 to 2.5 kHz against that below, in dB; above it hiss is louder than a sad voice."""
    power, hertz = np.abs(np.fft.rfft(voice)) ** 2, np.fft.rfftfreq(len(voice), 1 / RATE)
    return float(10 * np.log10(power[(hertz > 1000) & (hertz < 2500)].sum() / power[hertz < 1000].sum()))


def test_women_speak_higher_than_men() -> None:
    world, rows = drawn()
    pitch = acoustic([speak(as_if(row, "neutral"), "meld", world) for row in rows[:60]])[:, PITCH]
    woman = np.array([row.gender == "female" for row in rows[:60]])
    assert np.exp(pitch[woman].mean() - pitch[~woman].mean()) == pytest.approx(205 / 115, rel=0.25)


def lips(frames: Frames) -> NDArray[np.bool_]:
    """Where a frame is redder than skin, hair and ground are."""
    found: NDArray[np.bool_] = (np.abs(frames.astype(int) - LIPS) < 25).all(axis=-1)
    return found


def test_a_face_goes_the_way_that_action_units_do() -> None:
    world, _ = drawn(shift=0)
    for row, *_ in rows_by_speaker():
        looks = {
            emotion: lips(shown(as_if(row, emotion), world)) for emotion in ("happy", "sad", "surprise", "neutral")
        }
        assert looks["surprise"].sum() > looks["neutral"].sum()
        assert droop(looks["sad"]) > droop(looks["happy"]) + 2


def droop(mouth: NDArray[np.bool_]) -> float:
    """How many pixels the corners of a mouth are below its middle."""
    middle, below = SIZE // 2, np.arange(SIZE)
    heat = mouth.sum(axis=0)
    heights = (heat * below[:, None]).sum(axis=0) / np.maximum(heat.sum(axis=0), 1)
    seen = np.flatnonzero(heat.sum(axis=0))
    edges = heights[[*seen[seen < middle][:3], *seen[seen > middle][-3:]]].mean()
    return float(edges - heights[middle - 2 : middle + 3].mean())


def test_the_mouth_opens_with_the_voice() -> None:
    world, rows = drawn(shift=0)
    together = []
    for row in rows[:20]:
        voice = speak(row, "meld", world)
        talk = loudness(voice, round(len(voice) / RATE * FPS) + 5, FPS)
        assert talk.max() == 1
        assert (talk[-4:] == 0).all()
        size = lips(face(row, "meld", world, talk)).sum(axis=(1, 2))
        together.append(np.corrcoef(size, talk)[0, 1])
        assert len(set(lips(face(row, "meld", world, talk, speaking=False)).sum(axis=(1, 2)))) < len(set(size))
    assert np.mean(together) > 0.8
    assert (loudness(np.zeros(1600, np.float32), 3, FPS) == 0).all()


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


def rendered(folder: Path, *plans: dict[str, Any]) -> list[Path]:
    """Render the first utterances of a small world; a plan is what a take has beside its row."""
    rows = draw(SMALL, "meld")
    takes = []
    for at, plan in enumerate(plans):
        suffix, count = plan.pop("suffix", "mp4"), plan.pop("count", 1)
        takes.append(Take(folder / f"{at}.{suffix}", tuple(rows[at : at + count]), "meld", SMALL, **plan))
    render_all(takes)
    return [take.path for take in takes]


@pytest.mark.parametrize(("channels", "rate"), [(1, RATE), (2, 44_100), (6, 48_000)])
def test_the_voice_comes_out_of_a_film_and_is_as_long_as_its_picture(tmp_path: Path, channels: int, rate: int) -> None:
    (path,) = rendered(tmp_path, {"channels": channels, "rate": rate})
    row = draw(SMALL, "meld")[0]
    said, heard = speak(row, "meld", SMALL), read_sound(Clip(path), RATE, GUARD)
    assert 0 <= len(heard) - len(said) < 0.07 * RATE  # AAC comes in packets of 1024 samples
    assert np.corrcoef(heard[: len(said)], said)[0, 1] > 0.9
    assert len(read_frames(Clip(path), FPS, GUARD)) == round((row.end - row.start) * FPS)


def test_a_face_comes_out_of_a_film(tmp_path: Path) -> None:
    (path,) = rendered(tmp_path, {})
    wanted, found = shown(draw(SMALL, "meld")[0], SMALL), read_frames(Clip(path), FPS, GUARD)
    assert wanted.shape == found.shape
    assert np.corrcoef(gray(wanted).ravel(), gray(found).ravel())[0, 1] > 0.97


FORMS: list[dict[str, Any]] = [
    *({"suffix": "wav"}, {"suffix": "wav", "channels": 2, "rate": 44_100}, {"suffix": "wav", "damage": "no_samples"}),
    *({}, {"channels": 6, "rate": 48_000}, {"damage": "no_moov"}, {"damage": "too_short"}, {"damage": "wrong_cut"}),
    *({"suffix": "avi", "count": 3}, {"suffix": "wav", "count": 3, "channels": 2}),
]


def test_the_same_world_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (rendered(tmp_path / name, *({**form} for form in FORMS)) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len({path.read_bytes() for path in first}) == len(FORMS)


def contents(folder: Path, pattern: str) -> list[bytes]:
    return sorted(path.read_bytes() for path in folder.rglob(pattern))


def test_no_voice_depends_on_the_defects_and_no_release_on_when_it_is_written(tmp_path: Path) -> None:
    for name, defects in (("a", "none"), ("b", "none"), ("c", "all")):
        write(Plan(SMALL, True, defects), "m3ed", "m3ed", tmp_path / name)
    a, b, c = (contents(tmp_path / name, "*.wav") for name in "abc")
    assert a == b
    assert contents(tmp_path / "a", "*.json") == contents(tmp_path / "b", "*.json")
    assert len(set(a) - set(c)) == 3  # zero_length takes their samples; nothing else touches a voice
    assert len(set(c) - set(a)) == 1


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[Utterance, Drawn]]]:
    """The recordings of one session of IEMOCAP, and its turns as read and as drawn."""
    root, rows = tmp_path_factory.mktemp("iemocap"), draw(SMALL, "iemocap")
    takes = find("synthetic layout", "iemocap").write(root, rows, Making("iemocap", SMALL, media=True))
    render_all([take for take in takes if take.path.is_relative_to(root / "Session1" / "dialog")])
    by_text = {(row.start, row.text["en"]): row for row in rows if row.fold == 1}
    read = [one for one in find("corpus", "iemocap").read(root).utterances if one.fold == "Ses01"]
    assert len(read) == len(by_text) == 12
    return root, [(one, by_text[one.start, one.text]) for one in read]  # type: ignore[index]


def turns_of(session: tuple[Path, list[tuple[Utterance, Drawn]]]) -> Iterator[tuple[Path, Utterance, Drawn]]:
    yield from ((session[0], one, row) for one, row in session[1])


def test_the_right_half_of_a_dialogue_film_shows_who_speaks(
    session: tuple[Path, list[tuple[Utterance, Drawn]]],
) -> None:
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


def test_each_speaker_has_a_channel_of_the_dialogue(session: tuple[Path, list[tuple[Utterance, Drawn]]]) -> None:
    columns: dict[tuple[str, int], set[int]] = {}
    for root, one, row in turns_of(session):
        sound, rate = soundfile.read(root / str(one.audio), dtype="float32")
        said = speak(row, "iemocap", SMALL)
        at = round(row.start * rate)
        heard = sound[at : at + len(said)]
        loud = int(np.abs(heard).sum(axis=0).argmax())
        assert np.allclose(heard[:, loud], said, atol=1e-4)
        assert (heard[:, 1 - loud] == 0).all()
        columns.setdefault((one.dialogue, row.speaker), set()).add(loud)
        assert len(sound) >= (row.end + PAUSE) * rate - 1
    assert all(len(found) == 1 for found in columns.values())
    assert {found.pop() for found in columns.values()} == {0, 1}
