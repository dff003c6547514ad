"""A cell made again is equal, says what changed when it is not, and never touches the study."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_studies import params_of, run_to_cells, stage

from harness.cli import main
from harness.core import paths, sealed
from harness.core.errors import HarnessError, NameUnknownError, ResultError
from harness.core.files import digest
from harness.core.log import configure
from harness.core.plugins import find
from harness.study import cells as transfer
from harness.study import predictions
from harness.study.labels import EMOTION4

CELL = "text_ngrams_zh/meld/emotion4/emotiontalk"
ROWS = {"few": {"protocol": "few_shot", "recipes": ["text_ngrams_zh"], "spaces": ["emotion4"], "shots": [5]}}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A study of one recipe and one protocol on two corpora; the current folder is its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("replay"))
        params = params_of(Path.cwd(), protocols=ROWS)
        find("verb", "synth").run(params)
        run_to_cells({**params, "protocols": {}})
        stage("protocols", params, "few")
        stage("score", params)
        yield params


def state() -> str:
    """A digest of every file of the study that a replay must leave alone."""
    tops = (paths.MODELS, paths.PREDICTIONS, paths.PROTOCOLS, paths.RESULTS, Path("data"))
    files = sorted(path for top in tops for path in top.rglob("*") if path.is_file())
    return digest([[path.as_posix(), path.read_bytes().hex(), path.stat().st_mtime_ns] for path in files])


def replay(params: dict[str, Any], cell: str) -> None:
    configure("stderr")  # as for a verb of the command line
    try:
        find("verb", "replay").run(params, cell)
    finally:
        configure()


@pytest.mark.parametrize("name", [CELL, f"predictions/{CELL}.parquet"])
def test_a_cell_is_equal_and_the_study_untouched(study: dict[str, Any], name: str, capsys: Any) -> None:
    before = state()
    replay(study, name)
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said] == ["equal", "equal"]
    assert said[1] == "equal: 10 of 10 values in results/cells.csv"
    assert state() == before


def test_a_case_of_a_protocol_is_equal(study: dict[str, Any], capsys: Any) -> None:
    before = state()
    replay(study, "protocols/few/text_ngrams_zh/emotion4/none-meld-k5")
    assert "equal: every score" in capsys.readouterr().out
    assert state() == before


def test_a_stored_score_that_was_changed_is_found(study: dict[str, Any], capsys: Any) -> None:
    path = paths.PREDICTIONS / f"{CELL}.parquet"
    kept = path.read_bytes()
    found = predictions.read(path, EMOTION4)
    found[0].scores[0] = found[0].scores[0][::-1]
    try:
        predictions.write(path, sealed.read(path, "").key, EMOTION4, found)
        with pytest.raises(HarnessError, match="is not what was stored"):
            replay(study, CELL)
        said = capsys.readouterr().out
        assert "different: 1 of " in said
        assert "equal: " in said  # cells.csv was not changed
    finally:
        path.write_bytes(kept)


def test_a_value_that_was_changed_is_found(study: dict[str, Any], capsys: Any) -> None:
    kept = paths.CELLS.read_text()
    cells = transfer.read_cells(paths.CELLS)
    (one,) = [c for c in cells if (c.name, c.metric, c.variant) == ("meld->emotiontalk", "uar", "")]
    assert one.value is not None
    one.value += 0.01
    try:
        paths.CELLS.write_text(transfer.cells_to_csv(cells))
        with pytest.raises(HarnessError):
            replay(study, CELL)
        assert f"different: uar {one.value:.6f}, now {one.value - 0.01:.6f}" in capsys.readouterr().out
    finally:
        paths.CELLS.write_text(kept)


def test_what_changed_since_is_said(study: dict[str, Any], capsys: Any) -> None:
    recipe = {**study["recipes"]["text_ngrams_zh"], "settings": {"c": [0.1]}}
    replay({**study, "recipes": {"text_ngrams_zh": recipe}}, CELL)
    said = capsys.readouterr().out
    assert "changed: recipe text_ngrams_zh reads differently in params.yaml now; it is made again as it was" in said
    assert "equal: every score" in said


def test_a_case_is_made_again_as_it_was(study: dict[str, Any], capsys: Any) -> None:
    recipe = {**study["recipes"]["text_ngrams_zh"], "settings": {"c": [0.1]}}
    now = {"recipes": {"text_ngrams_zh": recipe}, "protocols": {"few": {**ROWS["few"], "shots": [3]}}}
    replay({**study, **now}, "protocols/few/text_ngrams_zh/emotion4/none-meld-k5")
    said = capsys.readouterr().out
    assert "changed: recipe text_ngrams_zh reads differently" in said
    assert "changed: protocols.few reads differently in params.yaml now; it is made again as it was" in said
    assert "equal: every score" in said


def test_a_study_that_was_not_scored_has_no_value_to_compare(study: dict[str, Any], capsys: Any) -> None:
    kept = paths.CELLS.read_text()
    try:
        paths.CELLS.write_text(kept[: kept.rindex(",")])  # in the middle of a line
        with pytest.raises(ResultError, match=r"cells.csv: damaged .*run `dvc repro score`"):
            replay(study, CELL)
        paths.CELLS.unlink()
        replay(study, CELL)
        assert "no value of the cell is in results/cells.csv: nothing to compare" in capsys.readouterr().out
    finally:
        paths.CELLS.write_text(kept)


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (paths.plan("text_ngrams_zh"), "[]", "is not a plan .*delete it and run `dvc repro transfer@text_ngrams_zh`"),
        (
            paths.plan("text_ngrams_zh"),
            '{"recipe": "", "settings": {}, "rows": [], "cells": []}',
            "is not a plan .*selection",
        ),
        (paths.plan("text_ngrams_zh"), '{"cells": [', "damaged .*run `dvc repro transfer@text_ngrams_zh`"),
        (
            paths.plan("text_ngrams_zh"),
            '{"recipe": "", "settings": {}, "rows": [], "selection": "best", "cells": [{"space": ""}]}',
            "cell 1 is none .it has space, source, target, and a file or a reason.; delete the plan",
        ),
        (paths.PREDICTIONS / f"{CELL}.parquet", None, "is not there; run `dvc repro`"),
        (paths.labels("meld"), "", "no label row for .*; run `dvc repro prepare`"),
    ],
)
def test_what_is_damaged_is_told_and_how_to_mend_it(
    study: dict[str, Any], path: Path, text: str | None, message: str
) -> None:
    kept = path.read_bytes()
    try:
        path.unlink()
        if text is not None:
            path.write_text(text)
        with pytest.raises(ResultError, match=message):
            replay(study, CELL)
    finally:
        path.write_bytes(kept)


def test_a_cell_that_is_not_there_says_what_is(study: dict[str, Any], capsys: Any) -> None:
    with pytest.raises(NameUnknownError, match="did you mean 'text_ngrams_zh/meld/emotion4/emotiontalk'"):
        replay(study, f"{CELL}s")
    with pytest.raises(NameUnknownError, match="known: text_ngrams_zh/"):
        replay(study, "text_ngrams_zh/meld")
    with pytest.raises(NameUnknownError, match=r"no row of protocols .* is called 'fwe'; did you mean 'few'"):
        replay(study, "protocols/fwe/text_ngrams_zh/emotion4/none-meld-k5")
    assert main(["replay", "nothing/here/at/all"]) == 1
    assert capsys.readouterr().err.startswith("error: no cell")


def test_a_reason_cannot_be_made_again(study: dict[str, Any]) -> None:
    plan = paths.plan("text_ngrams_zh")
    kept = plan.read_text()
    try:
        plan.write_text(kept.replace(f'"file": "predictions/{CELL}.parquet"', '"reason": "same_family"'))
        with pytest.raises(ResultError, match="no predictions to make again: same_family"):
            replay(study, CELL)
    finally:
        plan.write_text(kept)
