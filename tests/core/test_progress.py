"""Lines of a log: what is done of what, how fast and how long still, stamped with their time, one a minute at least."""

from __future__ import annotations

import io
import re
import sys
import time
from typing import Any

import pytest

from harness.core import engine, progress
from harness.core.log import configure, log
from harness.core.progress import duration


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MINUTE", 0.2)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_log_tells_count_rate_and_time_left_while_the_work_goes_on(
    workers: int, quick: None, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.run(nap, [0.1, 0.1, 0.6, 0.1], workers, "features e5", [10, 10, 60, 20], "utterances")
    lines = capsys.readouterr().out.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d features e5: ", line) for line in lines)
    assert lines[0].endswith("features e5: 100 utterances")
    assert any(
        re.search(r": \d+ of 100 utterances, [\d.]+ per second, about \d+ s left$", line) for line in lines[1:-1]
    )
    assert re.search(r": 100 of 100 utterances in \d+ s$", lines[-1])


def test_work_that_fails_says_how_far_it_came(quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        engine.run(lambda job: 1 // job, [1, 0, 1], 1, "score")
    assert capsys.readouterr().out.splitlines()[-1].split(" ", 2)[2].startswith("score: 1 of 3")


def test_on_a_terminal_there_is_a_bar_and_no_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out, error = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", error)
    engine.run(nap, [0.01, 0.01], 1, "score")
    log.info("done")
    assert out.getvalue() == "done\n"
    assert "2/2" in error.getvalue()


def test_a_verb_keeps_its_answer_apart_from_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    configure("stderr")
    try:
        engine.run(nap, [0.01], 1, "replay")
        print("the answer")
    finally:
        configure()
    seen: Any = capsys.readouterr()
    assert seen.out == "the answer\n"
    assert "replay: 1 of 1 in 0 s" in seen.err


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (119, "119 s"), (600, "10 min"), (9000, "2.5 h")])
def test_a_duration_is_told_in_the_unit_people_use(seconds: float, words: str) -> None:
    assert duration(seconds) == words
