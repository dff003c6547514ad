"""Speech models by id: each architecture on a tiny random-weight model, read the way a real one is."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from tiny_models import SPEECH, tiny
from voices import voice

from harness.core.errors import SettingError
from harness.encoders import hf_speech
from harness.features.matrix import Ragged

SOUNDS = [voice(120, 0.5), voice(220, 0.31), voice(180, 0.9, 0.3), voice(300, 0.5, seed=3), np.zeros(4000, np.float32)]
every_model = pytest.mark.parametrize("name", SPEECH)


@cache
def made(name: str, **options: Any) -> Any:
    return hf_speech.encoder(model=str(tiny(name)), precision="fp32", **options)


def own_states(name: str, sound: Any) -> Any:
    """All hidden states of one sound alone, by the library itself; the last is what the model gives."""
    import transformers as t

    folder = tiny(name)
    model, extract = t.AutoModel.from_pretrained(folder).eval(), t.AutoFeatureExtractor.from_pretrained(folder)
    given = extract(sound, sampling_rate=16000, return_tensors="pt")
    with torch.no_grad():
        if name == "whisper":
            frames = -(-len(sound) // 320)
            given_states = model.encoder(given["input_features"], output_hidden_states=True)
            return [one[0, :frames] for one in (*given_states.hidden_states[:-1], given_states.last_hidden_state)]
        output = model(given["input_values"], output_hidden_states=True)
        return [one[0] for one in (*output.hidden_states[:-1], output.last_hidden_state)]


@every_model
def test_a_row_is_the_mean_of_the_sounds_own_last_states(name: str) -> None:
    rows = made(name).encode(iter(SOUNDS))
    assert rows.shape == (5, 16)
    assert rows.dtype == np.float32
    for at in (0, 1, 2):
        expected = own_states(name, SOUNDS[at])[-1].mean(dim=0).numpy()
        assert_allclose(rows[at], expected, rtol=1e-4, atol=1e-5)


@every_model
def test_a_row_depends_on_its_own_sound_alone(name: str) -> None:
    whole = made(name).encode(SOUNDS)
    scale = np.abs(whole).max()
    alone = np.concatenate([made(name).encode([one]) for one in SOUNDS])
    assert_allclose(alone, whole, atol=1e-5 * scale, rtol=1e-4)
    assert_allclose(made(name).encode(SOUNDS[::-1])[::-1], whole, atol=1e-5 * scale, rtol=1e-4)
    for batch in (1.0, 160.0):
        other = hf_speech.encoder(model=str(tiny(name)), precision="fp32", batch=batch)
        assert_allclose(other.encode(SOUNDS), whole, atol=1e-5 * scale, rtol=1e-4)
    assert made(name).encode([]).shape == (0, 16)


@every_model
@pytest.mark.parametrize("layer", [0, 1, -2, [1, 2]])
def test_a_layer_is_the_hidden_state_of_that_number(name: str, layer: Any) -> None:
    states = own_states(name, SOUNDS[2])
    frames = torch.stack([states[one] for one in ([layer] if isinstance(layer, int) else layer)]).mean(dim=0)
    rows = hf_speech.encoder(model=str(tiny(name)), precision="fp32", layer=layer).encode([SOUNDS[2]])
    assert_allclose(rows[0], frames.mean(dim=0).numpy(), rtol=1e-4, atol=1e-5)


def test_poolings_and_frames_are_of_the_same_states() -> None:
    states = own_states("hubert_layer", SOUNDS[2])[-1].numpy()
    both = made("hubert_layer", pooling="mean_std").encode([SOUNDS[2]])[0]
    assert_allclose(both, np.concatenate([states.mean(axis=0), states.std(axis=0)]), rtol=1e-4, atol=1e-5)
    assert_allclose(made("hubert_layer", pooling="last").encode([SOUNDS[2]])[0], states[-1], rtol=1e-4, atol=1e-5)
    frames = made("hubert_layer", level="frames", every=4).encode([SOUNDS[2], SOUNDS[1]])
    assert isinstance(frames, Ragged)
    groups = [states[at : at + 4].mean(axis=0) for at in range(0, len(states), 4)]
    assert_allclose(frames.take([0]).values, groups, rtol=1e-4, atol=1e-5)


def test_what_lies_beyond_max_seconds_is_not_heard() -> None:
    cut = hf_speech.encoder(model=str(tiny("hubert_layer")), precision="fp32", max_seconds=0.3)
    assert_array_equal(cut.encode([SOUNDS[2]]), made("hubert_layer").encode([SOUNDS[2][:4800]]))


def test_half_precision_is_near() -> None:
    half = hf_speech.encoder(model=str(tiny("hubert_layer")), precision="bf16").encode(SOUNDS[:2])
    assert_allclose(half, made("hubert_layer").encode(SOUNDS[:2]), atol=0.08)
    assert half.dtype == np.float32


def test_a_model_of_text_is_refused() -> None:
    with pytest.raises(SettingError, match=r"does not load as AutoFeatureExtractor|is no speech model"):
        hf_speech.encoder(model=str(tiny("bert")))
