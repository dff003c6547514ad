"""What is written beside a number about how it came to be."""

from __future__ import annotations

import pytest

from harness.study.provenance import deciding, provenance

PARAMS = {
    "study": "x",
    "engine": {"workers": 2, "batch": "auto"},
    "training": {"seeds": [1]},
}


def test_who_works_decides_no_number() -> None:
    other = {"engine": {"kind": "ray", "workers": 8, "batch": False}, "tracking": {"live": True}}
    assert deciding({**PARAMS, **other}) == deciding(PARAMS)
    assert provenance({**PARAMS, **other})["params_digest"] == provenance(PARAMS)["params_digest"]


@pytest.mark.parametrize("other", [{"study": "y"}, {"training": {"seeds": [2]}}])
def test_all_else_may(other: dict) -> None:
    assert deciding({**PARAMS, **other}) != deciding(PARAMS)
