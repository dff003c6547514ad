"""The templates of `dvc plots`: DVC finds them, fills them, and they name only columns that the files have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dvc_render.vega import VegaRenderer
from small_studies import CHECKOUT

FOLDER = CHECKOUT / ".dvc" / "plots"
COLUMNS = {
    "matrix": ["space", "recipe", "source", "target", "metric", "value"],
    "confusion_share": ["space", "recipe", "source", "target", "truth", "predicted", "count", "share"],
}
AXES = {"matrix": ("target", "source"), "confusion_share": ("predicted", "truth")}


def filled(name: str) -> dict[str, Any]:
    row = {**dict.fromkeys(COLUMNS[name], "0.5"), "rev": "workspace"}
    x, y = AXES[name]
    renderer = VegaRenderer([row], name, template=name, template_dir=str(FOLDER), x=x, y=y, title="a title")
    found: dict[str, Any] = json.loads(renderer.partial_html())
    return found


def test_there_is_a_test_for_every_template() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(COLUMNS)


@pytest.mark.parametrize("name", COLUMNS)
def test_dvc_fills_the_whole_template(name: str) -> None:
    found = filled(name)
    assert "<DVC_METRIC" not in json.dumps(found)
    assert found["data"]["values"][0]["rev"] == "workspace"
    assert found["spec"]["encoding"]["x"]["field"] == AXES[name][0]
    assert found["spec"]["encoding"]["y"]["field"] == AXES[name][1]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_template_names_only_columns_that_exist_or_that_it_makes(name: str) -> None:
    text = json.dumps(filled(name))
    made = set(re.findall(r'"as": "(\w+)"', text))
    used = set(re.findall(r'"field": "(\w+)"', text)) | set(re.findall(r"datum\.(\w+)", text)) - {"label"}
    assert used <= {*COLUMNS[name], *made, "rev"}
    assert set(COLUMNS[name]) <= used, "every column of the file can be seen"


def test_the_columns_are_those_that_score_writes() -> None:
    source = Path(CHECKOUT / "harness/stages/score.py").read_text(encoding="utf-8")
    header = json.loads(re.findall(r"header = (\[.*\])", source)[0])
    for name, columns in COLUMNS.items():
        assert columns[: len(header)] == header, name
        assert ", ".join(f'"{column}"' for column in columns[len(header) :]) in source
