"""The JSON schema and the manual page of params.yaml come from its classes; the schema does what an editor needs."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from small_studies import CHECKOUT

from harness.study.params import schema_page, yaml_file

OURS = yaml_file.read(CHECKOUT / "params.yaml").values
SCHEMA = json.loads(schema_page.json_schema())


def test_the_files_in_docs_are_current() -> None:
    schema, page = ((CHECKOUT / "docs" / name).read_text("utf-8") for name in ("params.schema.json", "params.md"))
    assert schema == schema_page.json_schema(), "run `emotransfer schema > docs/params.schema.json`"
    assert page[page.index("## Sections") :] == schema_page.page(), "take the tables of `emotransfer schema --page`"


def test_an_editor_finds_the_schema_and_nothing_wrong_with_our_file() -> None:
    first = (CHECKOUT / "params.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert (CHECKOUT / first.partition("$schema=")[2]).is_file()
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert not list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(OURS))


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("media", "slak", 1, "Additional properties are not allowed ('slak' was unexpected)"),
        ("statistics", "level", 95, "95 is greater than or equal to the maximum of 1"),
        ("engine", "workers", "many", "is not valid under any of the given schemas"),
        ("training", "seeds", [1, -1], "-1 is less than the minimum of 0"),
        ("analysis", "recipes", ["a", "a"], "has non-unique elements"),
    ],
)
def test_an_editor_underlines_what_the_check_refuses(section: str, key: str, value: Any, message: str) -> None:
    params = copy.deepcopy(OURS)
    params[section][key] = value
    told = [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(params)]
    assert any(message in text for text in told), told
