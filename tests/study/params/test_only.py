"""`only` in params.yaml: what runs, what is left out with a note, and that nothing of the rest is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_studies import CHECKOUT, params_of

from harness.cli import main
from harness.core import paths
from harness.study.params import only
from harness.study.params.load import load, load_whole

OURS = CHECKOUT / "params.yaml"


def test_an_empty_one_is_the_whole_study() -> None:
    whole, part = load_whole(path=OURS), load(path=OURS)
    assert {key: value for key, value in part.items() if key not in (only.LEFT_OUT, only.NOTES)} == whole
    assert not any(part[only.LEFT_OUT].values())
    assert not part[only.NOTES]
    assert not only.is_part(part)


def test_recipes_take_their_encoders_along_and_the_rest_is_told() -> None:
    part = load(["only.recipes=[text_ngrams, text_e5_tstd]", "only.spaces=[emotion4]"], OURS)
    assert list(part["recipes"]) == ["text_ngrams", "text_e5_tstd"]
    assert list(part["encoders"]) == ["ngrams", "e5"]
    assert part[only.LEFT_OUT]["encoders"] == ["logmel", "face"]
    assert part["spaces"] == ["emotion4"]
    assert part["analysis"] == {"recipes": ["text_e5_tstd"], "spaces": ["emotion4"]}
    assert part[only.NOTES]["analysis.recipes"] == ["text_e5_unweighted", "fused_linear"]
    assert part[only.NOTES]["protocols.pooled.spaces"] == ["polarity3"]
    assert part["protocols"]["pooled"]["recipes"] == ["text_e5_tstd"]
    assert part[only.LEFT_OUT]["protocols"] == part[only.NOTES]["protocols"] == ["missing_modality"], (
        "no recipe is left"
    )
    assert part["statistics"]["baseline"] == "text_ngrams"
    assert only.is_part(part)


def test_a_baseline_that_is_left_out_tests_nothing() -> None:
    part = load(["only.recipes=[text_e5]"], OURS)
    assert part["statistics"]["baseline"] is None
    assert part[only.NOTES]["statistics.baseline"] == ["text_ngrams"]


def test_predictions_of_others_are_recipes_too() -> None:
    given = {"file": "a.csv", "description": "theirs"}
    part = load([f"external.llm={given}", "only.recipes=[llm]"], OURS)
    assert (list(part["recipes"]), list(part["external"]), list(part["encoders"])) == ([], ["llm"], [])


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    params_of(
        tmp_path,
        recipes=("text_ngrams", "text_ngrams_zh"),
        spaces=("emotion4", "polarity3"),
        foresee={"recipes": ["text_ngrams"], "spaces": ["emotion4"]},
        statistics={"baseline": "text_ngrams"},
    )
    for given in (
        ["synth"], ["params"], ["prepare", "emotiontalk"], ["prepare", "meld"], ["features", "ngrams"],
        ["transfer", "text_ngrams"], ["transfer", "text_ngrams_zh"],
    ):  # fmt: skip
        assert main(given) == 0
    capsys.readouterr()
    return capsys


def test_a_part_leaves_what_was_made_before(study: Any) -> None:
    made = {path: path.stat().st_mtime_ns for top in ("models", "predictions") for path in Path(top).rglob("*.*")}
    part = [
        "--set",
        "only.recipes=[text_ngrams_zh]",
        "--set",
        "only.spaces=[polarity3]",
        "--set",
        "only.corpora=[meld]",
    ]
    assert main(["transfer", "text_ngrams", *part]) == 0
    assert study.readouterr().out.endswith(
        "text_ngrams: left out by `only` in params.yaml; what it made before is kept\n"
    )
    assert main(["transfer", "text_ngrams_zh", *part]) == 0
    assert "1 cell rows, 1 of 1 cells predicted" in study.readouterr().out
    after = {path: path.stat().st_mtime_ns for top in ("models", "predictions") for path in Path(top).rglob("*.*")}
    assert after.keys() == made.keys()
    assert {path for path in made if made[path] != after[path]} == {paths.plan("text_ngrams_zh")}
    for stage in ("score", "analyse", "foresee", "report"):
        assert main([stage, *part]) == 0
    out = study.readouterr().out
    assert "statistics.baseline: without text_ngrams, left out by `only` in params.yaml" in out
    assert "foresee.recipes: without text_ngrams, left out by `only` in params.yaml" in out
    cells = paths.CELLS.read_text(encoding="utf-8").splitlines()[1:]
    assert cells
    assert all(line.startswith("polarity3,multimodal,text_ngrams_zh,meld,meld,") for line in cells)


def test_stages_of_rows_that_are_left_out_make_the_folders_dvc_looks_for(study: Any) -> None:
    for given, folder in ((["transfer", "text_ngrams"], paths.MODELS / "text_ngrams"),):
        assert main([*given, "--set", "only.recipes=[text_ngrams_zh]"]) == 0
        assert folder.is_dir()
    main(["params", "--set", "only.recipes=[text_ngrams_zh]"])
    assert (paths.PARAMS / "recipes" / "text_ngrams").read_text() == "left out\n"
    assert (paths.PARAMS / "recipes" / "text_ngrams_zh").read_text() == "runs\n"
    assert (paths.PARAMS / "encoders" / "ngrams").read_text() == "runs\n"
