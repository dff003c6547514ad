"""What of a text can be seen, and what can be a name."""

from __future__ import annotations

import pytest

from harness.core.plain_text import can_be_name, trimmed

BLANKS = ["", " ", "\t\n", "\u3000", "\u200b", "\ufeff", "\u00a0", "\u2060\u200d", "\x00\x1b", "\u00ad \u2028"]


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_what_is_not_seen_is_trimmed(blank: str) -> None:
    assert trimmed(blank) == ""
    assert trimmed(f"{blank}话 a\u200db{blank}") == "话 a\u200db"


@pytest.mark.parametrize(
    "sign", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\x1b", "\udcff"]
)
def test_what_breaks_a_line_or_steers_a_terminal_is_no_name(sign: str) -> None:
    assert not can_be_name(f"dia0{sign}utt0")


@pytest.mark.parametrize("name", ["dia0_utt0", "老周 2", "a b", "é", "e\u0301", "👩\u200d👧", "a\u3000b"])
def test_a_name_may_be_in_any_language(name: str) -> None:
    assert can_be_name(name)
