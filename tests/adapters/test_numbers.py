"""A number in a table is one that people write; what Python takes beside that is a typing error."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import ReleaseError
from harness_adapters._layout import decimal, number

WRITTEN = {"1": 1.0, "-0.5": -0.5, "+.25": 0.25, "1.": 1.0, "1e-3": 0.001, "2E+2": 200.0, " 0.4 ": 0.4, "007": 7.0}
NOT_WRITTEN = [
    "1_0e-1",
    "\uff11",
    "\u0661",
    "0x1",
    "nan",
    "inf",
    "1e400",
    "1,5",
    "--1",
    "1 2",
    ".",
    "e3",
    "True",
    "1" * 400,
]


@pytest.mark.parametrize("text", WRITTEN)
def test_what_people_write(text: str) -> None:
    assert decimal(text) == WRITTEN[text]
    assert number(text, "label", Path("x.csv"), 2) == WRITTEN[text]


@pytest.mark.parametrize("text", NOT_WRITTEN)
def test_what_is_a_typing_error(text: str) -> None:
    assert decimal(text) is None
    with pytest.raises(ReleaseError, match=r"x\.csv, line 2: label is .*; expected a number"):
        number(text, "label", Path("x.csv"), 2)


def test_a_blank_is_no_number() -> None:
    assert number("  ", "label", Path("x.csv"), 2) is None
