"""What reaches a terminal: nothing that steers it, and nothing that fills it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.core.log import configure, log


@pytest.fixture(autouse=True)
def one_handler() -> Iterator[None]:
    before = list(log.handlers)
    configure()
    yield
    log.handlers[:] = before


@pytest.mark.parametrize("steering", ["\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\u202e", "\r", "\x08"])
def test_what_steers_a_terminal_is_written_out(capsys: pytest.CaptureFixture[str], steering: str) -> None:
    log.info(f"speaker {steering}Ann\nnext: 话")
    first, second = capsys.readouterr().out.rstrip("\n").split("\n")
    assert first.isprintable()
    assert first.endswith("Ann")
    assert second.endswith("next: 话")


def test_a_long_line_keeps_its_beginning_and_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    log.info("a" + "b" * 10_000 + "c")
    (line,) = capsys.readouterr().out.splitlines()
    assert len(line) <= 2000
    assert line.endswith("c")
