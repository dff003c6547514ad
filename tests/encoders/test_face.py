"""The face encoder: on drawn faces, whose class is known, and on photographs that scikit-image ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from skimage.transform import rescale

from harness.core.errors import SettingError
from harness.core.plugins import find
from harness.corpora.synthetic.picture import face as drawn_face
from harness.corpora.synthetic.world import World, draw
from harness.encoders import face
from harness.encoders._faces import followed, grey, largest_face

ROW = draw(World(utterances=60, dialogues=20, speakers=10), "meld")
ASTRONAUT = skimage.data.astronaut()  # a photograph in the public domain
PHOTOGRAPHS = Path(skimage.data.__file__).parent / "lfw_subset.npy"  # 100 faces of 25 x 25 pixels, 100 that are none


def clip(at: int, frames: int = 4) -> Any:
    return drawn_face(ROW[at], "meld", World(), np.linspace(0, 1, frames).astype(np.float32))


def made(name: str, **options: Any) -> Any:
    return find("encoder", name).encoder(**options)


def room(small: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hang a small picture, three times as large, on a plain wall."""
    wall = np.full((150, 200), np.median(small))
    wall[37:112, 60:135] = np.clip(rescale(small, 3), 0, 1)
    return wall


def middle(box: Any) -> NDArray[np.float64]:
    row, column, side = box
    return np.array([row + side / 2, column + side / 2])


def test_faces_of_photographs_are_found_and_other_things_are_not() -> None:
    pictures = np.load(PHOTOGRAPHS, allow_pickle=False)
    faces, others = [[largest_face(room(one)) for one in pictures[at : at + 15]] for at in (0, 100)]
    assert sum(box is not None for box in faces) >= 13
    assert sum(box is not None for box in others) <= 1
    assert all(abs(middle(box) - (74, 97)).max() < 20 for box in faces if box)


def test_drawn_faces_are_found_in_nearly_every_frame() -> None:
    shares = made("face").encode(clip(at) for at in range(0, 60, 3))[:, -1]
    assert np.isfinite(shares).mean() > 0.9
    assert np.nanmean(shares) > 0.8


def test_a_clip_follows_one_face_and_finds_the_next_after_a_cut() -> None:
    one = grey(ASTRONAUT[:300, 60:400])
    moved = [np.roll(one, (3 * k, 5 * k), (0, 1)) for k in range(3)]
    empty = np.full_like(one, 0.5)
    far = np.roll(one, -90, axis=1)
    boxes = list(followed([*moved, empty, far]))
    assert boxes[3] is None
    for k, place in enumerate([(0, 0), (3, 5), (6, 10), None, (0, -90)]):
        if place:
            assert_allclose(middle(boxes[k]) - middle(boxes[0]), place, atol=12)


def test_the_face_that_is_followed_stays_beside_a_larger_one() -> None:
    one = grey(ASTRONAUT[:300, 60:400])
    shown = slice(40, 200), slice(100, 240)
    alone, both = np.full((340, 600), 0.4), np.full((340, 600), 0.4)
    alone[40:200, 20:160] = both[40:200, 20:160] = one[shown]
    larger = rescale(one[shown], 1.6)
    both[20 : 20 + len(larger), 300 : 300 + larger.shape[1]] = larger
    first, second = followed([alone, both])
    assert largest_face(both)[1] > 300  # type: ignore[index]
    assert_allclose(middle(second), middle(first), atol=15)


def test_whole_pictures_are_described_to_their_edges() -> None:
    wide = np.repeat(clip(0, 2), 2, axis=2)
    changed = wide.copy()
    changed[:, :, 100:] //= 2
    one, other = made("face", find="none").encode([wide, changed])
    assert np.abs(one - other).max() > 0.1


def test_what_is_looked_for_is_face_or_none() -> None:
    with pytest.raises(SettingError, match="encoder face: find is 'hand'; it is face or none"):
        made("face", find="hand")


def test_a_face_is_found_where_it_is_and_nowhere_else() -> None:
    row, column, side = largest_face(grey(ASTRONAUT)) or (0, 0, 0)
    assert 60 < row + side / 2 < 160
    assert 170 < column + side / 2 < 270
    assert 50 < side < 150
    assert largest_face(grey(ASTRONAUT[250:, :160])) is None
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
