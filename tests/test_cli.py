"""`python -m harness`: what it lists, and that an error is one line and an exit status."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_studies import CHECKOUT, params_of

import harness
from harness.cli import app, main
from harness.core.plugins import names


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params_of(tmp_path)


def test_alone_it_lists_every_stage_and_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    for name in (*names("stage"), *names("verb")):
        assert f"│ {name} " in out
    assert out.index("│ prepare ") < out.index("│ features ") < out.index("│ track ")


def test_help_says_what_is_written_and_what_may_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    for given in (["link", "--help"], ["help", "link"]):
        assert main(given) == 0
        out = capsys.readouterr().out
        assert "Usage: emotransfer link [OPTIONS] CORPUS FOLDER" in out
    assert main(["transfer", "--help"]) == 0
    out = capsys.readouterr().out
    assert "Write models/<recipe>/ and predictions/<recipe>/" in " ".join(out.split())
    assert "a row of `recipes`" in out
    assert main(["show", "--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "this label space only" in out
    assert "emotransfer show --space emotion4" in out


@pytest.mark.parametrize("name", [*names("stage"), *names("verb")])
def test_every_argument_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│ ") and " --" in line]
    assert lines
    for line in lines:
        words = line.strip("│ *").split()
        assert len([word for word in words if word[0].islower() or "=" in word]) > 1, line


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{harness.__version__}\n"


def test_a_completion_knows_commands_and_options() -> None:
    script = app("--install-completion").generate_completion(shell="bash")
    for word in ("transfer", "show", "--space", "--set"):
        assert word in script


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["show", "--spaec", "emotion4"],
            "Unknown option: --spaec. Did you mean --space",
        ),
        (["link", "meld"], "requires an argument; see `emotransfer link --help`"),
        (["synth", "--scale", "2.5"], "'2.5' is no whole number"),
    ],
)
def test_a_wrong_command_is_one_line(given: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_an_unknown_word_is_one_line_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepair", "meld"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: no command is called 'prepair'; did you mean 'prepare'? (known: ")
    assert err.count("\n") == 1


@pytest.fixture
def another_python(tmp_path: Path) -> Callable[[], subprocess.CompletedProcess[str]]:
    """What `.venv/bin/dvc repro` runs in a shell without the environment: a Python that lacks the packages."""
    without = "import runpy, sys; sys.modules['cyclopts'] = None; sys.argv[1:] = ['--version']"
    script = f"{without}; runpy.run_module('harness', run_name='__main__', alter_sys=False)"
    (tmp_path / "harness").symlink_to(CHECKOUT / "harness")
    return lambda: subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )


def test_another_python_hands_over_to_that_of_the_environment(another_python: Any, tmp_path: Path) -> None:
    ours = tmp_path / ".venv" / "bin" / "python"
    ours.parent.mkdir(parents=True)
    ours.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    ours.chmod(0o755)
    done = another_python()
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{harness.__version__}\n", "")


def test_another_python_without_an_environment_says_which_one_it_is(another_python: Any) -> None:
    done = another_python()
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {sys.executable} has no cyclopts; it is not the Python of the environment.")
    assert done.stderr.count("\n") == 1


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


@pytest.mark.parametrize("left", ["", "sche", "schema: '2.0'\nsta", "schema: \xff"])
def test_doctor_says_what_to_do_with_a_lock_file_that_dvc_left_half_written(
    left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (".dvc", ".git"):
        Path(folder).mkdir()
    Path("dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    main(["doctor"])
    assert "dvc.lock" not in capsys.readouterr().out
    Path("dvc.lock").write_text(left, encoding="latin-1")
    main(["doctor"])
    assert "! pipeline: dvc.lock is damaged" in capsys.readouterr().out


def test_show_before_a_study_says_what_to_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show"]) == 1
    assert "dvc repro score" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "gbk"])
def test_a_terminal_that_does_not_know_a_sign_is_no_reason_to_stop(encoding: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harness", "link", "meld", str(tmp_path / "数据 é – 👩")]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(command, capture_output=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 1
    told = done.stderr.decode(encoding)
    assert told.startswith("error: ")
    assert "there is no such folder; give the folder that holds the release of meld" in told
    assert "\\U0001f469" in told
