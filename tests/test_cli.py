"""`python -m harness`: what it lists, and that an error is one line and an exit status."""

from __future__ import annotations

from pathlib import Path

import pytest
from studies import params_of

from harness.cli import main, overview
from harness.core.plugins import names


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params_of(tmp_path)


def test_alone_it_lists_every_stage_and_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    for name in (*names("stage"), *names("verb")):
        assert f"\n  {name}" in out
    assert out.index("  prepare <corpus>") < out.index("  features <encoder> [<corpus>]") < out.index("  track")
    assert "link <corpus> <folder>" in overview()


def test_an_unknown_word_is_one_line_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepair", "meld"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: no stage or verb is called 'prepair'; did you mean 'prepare'? (known: ")
    assert err.count("\n") == 1


def test_an_unknown_corpus_lists_the_rows_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "mled"]) == 1
    assert capsys.readouterr().err == (
        "error: no row of corpora in params.yaml is called 'mled'; did you mean 'meld'? (known: emotiontalk, meld)\n"
    )


def test_an_override_of_an_unknown_key_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--set", "training.sedes=[1]"]) == 1
    assert "sedes" in capsys.readouterr().err


def test_outside_a_checkout_it_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["show"]) == 1
    assert "run the command at the top of the checkout" in capsys.readouterr().err


def test_doctor_marks_what_needs_a_hand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "! corpus meld: not linked; run `python -m harness link meld <folder>`" in out
    assert "  encoder ngrams: ready" in out


def test_show_before_a_study_says_what_to_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show"]) == 1
    assert "dvc repro score" in capsys.readouterr().err
