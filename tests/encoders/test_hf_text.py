"""Language models by id: each architecture on a tiny random-weight model, read the way a real one is."""

from __future__ import annotations

import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from tiny_models import SENTENCES, TEXT, tiny

from harness.core.errors import SettingError
from harness.encoders import _hf_batch, _hub, hf_text
from harness.features import plan
from harness.features.matrix import Ragged

every_model = pytest.mark.parametrize("name", TEXT)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@cache
def made(name: str, **options: Any) -> Any:
    return hf_text.encoder(model=str(tiny(name)), precision="fp32", **options)


def own_states(name: str, text: str) -> Any:
    """All hidden states of one text alone, by the library itself."""
    import transformers as t

    model, tokenizer = t.AutoModel.from_pretrained(tiny(name)).eval(), t.AutoTokenizer.from_pretrained(tiny(name))
    with torch.no_grad():
        given = tokenizer(text, return_tensors="pt")
        wanted = {key: given[key] for key in ("input_ids", "attention_mask")}
        return [one[0] for one in model(**wanted, output_hidden_states=True).hidden_states]


@every_model
def test_a_row_is_the_mean_of_the_texts_own_last_states_and_of_no_padding(name: str) -> None:
    rows = made(name).encode(SENTENCES, "zh")
    assert rows.shape == (6, 16)
    for at, text in enumerate(SENTENCES):
        assert_allclose(rows[at], own_states(name, text)[-1].mean(dim=0).numpy(), rtol=1e-4, atol=1e-5)


@every_model
def test_a_row_depends_on_its_own_text_alone(name: str) -> None:
    whole = made(name).encode(SENTENCES, "en")
    small = hf_text.encoder(model=str(tiny(name)), precision="fp32", batch=1)
    for rows in (small.encode(SENTENCES, "en"), made(name).encode(SENTENCES[::-1], "en")[::-1]):
        assert_allclose(rows, whole, rtol=1e-4, atol=1e-5)
    crowded = made(name).encode([SENTENCES[0], "happy " * 20, SENTENCES[0]], "en")
    assert_allclose(crowded[[0, 2]], whole[[0, 0]], rtol=1e-4, atol=1e-5)
    assert made(name).encode([], "en").shape == (0, 16)


@every_model
@pytest.mark.parametrize("layer", [0, 1, -2, [-1, -2]])
def test_a_layer_is_the_hidden_state_of_that_number(name: str, layer: Any) -> None:
    states = own_states(name, SENTENCES[3])
    frames = torch.stack([states[one] for one in ([layer] if isinstance(layer, int) else layer)]).mean(dim=0)
    rows = hf_text.encoder(model=str(tiny(name)), precision="fp32", layer=layer).encode([SENTENCES[3]], "zh")
    assert_allclose(rows[0], frames.mean(dim=0).numpy(), rtol=1e-4, atol=1e-5)


def test_poolings_special_tokens_and_frames() -> None:
    states = own_states("bert", SENTENCES[0])[-1].numpy()
    assert_allclose(made("bert", pooling="first").encode(SENTENCES[:1], "en")[0], states[0], rtol=1e-4, atol=1e-5)
    assert_allclose(made("llama", pooling="last").encode(SENTENCES[:1], "en")[0],
                    own_states("llama", SENTENCES[0])[-1][-1].numpy(), rtol=1e-4, atol=1e-5)  # fmt: skip
    inner = made("bert", special=False).encode(SENTENCES[:1], "en")[0]
    assert_allclose(inner, states[1:-1].mean(axis=0), rtol=1e-4, atol=1e-5)
    frames = made("bert", level="frames").encode(SENTENCES[:2], "en")
    assert isinstance(frames, Ragged)
    assert_allclose(frames.take([0]).values, states, rtol=1e-4, atol=1e-5)


def test_what_lies_beyond_the_last_token_is_not_read() -> None:
    cut = hf_text.encoder(model=str(tiny("llama")), precision="fp32", max_tokens=4)
    long = "I am happy today. Go away!"
    assert_array_equal(cut.encode([long], "en"), cut.encode(["I am happy today."], "en"))
    assert made("bert").encode(["happy " * 300], "en").shape == (1, 16), "a model's own limit is kept"


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache as `hf download` leaves it, with one model in it."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--someone--tiny" / "snapshots" / COMMIT
    shutil.copytree(tiny("bert"), snapshot)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text(COMMIT)
    return tmp_path


