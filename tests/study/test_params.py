"""params.yaml: read, interpolated, overridden; and every way it can be wrong is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import NameUnknownError, SettingError
from harness.study import params as settings

TEXT = """
study: tiny
corpora: {meld: {}, m3ed: , v1: {adapter: ch_sims}}
training: {seeds: [1, 2], lr: 0.001}
recipes:
  a: {text: ngrams, audio: none, video: none, settings: {lr: "${training.lr}"}}
empty:
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text(TEXT, encoding="utf-8")
    return tmp_path / "params.yaml"


def test_values_are_plain_and_interpolated(path: Path) -> None:
    params = settings.load(path=path)
    assert params["recipes"]["a"]["settings"] == {"lr": 0.001}
    assert type(params["training"]) is dict
    assert type(params["training"]["seeds"]) is list
    assert list(params["corpora"]) == ["meld", "m3ed", "v1"]


def test_an_override_replaces_a_value_and_what_refers_to_it(path: Path) -> None:
    params = settings.load(["training.lr=0.1", "training.seeds=[7]", "study=other"], path)
    assert params["recipes"]["a"]["settings"]["lr"] == 0.1
    assert (params["training"]["seeds"], params["study"]) == ([7], "other")


@pytest.mark.parametrize("override", ["training.sedes=[1]", "lr=1", "recipes.a.settings.lrr=2"])
def test_an_override_of_an_unknown_key_is_refused(path: Path, override: str) -> None:
    with pytest.raises(SettingError, match=rf"params\.yaml: .*{override.split('=')[0].split('.')[-1]}"):
        settings.load([override], path)


def test_an_override_without_a_value_says_how_to_write_one(path: Path) -> None:
    with pytest.raises(SettingError, match=r"--set nonsense: expected key=value, as in training\.seeds=\[1\]"):
        settings.load(["nonsense"], path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: ${b}", "Interpolation key 'b' not found"),
        ("a: [1", "expected ',' or ']'"),
        ("a: ???", "Missing mandatory value: a"),
        ("- a\n- b", "params"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(SettingError, match=message) as caught:
        settings.load(path=tmp_path / "params.yaml")
    assert "\n" not in str(caught.value)
    assert "params.yaml" in str(caught.value)


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"cannot be read .*; run the command at the top of the checkout"):
        settings.load(path=tmp_path / "params.yaml")


def test_a_row_is_a_copy_and_an_empty_one_is_a_row(path: Path) -> None:
    params = settings.load(path=path)
    found = settings.row(params, "corpora", "v1")
    found["adapter"] = "changed"
    assert params["corpora"]["v1"]["adapter"] == "ch_sims"
    assert settings.row(params, "corpora", "meld") == settings.row(params, "corpora", "m3ed") == {}


@pytest.mark.parametrize("section", ["corpora", "empty", "absent"])
def test_an_unknown_row_lists_the_rows_there_are(path: Path, section: str) -> None:
    known = "did you mean 'meld'.*known: m3ed, meld, v1" if section == "corpora" else "known: none"
    with pytest.raises(NameUnknownError, match=rf"no row of {section} in params\.yaml is called 'mled'.*{known}"):
        settings.row(settings.load(path=path), section, "mled")


def test_inputs_are_the_modalities_that_are_used() -> None:
    assert settings.inputs({"text": "e5", "audio": "none", "video": "clip"}) == {"text": "e5", "video": "clip"}
    assert settings.inputs({"also": "ngrams", "text": "e5"}) == {"text": "e5", "also": "ngrams"}
    for nothing in ({}, {"text": "none", "audio": "none"}):
        with pytest.raises(SettingError, match="an encoder for at least one of text, audio, video, also"):
            settings.inputs(nothing)
