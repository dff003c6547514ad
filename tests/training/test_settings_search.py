"""Budgeted search: every cell gets the same draws, as many as asked, each valid."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.errors import SettingError
from harness.training import settings_search

OPEN: dict[str, Any] = {"lr": {"low": 1e-4, "high": 1e-2, "log": True}, "hidden": [32, 64, 128], "epochs": 9}


def test_settings_without_a_choice_are_tried_as_they_are() -> None:
    assert settings_search.draws({"lr": 0.1, "hidden": 8}) == [{"lr": 0.1, "hidden": 8}]
    assert settings_search.draws({"lr": 0.1, "draws": 5}) == [{"lr": 0.1}]


@given(st.integers(1, 12))
def test_as_many_are_drawn_as_asked_none_twice_and_all_complete(wanted: int) -> None:
    found = settings_search.draws({**OPEN, "draws": wanted})
    assert len(found) == wanted
    assert len({str(one) for one in found}) == wanted
    for one in found:
        assert set(one) == {"lr", "hidden", "epochs"}
        assert 1e-4 <= one["lr"] <= 1e-2
        assert one["hidden"] in (32, 64, 128)
        assert one["epochs"] == 9


def test_a_bigger_budget_begins_with_the_smaller_one() -> None:
    assert settings_search.draws({**OPEN, "draws": 9})[:4] == settings_search.draws({**OPEN, "draws": 4})


def test_no_more_than_there_are() -> None:
    found = settings_search.draws({"hidden": [1, 2, 3], "draws": 50})
    assert sorted(one["hidden"] for one in found) == [1, 2, 3]


def test_a_range_on_the_scale_of_logarithms_spends_half_below_the_middle_of_its_exponents() -> None:
    drawn = [one["lr"] for one in settings_search.draws({**OPEN, "draws": 400})]
    even = [one["x"] for one in settings_search.draws({"x": {"low": 1e-4, "high": 1e-2}, "draws": 400})]
    assert sum(lr < 1e-3 for lr in drawn) / 400 == pytest.approx(0.5, abs=0.08)
    assert sum(x < 1e-3 for x in even) / 400 == pytest.approx(0.09, abs=0.05)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"hidden": [1, 2]}, "hidden is to be drawn, and draws is None"),
        ({"hidden": [1, 2], "draws": 0}, "draws is 0"),
        ({"hidden": [], "draws": 2}, "hidden is an empty list"),
        ({"lr": {"low": 1}, "draws": 2}, "lr is {'low': 1}; a range is"),
        ({"lr": {"low": 2, "high": 1}, "draws": 2}, "a range is"),
        ({"lr": {"low": 0, "high": 1, "log": True}, "draws": 2}, "a range is"),
        ({"lr": {"low": 0, "hihg": 1}, "draws": 2}, "a range is"),
    ],
)
def test_a_search_that_cannot_be_is_one_clear_line(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingError, match=problem):
        settings_search.draws(settings)
