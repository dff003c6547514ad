"""params.yaml: read as DVC reads it, overridden, and every way in which the file itself can be wrong is one line."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from small_studies import CHECKOUT, params_of

from harness.core.errors import NameUnknownError, SettingError
from harness.study.params import rows, yaml_file
from harness.study.params.load import load


@pytest.fixture
def path(tmp_path: Path) -> Path:
    params_of(tmp_path, corpora=("meld", "m3ed"))
    return tmp_path / "params.yaml"


def test_the_project_s_own_can_be_loaded() -> None:
    assert load(path=CHECKOUT / "params.yaml")["recipes"]


def test_values_are_plain_and_settings_are_in_their_recipe(path: Path) -> None:
    params = load(path=path)
    assert params["recipes"]["text_ngrams_zh"]["settings"] == {"c": [1]}
    assert type(params["training"]) is dict
    assert type(params["training"]["seeds"]) is list
    assert list(params["corpora"]) == ["meld", "m3ed"]


def test_dvc_reads_the_same_values() -> None:
    from dvc.utils.serialize import load_yaml

    file = CHECKOUT / "params.yaml"
    assert load_yaml(file) == yaml_file.read(file).values


def test_an_override_replaces_a_value_and_what_refers_to_it(path: Path) -> None:
    params = load(["settings.sparse.c=[0.5, 2]", "training.seeds=[7]", "study=other"], path)
    assert params["recipes"]["text_ngrams_zh"]["settings"] == {"c": [0.5, 2]}
    assert (params["training"]["seeds"], params["study"]) == ([7], "other")
    assert load(["recipes.text_ngrams_zh.settings={c: [3]}"], path)["recipes"]["text_ngrams_zh"]["settings"] == {
        "c": [3]
    }


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.sedes=[1]", "training.sedes is unknown; did you mean 'seeds'"),
        ("media.slak=3", "media.slak is unknown; did you mean 'slack'"),
        ("lr=1", "lr is unknown"),
        ("nonsense", r"--set nonsense: expected key=value, as in training\.seeds=\[1\]"),
        ("=3", "expected key=value"),
        ("training.seeds=[1", "--set training.seeds=.*expected ',' or ']'"),
        ("study=${x}", "is a reference"),
        ("training.seeds.a=3", "--set"),
        ("a[=3", "a is unknown"),
    ],
)
def test_an_override_that_cannot_be_is_one_line(path: Path, override: str, message: str) -> None:
    with pytest.raises(SettingError, match=message) as caught:
        load([override], path)
    assert "\n" not in str(caught.value)


BOMB = "\n".join(f"{name}: &{name} [{', '.join(['*' + before] * 9) if before else '1'}]" for before, name in zip(
    ["", *"abcdefgh"], "abcdefghi", strict=True))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: [1", "line 2: .*expected ',' or ']'"),
        (b"- a\n- b", "holds list; expected a mapping"),
        (b"", "holds NoneType; expected a mapping"),
        (b"a: 1\nb: \xff", "line 2: byte 0xff is no UTF-8"),
        (b"a: &x [*x]", "line 1: the anchor here holds itself"),
        (b"a: " + b"[" * 3000, "line 1: is nested deeper than"),
        (b"a: " + b"{a: " * 3000, "line 1: is nested deeper than"),
        (BOMB.encode(), "values once its anchors are followed"),
        (b"a: " + b"x" * 2_000_000, "bytes; expected"),
        (b"a: 1\na: 2\n", "line 2: .*duplicate key"),
        (b"a: !!python/object/apply:os.system [ls]\n", "line 1: could not determine a constructor"),
        (b"a: 2001-99-99\n", "month must be"),
        (b"a: 1_0e-1\n", "line 1: 1_0e-1 is read as a number; write it plainly"),
        (b"a: \x00", "control characters are not allowed"),
        (b"a: *nope", "line 1: found undefined alias"),
        (b"[a]: 1\n? {b: 1}\n: 2", "line"),
    ],
)
def test_a_hostile_file_is_one_line_at_once(tmp_path: Path, text: bytes, message: str) -> None:
    (tmp_path / "params.yaml").write_bytes(text)
    began = time.process_time()
    with pytest.raises(SettingError, match=message) as caught:
        load(path=tmp_path / "params.yaml")
    assert time.process_time() - began < 5
    assert "\n" not in str(caught.value)
    assert "params.yaml" in str(caught.value)


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"cannot be read .*; run the command at the top of the checkout"):
        load(path=tmp_path / "params.yaml")


def test_a_row_is_a_copy_and_an_empty_one_is_a_row(path: Path) -> None:
    params = load(["corpora.v1={adapter: ch_sims}", "corpora.m3ed=null"], path)
    found = rows.row(params, "corpora", "v1")
    found["adapter"] = "changed"
    assert params["corpora"]["v1"]["adapter"] == "ch_sims"
    assert rows.row(params, "corpora", "meld") == rows.row(params, "corpora", "m3ed") == {}


@pytest.mark.parametrize("section", ["corpora", "external", "absent"])
def test_an_unknown_row_lists_the_rows_there_are(path: Path, section: str) -> None:
    known = "did you mean 'meld'.*known: m3ed, meld" if section == "corpora" else "known: none"
    with pytest.raises(NameUnknownError, match=rf"no row of {section} in params\.yaml is called 'mled'.*{known}"):
        rows.row(load(path=path), section, "mled")


def test_inputs_are_the_modalities_that_are_used() -> None:
    assert rows.inputs({"text": "e5", "audio": "none", "video": "clip"}) == {"text": "e5", "video": "clip"}
    assert rows.inputs({"also": "ngrams", "text": "e5"}) == {"text": "e5", "also": "ngrams"}
    for nothing in ({}, {"text": "none", "audio": "none"}):
        with pytest.raises(SettingError, match="an encoder for at least one of text, audio, video, also"):
            rows.inputs(nothing)
