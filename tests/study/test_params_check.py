"""What params.yaml may not say, said before a stage begins, and the project's own says none of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from studies import CHECKOUT, stage

from harness.core.errors import HarnessError
from harness.study.params_check import check
from harness.study.recipes import checked

OURS = yaml.safe_load((CHECKOUT / "params.yaml").read_text(encoding="utf-8"))


def changed(place: str, value: Any) -> dict[str, Any]:
    params = copy.deepcopy(OURS)
    *way, last = place.split("/")
    node = params
    for one in way:
        node = node[one]
    node[last] = value
    return params


def test_the_project_s_own_is_right_and_empty_sections_may_be_left_out() -> None:
    check(OURS)
    for name in ("protocols", "external"):
        check({key: value for key, value in OURS.items() if key != name})
        check({**OURS, name: None})
    check({**OURS, "my_anchors": [1, 2]})
    check(changed("training/my_network", {"hidden": 3}))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("protocolls", {}, "there is no section protocolls; did you mean 'protocols'"),
        ("corpora", ["meld"], r"corpora is \['meld'\]; it is a mapping"),
        ("engine", None, "engine is None; it is a mapping"),
        ("external", ["gpt"], "external is .* it is a mapping"),
        ("spaces", "emotion4", "spaces is 'emotion4'; it is a list of names"),
        ("spaces", ["emotion4", "emotion4"], "each once"),
        ("external/gpt", "given.csv", "external.gpt is 'given.csv'; it is a mapping"),
        ("external/..", {}, "external: '..' cannot name a row"),
        ("recipes/a~1b", {}, "recipes: 'a~1b' cannot name a row"),
        ("protocols/.git", {}, "cannot name a row"),
        ("training/seeds", 3, r"training.seeds is 3; it is a list of different whole numbers"),
        ("training/seeds", [], "training.seeds"),
        ("training/seeds", [1, 1], "training.seeds"),
        ("training/seeds", [True], "training.seeds"),
        ("training/seeds", [-1], "training.seeds"),
        ("training/seeds", [2**40], "training.seeds"),
        ("statistics/seed", "x", "statistics.seed is 'x'; it is a whole number"),
        ("statistics/level", 95, "statistics.level is 95; it is a number between 0 and 1"),
        ("statistics/resample", 3, "no setting of statistics is called 'resample'; did you mean 'resamples'"),
        ("foresee/recipe", ["a"], "no setting of foresee is called 'recipe'; did you mean 'recipes'"),
        ("foresee/recipes", [["a"]], r"foresee.recipes is \[\['a'\]\]; it is a list of names, each once"),
        ("foresee/recipes", ["a", "a"], "each once"),
        ("engine/workers", "many", "engine.workers is 'many'; it is a positive number or auto"),
    ],
)
def test_what_no_stage_could_use_is_told(place: str, value: Any, message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        check(changed(place, value))


@pytest.mark.parametrize("name", ["foresee", "engine", "training"])
def test_a_section_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(HarnessError, match=f"params.yaml: lacks {name}; take it"):
        check({key: value for key, value in OURS.items() if key != name})
    with pytest.raises(HarnessError, match="foresee lacks spaces"):
        check({**OURS, "foresee": {"recipes": []}})


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("metrics/classes", ["uar", "ccc"], "metrics.classes: ccc is a metric of scale; name it there"),
        ("metrics/classes", ["uarr"], "no metric is called 'uarr'; did you mean 'uar'"),
        ("metrics/classes", ["wa"], r"primary.emotion4 is 'uar'; it is one of metrics.classes \(wa\)"),
        ("primary", {"emotion4": "uar"}, "primary.emotion7 is None; it is one of metrics.classes"),
        ("statistics/baseline", "text_ngramz", r"no recipe \(statistics.baseline.* did you mean 'text_ngrams'"),
    ],
)
def test_scores_that_cannot_be_are_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, value: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HarnessError, match=message):
        stage("score", changed(place, value))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("balanced", "yes", "recipe a: balanced is 'yes'; it is true or false"),
        ("settings", 3, "recipe a: settings is 3; it is a mapping"),
        ("normalize", "none", "recipe a has the unknown key normalize"),
    ],
)
def test_a_recipe_s_values_have_types(key: str, value: Any, message: str) -> None:
    right = OURS["recipes"]["text_ngrams"]
    assert checked("a", {**right, "settings": {}})
    with pytest.raises(HarnessError, match=message):
        checked("a", {**right, "settings": {}, key: value})
