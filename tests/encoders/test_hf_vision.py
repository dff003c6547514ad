"""Image and video models by id: each architecture on a tiny random-weight model, read the way a real one is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from clips import write_picture
from numpy.testing import assert_allclose
from tiny_models import IMAGES, tiny

from harness.core.errors import SettingError
from harness.corpora.media.clips import Clip, Guard
from harness.corpora.media.frames import read_frames
from harness.encoders import hf_image, hf_video
from harness.features.matrix import Ragged

CHANCE = np.random.default_rng(5)
CLIPS = [CHANCE.integers(0, 255, (n, h, w, 3), dtype=np.uint8) for n, h, w in ((3, 40, 60), (1, 64, 48), (7, 32, 32))]
WAYS = [("clip", "image"), ("clip", "cls"), ("clip", "patches"), ("dinov2", "cls"), ("data2vec_vision", "patches")]
every_way = pytest.mark.parametrize(("name", "of"), WAYS)


@cache
def images(name: str, **options: Any) -> Any:
    return hf_image.encoder(model=str(tiny(name)), precision="fp32", **options)


@cache
def videos(**options: Any) -> Any:
    return hf_video.encoder(model=str(tiny("videomae")), precision="fp32", **options)


def own(name: str, of: str, clip: Any) -> Any:
    """What the library itself says of each frame of one clip."""
    import transformers as t

    model, prepare = t.AutoModel.from_pretrained(tiny(name)).eval(), t.AutoImageProcessor.from_pretrained(tiny(name))
    rows = []
    with torch.no_grad():
        for picture in clip:
            given = prepare(images=picture, return_tensors="pt")["pixel_values"]
            if of == "image":
                out = model(pixel_values=given, input_ids=torch.tensor([[0, 1]])).image_embeds
                vision = model.vision_model(pixel_values=given).pooler_output
                rows.append(model.visual_projection(vision)[0] if out is not None else None)
                continue
            seer = getattr(model, "vision_model", model)
            states = seer(pixel_values=given, output_hidden_states=True).hidden_states[-1][0]
            rows.append(states[0] if of == "cls" else states[1:].mean(dim=0))
    return torch.stack(rows).numpy()


@every_way
def test_a_row_is_the_mean_of_what_the_model_says_of_its_frames(name: str, of: str) -> None:
    rows = images(name, of=of).encode(iter(CLIPS))
    for at, clip in enumerate(CLIPS):
        assert_allclose(rows[at], own(name, of, clip).mean(axis=0), rtol=1e-4, atol=1e-5)


@every_way
def test_a_row_depends_on_its_own_clip_alone(name: str, of: str) -> None:
    whole = images(name, of=of).encode(CLIPS)
    small = images(name, of=of, batch=1)
    assert_allclose(small.encode(CLIPS[::-1])[::-1], whole, rtol=1e-4, atol=1e-5)
    assert images(name, of=of).encode([]).shape == (0, whole.shape[1])


def test_frames_are_kept_and_poolings_are_over_them() -> None:
    frames = images("dinov2", level="frames").encode(CLIPS)
    assert isinstance(frames, Ragged)
    assert frames.lengths.tolist() == [3, 1, 7]
    rows = images("dinov2", pooling="mean_std").encode(CLIPS)
    of_first = frames.take([0]).values
    assert_allclose(rows[0], np.concatenate([of_first.mean(axis=0), of_first.std(axis=0)]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", IMAGES)
def test_clips_are_taken_as_they_are_needed(name: str) -> None:
    alive: list[int] = []

    def stream() -> Iterator[Any]:
        for at in range(20):
            alive.append(at)
            yield CLIPS[0]

    made = images(name, batch=6)
    look, seen = made.look, []
    made.look = lambda pictures: (seen.append(len(alive)), look(pictures))[1]
    try:
        assert len(made.encode(stream())) == 20
    finally:
        made.look = look
    assert max(count - 2 * (at + 1) for at, count in enumerate(seen)) <= 1, "clips were read far ahead"


def test_which_frames_a_video_model_sees() -> None:
    assert hf_video.shown(16, 16).tolist() == list(range(16))
    assert hf_video.shown(1, 16).tolist() == [0] * 16
    assert hf_video.shown(32, 16).tolist() == list(range(1, 32, 2))
    many = hf_video.shown(100, 16)
    assert (np.diff(many) > 0).all()
    assert many[0] == 99 - many[-1]


def test_a_video_is_the_mean_of_its_last_states() -> None:
    import transformers as t

    model = t.AutoModel.from_pretrained(tiny("videomae")).eval()
    prepare = t.AutoImageProcessor.from_pretrained(tiny("videomae"))
    rows = videos().encode(iter(CLIPS))
    steps = videos(level="frames").encode(CLIPS)
    for at, clip in enumerate(CLIPS):
        seen = clip[hf_video.shown(len(clip), 4)]
        with torch.no_grad():
            states = model(**prepare(list(seen), return_tensors="pt"), output_hidden_states=True).hidden_states[-1][0]
        assert_allclose(rows[at], states.mean(dim=0).numpy(), rtol=1e-4, atol=1e-5)
        tubelets = states.unflatten(0, (2, -1)).mean(dim=1).numpy()
        assert_allclose(steps.take([at]).values, tubelets, rtol=1e-4, atol=1e-5)
    assert_allclose(videos(batch=1).encode(CLIPS), rows, rtol=1e-4, atol=1e-5)
    assert videos().encode([]).shape == (0, 16)


def test_a_film_is_seen_through_the_decoder(tmp_path: Path) -> None:
    made = images("dinov2")
    film = read_frames(Clip(write_picture(tmp_path / "a.mp4", 30)), made.fps, Guard(), made.size)
    assert np.isfinite(made.encode([film])).all()


def test_what_a_model_cannot_give_is_refused() -> None:
    with pytest.raises(SettingError, match="of is 'face'; it is one of image, cls, patches"):
        images("dinov2", of="face")
    with pytest.raises(SettingError, match="no image model of which hf_image knows `image`"):
        images("dinov2", of="image")
    with pytest.raises(SettingError, match="no video model"):
        hf_video.encoder(model=str(tiny("dinov2")))


def test_eva02_is_read_by_timm(tmp_path: Path) -> None:
    """Runs where a torchvision that was made for the installed torch lets timm be imported."""
    try:
        import timm
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"timm cannot be imported here: {error}")
    from safetensors.torch import save_file

    small = {"depth": 2, "embed_dim": 32, "num_heads": 2, "img_size": 28, "patch_size": 14}
    torch.manual_seed(1)
    model = timm.create_model("eva02_tiny_patch14_224", num_classes=0, **small).eval()
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    seen = {"input_size": [3, 28, 28]}
    config = {"architecture": "eva02_tiny_patch14_224", "model_args": small, "pretrained_cfg": seen}
    (tmp_path / "config.json").write_text(json.dumps(config))
    made = hf_image.encoder(model=str(tmp_path), library="timm", of="patches", precision="fp32")
    rows = made.encode(CLIPS)
    assert rows.shape == (3, 32)
    with torch.no_grad():
        from PIL import Image

        prepare = timm.data.create_transform(**timm.data.resolve_data_config(seen, model=model))
        given = torch.stack([prepare(Image.fromarray(picture)) for picture in CLIPS[0]])
        expected = model.forward_features(given)[:, model.num_prefix_tokens :].mean(dim=(0, 1)).numpy()
    assert_allclose(rows[0], expected, rtol=1e-4, atol=1e-5)


def test_without_timm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SettingError, match="with the torchvision that was made for your torch"):
        hf_image.encoder(model=str(tmp_path), library="timm")