@pytest.mark.parametrize("revision", ["main", COMMIT])
def test_a_model_is_read_from_the_cache_by_its_id(cache_folder: Path, revision: str) -> None:
    rows = hf_text.encoder(model="someone/tiny", revision=revision, precision="fp32").encode(SENTENCES, "en")
    assert_array_equal(rows, made("bert").encode(SENTENCES, "en"))
    assert _hub.resolved({"model": "someone/tiny", "revision": revision}) == COMMIT


def test_features_are_stale_once_a_branch_means_another_commit(cache_folder: Path) -> None:
    def made_by() -> dict[str, Any]:
        options = {"model": "someone/tiny", "revision": "main"}
        return plan._made_by("row", "hf_text", options, "native", "en", "float32", [], {})

    before = made_by()
    assert before["resolved"] == COMMIT
    model, other = cache_folder / "models--someone--tiny", COMMIT[::-1]
    shutil.copytree(model / "snapshots" / COMMIT, model / "snapshots" / other)
    (model / "refs" / "main").write_text(other)
    after = made_by()
    assert after["resolved"] == other
    assert after["digest"] != before["digest"]


def test_a_model_that_is_not_there_is_one_line_with_the_command_that_gets_it(cache_folder: Path) -> None:
    with pytest.raises(
        SettingError, match=r"someone/big at revision main is not on this machine \(looked in .*run `hf"
    ):
        hf_text.encoder(model="someone/big")
    with pytest.raises(SettingError, match="there is no folder"):
        hf_text.encoder(model="./nowhere")


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(SettingError, match=r"pip install 'emotransfer\[hub\]'"):
        hf_text.encoder(model="someone/tiny")


def test_weights_that_do_not_fill_the_network_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(tiny("bert"), tmp_path / "m")
    weights = load_file(tmp_path / "m" / "model.safetensors")
    gone = next(name for name in weights if "layer.1" in name)
    save_file({k: v for k, v in weights.items() if k != gone}, tmp_path / "m" / "model.safetensors", {"format": "pt"})
    with pytest.raises(SettingError, match="lack 1 tensors of BertModel"):
        hf_text.encoder(model=str(tmp_path / "m"))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"pooling": "max"}, "pooling is 'max'"),
        ({"level": "words"}, "level is 'words'"),
        ({"every": 3}, "every is 3"),
        ({"precision": "int8"}, "precision is 'int8'"),
        ({"pooling": "first", "special": False}, "set special: true"),
    ],
)
def test_an_option_that_cannot_be_is_one_clear_line(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingError, match=problem):
        hf_text.encoder(model=str(tiny("bert")), **options)


def test_a_layer_that_the_model_has_not_is_refused() -> None:
    with pytest.raises(SettingError, match="the model has the hidden states 0 to 3"):
        hf_text.encoder(model=str(tiny("bert")), layer=7).encode(["x"], "en")


def test_rows_are_finite() -> None:
    assert np.isfinite(made("glm").encode(["", "a"], "en")[1]).all()


def test_what_a_batch_holds_is_a_number_or_left_to_the_device() -> None:
    network = torch.nn.Linear(1, 1)
    assert _hf_batch.held("auto", network, cpu=4, gpu=160) == 4
    assert _hf_batch.held("auto", network.to("meta"), cpu=4, gpu=160) == 160
    assert _hf_batch.held(12, network, cpu=4, gpu=160) == 12
    for wrong in (0, -1, True, "many"):
        with pytest.raises(SettingError, match="a number above 0, or auto"):
            _hf_batch.held(wrong, network, cpu=4, gpu=160)


def test_a_store_is_the_same_wherever_its_batch_was_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    def digest(**batch: Any) -> str:
        options = {"model": str(tiny("bert")), "precision": "fp32", "device": "cpu", **batch}
        return str(plan._made_by("row", "hf_text", options, "native", "en", "float32", [], {})["digest"])

    here = digest()
    assert digest(batch=8192) != here, "a number of one's own decides the third digit of a row in bf16"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert digest() == here
