"""Frame-level features of the encoders that need no download, and the face encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from test_encoders_of_sound import RATE, voice

from harness.encoders import face
from harness.encoders._faces import grey, largest_face
from harness.encoders._frames import averaged
from harness.errors import SettingError
from harness.features import Ragged
from harness.plugins import find
from harness.synth import World, draw
from harness.synth_picture import face as drawn_face

SOUNDS = [voice(120, 1.0), voice(220, 0.43), voice(180, 1.7, 0.3)]
OF_SOUND = ["logmel", "egemaps", "compare"]
ROW = draw(World(utterances=60, dialogues=20, speakers=10), "meld")


def clip(at: int, frames: int = 4) -> Any:
    return drawn_face(ROW[at], "meld", World(), np.linspace(0, 1, frames).astype(np.float32))


def made(name: str, **options: Any) -> Any:
    return find("encoder", name).encoder(**options)


def test_averages_of_every_few_frames_and_of_what_is_left() -> None:
    frames = np.arange(14, dtype=np.float32).reshape(7, 2)
    assert_allclose(averaged(frames, 3), [[2, 3], [8, 9], [12, 13]])
    assert_array_equal(averaged(frames, 1), frames)
    assert averaged(frames[:0], 3).shape == (0, 2)


@pytest.mark.parametrize("name", OF_SOUND)
def test_frames_of_a_sound_depend_on_it_alone_and_are_as_many_as_it_is_long(name: str) -> None:
    whole = made(name, level="frames").encode(iter(SOUNDS))
    assert isinstance(whole, Ragged)
    for at, sound in enumerate(SOUNDS):
        alone = made(name, level="frames").encode([sound])
        assert_array_equal(alone.values, whole.take([at]).values)
        assert whole.lengths[at] == pytest.approx(len(sound) / RATE / 0.1, abs=1.5)
    assert made(name, level="frames").encode([]).shape == (0, whole.shape[1])


def test_frames_of_logmel_are_the_tracks_whose_means_the_row_holds() -> None:
    row = made("logmel").encode(SOUNDS[:1])[0]
    frames = made("logmel", level="frames", every=0.01).encode(SOUNDS[:1])
    assert_allclose(frames.values.mean(axis=0), row[:43], rtol=1e-4, atol=1e-4)
    assert_allclose(frames.values.std(axis=0), row[43:86], rtol=1e-3, atol=1e-3)


def test_compare_is_opensmiles_own() -> None:
    opensmile = pytest.importorskip("opensmile")
    smile = opensmile.Smile(feature_set="ComParE_2016", feature_level="func")
    assert_array_equal(made("compare").encode(SOUNDS[:2])[1], smile.process_signal(SOUNDS[1], RATE).to_numpy()[0])
    assert made("compare").width == 6373


@pytest.mark.parametrize("name", [*OF_SOUND, "e5", "face"])
def test_an_unknown_level_is_one_clear_line(name: str) -> None:
    with pytest.raises(SettingError, match=f"encoder {name}: level is 'frame'; it is utterance or frames"):
        made(name, level="frame")


def test_words_of_e5_are_embedded_one_by_one() -> None:
    texts = ["我们 今天很开心", "今天", "!"]
    found, alone = made("e5", level="frames").encode(texts, "zh"), made("e5").encode(["我们", "今天"], "zh")
    words = list(find("encoder", "ngrams").tokens_of("zh")(texts[0]))
    assert found.lengths.tolist() == [len(words), 1, 1]
    assert_array_equal(found.values[words.index("今天")], alone[1])
    assert_array_equal(found.take([1]).values[0], alone[1])
    assert_array_equal(found.values[0], alone[0])


def test_a_face_is_found_where_it_is_and_nowhere_else() -> None:
    astronaut = pytest.importorskip("skimage.data").astronaut()  # a photograph in the public domain
    row, column, side = largest_face(grey(astronaut)) or (0, 0, 0)
    assert 60 < row + side / 2 < 160
    assert 170 < column + side / 2 < 270
    assert 50 < side < 150
    assert largest_face(grey(astronaut[250:, :160])) is None
    assert largest_face(np.zeros((8, 300))) is None


def test_the_rows_of_a_clip_are_statistics_of_its_frames() -> None:
    clips = [clip(0), clip(1), clip(2, 1)]
    frames, rows = made("face", level="frames").encode(iter(clips)), made("face").encode(iter(clips))
    assert rows.shape == (3, 2 * face.WIDTH + 1)
    for at in range(3):
        own = frames.take([at]).values
        assert_allclose(rows[at, : face.WIDTH], own.mean(axis=0), rtol=1e-5, atol=1e-6)
        assert_allclose(rows[at, face.WIDTH : -1], own.std(axis=0), rtol=1e-4, atol=1e-5)
        assert rows[at, -1] == pytest.approx(len(own) / len(clips[at]))
        assert_array_equal(made("face").encode([clips[at]])[0], rows[at])
    assert made("face").encode([]).shape == (0, 2 * face.WIDTH + 1)


def test_a_clip_without_a_face_has_no_numbers() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (3, 64, 64, 3), dtype=np.uint8)
    assert np.isnan(made("face").encode([noise])).all()
    assert made("face", level="frames").encode([noise, clip(0)]).lengths.tolist()[0] == 0
    assert np.isfinite(made("face", find="none").encode([noise])).all()
    assert face.NOTHING == "no_face"


def test_motion_is_what_changed_since_the_frame_before() -> None:
    still, moving = np.repeat(clip(0)[:1], 3, axis=0), clip(0, 6)
    rows = made("face", find="none").encode([still, moving])
    motion = slice(face.WIDTH - 16, face.WIDTH)
    assert not rows[0, motion].any()
    assert rows[1, motion].max() > 0.01


def test_a_face_that_jitters_stays_where_it_mostly_is() -> None:
    boxes = [(10.0, 10.0, 40.0), (12.0, 9.0, 42.0), None, (11.0, 11.0, 40.0), (100.0, 90.0, 20.0)]
    found = face.steadied(boxes)
    assert found[0] == found[1] == found[3]
    assert found[2] is None
    assert found[4] == boxes[4], "another face is not the one before"


def test_light_does_not_change_a_face() -> None:
    dark = (clip(0).astype(np.float64) * 0.6).astype(np.uint8)
    one, other = made("face", find="none").encode([clip(0), dark])
    different = made("face", find="none").encode([clip(3)])[0]
    assert np.abs(one - other).mean() < 0.5 * np.abs(one - different).mean()
