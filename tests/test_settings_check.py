"""What params.yaml may not say, said before a stage begins, and the project's own says none of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from studies import CHECKOUT

from harness.errors import HarnessError
from harness.settings_check import check

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
    for name in ("protocols", "external", "presets"):
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
