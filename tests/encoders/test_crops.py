"""What image and video models see of a clip: the face, wherever it is, or the whole frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import skimage
from numpy.testing import assert_allclose, assert_array_equal
from tiny_models import tiny

from harness.core.errors import SettingError
from harness.encoders import hf_image, hf_video
from harness.encoders._crops import cropped
from harness.features.matrix import Ragged
from harness.study.encoder_rows import encoder_row

ASTRONAUT = skimage.data.astronaut()
FACE = np.stack([ASTRONAUT[:260, 100:360]] * 3)  # three frames
OTHER = FACE.copy()
OTHER[:, :, -60:] = np.random.default_rng(1).integers(0, 255, (3, 260, 60, 3), dtype=np.uint8)  # another wall
WALL = np.full((2, 80, 80, 3), 90, dtype=np.uint8)
MAKERS = {"dinov2": hf_image, "videomae": hf_video}
every_model = pytest.mark.parametrize("name", MAKERS)


def made(name: str, **options: Any) -> Any:
    return MAKERS[name].encoder(model=str(tiny(name)), precision="fp32", **options)


@every_model
def test_with_a_crop_the_face_alone_is_seen(name: str) -> None:
    face = made(name, crop="face").encode(iter([FACE, OTHER]))
    whole = made(name).encode([FACE, OTHER])
    assert_allclose(face[0], face[1], atol=1e-6, err_msg="what stands beside the face decides its row")
    assert np.abs(whole[0] - whole[1]).max() > 1e-3
    (pictures,) = [cropped(FACE, "face")]
    assert_allclose(made(name).encode([np.stack(pictures)])[0], face[0], atol=1e-6)


@every_model
def test_a_clip_without_a_face_has_no_numbers_and_the_others_keep_their_places(name: str) -> None:
    rows = made(name, crop="face").encode(iter([WALL, FACE, WALL, OTHER]))
    assert np.isnan(rows).all(axis=1).tolist() == [True, False, True, False]
    assert_allclose(rows[[1, 3]], made(name, crop="face").encode([FACE, OTHER]), atol=1e-6)
    assert MAKERS[name].NOTHING == "no_face"
    assert np.isfinite(made(name).encode([WALL])).all()


@every_model
def test_frames_of_a_clip_without_a_face_are_none(name: str) -> None:
    frames = made(name, crop="face", level="frames").encode([WALL, FACE, WALL])
    assert isinstance(frames, Ragged)
    assert (frames.lengths > 0).tolist() == [False, True, False]
    assert_array_equal(frames.values, made(name, crop="face", level="frames").encode([FACE]).values)


def test_a_crop_lies_around_the_face_and_a_whole_frame_is_whole() -> None:
    for picture in cropped(FACE, "face"):
        assert picture.shape[0] == picture.shape[1] < 200
    assert_array_equal(np.stack(cropped(FACE, "none")), FACE)
    assert cropped(WALL, "face") == []


def test_a_crop_that_nobody_knows_is_told() -> None:
    with pytest.raises(SettingError, match="crop is 'mouth'; it is one of face, none"):
        made("dinov2", crop="mouth")


@pytest.mark.parametrize("preset", ["clip_large", "dinov2_giant", "eva02_base", "videomae_base"])
def test_presets_crop_the_face_as_the_papers_do_unless_the_row_says_otherwise(preset: str) -> None:
    row = {"encoder": "hf_video" if preset.startswith("videomae") else "hf_image", "preset": preset}
    assert encoder_row({"encoders": {"x": row}}, "x")[1]["crop"] == "face"
    assert encoder_row({"encoders": {"x": {**row, "crop": "none"}}}, "x")[1]["crop"] == "none"
