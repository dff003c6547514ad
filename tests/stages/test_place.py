"""The place of a stage among all that DVC runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_studies import CHECKOUT, params_of

from harness.cli import main
from harness.stages import _place


def test_the_first_and_the_last_stage_have_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    first, last = _place.place("params"), _place.place("track")
    assert first.startswith("1 of ")
    assert last == f"{first.split()[-1]} of {first.split()[-1]}"
    assert _place.place("transfer@nothing") == ""


def test_a_stage_that_dvc_runs_says_how_far_the_pipeline_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_STAGE", "prepare@meld")
    params_of(tmp_path)
    assert main(["prepare", "meld"]) == 0
    out = capsys.readouterr().out
    assert re.search(r" stage 5 of \d+: prepare@meld\n", out)
    assert "meld: not linked" in out
