"""`emotransfer study`: a folder in which a study of its own runs, made from params.yaml and what differs."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_studies import CHECKOUT, params_of

from harness.cli import main
from harness.study.params.load import load
from harness.verbs.study import DATA

OVER = """
only: {recipes: [text_ngrams], spaces: [emotion4]}
training: {seeds: [7]}
settings: {weak: {c: [0.01]}}
recipes: {text_ngrams: {settings: weak}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    params_of(tmp_path, recipes=("text_ngrams", "text_ngrams_zh"), spaces=("emotion4", "polarity3"))
    for name in ("dvc.yaml", ".dvcignore"):
        (tmp_path / name).write_bytes((CHECKOUT / name).read_bytes())
    (tmp_path / "studies").mkdir()
    return tmp_path


def test_its_params_are_ours_with_what_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "studies" / "weak.yaml").write_text(OVER)
    assert main(["study", "weak"]) == 0
    assert (
        "analysis.recipes: without text_ngrams_zh, left out by `only` in studies/weak.yaml" in capsys.readouterr().out
    )
    params = load(path=folder / "studies" / "weak" / "params.yaml")
    assert (params["study"], params["training"]) == ("weak", {"seeds": [7]})
    assert list(params["recipes"]) == ["text_ngrams"], "others are no stages of it"
    assert params["recipes"]["text_ngrams"]["settings"] == {"c": [0.01]}
    assert params["recipes"]["text_ngrams"]["normalise"] == "tfidf"
    assert (folder / "studies" / "weak" / "data" / "raw").resolve() == folder / "data" / "raw"
    for name in DATA:
        assert (folder / "studies" / "weak" / name).is_dir(), f"{name} leads nowhere before the default study has run"
    before = (folder / "studies" / "weak" / "params.yaml").read_bytes()
    assert main(["study", "weak"]) == 0
    assert (folder / "studies" / "weak" / "params.yaml").read_bytes() == before, "a second time changes nothing"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none", "", "studies/none.yaml: there is no such file (studies: broken); write into it what differs"),
        ("../other", "", "cannot be a name; take letters, digits, _ and -"),
        (
            "broken",
            "training: {seed: [1]}\n",
            "studies/broken.yaml, line 1: training.seed is unknown; did",
        ),
        ("broken", "recipes: {new: {text: ngrams}}\n", "line 1: recipes.new lacks audio"),
        (
            "broken",
            "only: {recipes: [text]}\n",
            "studies/broken.yaml, line 1: only.recipes.0: no recipe is",
        ),
        ("broken", "[1]\n", "studies/broken.yaml: holds list; expected a mapping of sections"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(
    folder: Path, name: str, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "studies" / "broken.yaml").write_text(text or "{}\n")
    assert main(["study", name]) == 1
    assert message in capsys.readouterr().err
    assert [path.name for path in (folder / "studies").iterdir()] == ["broken.yaml"]


def test_the_shipped_ones_can_be_run() -> None:
    from harness.study.params.load import load_study

    for path in (CHECKOUT / "studies").glob("*.yaml"):
        assert load_study(path, CHECKOUT / "params.yaml")["recipes"]
