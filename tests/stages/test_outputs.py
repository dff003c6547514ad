"""A stage that DVC runs refuses a folder of outputs that is a link to somewhere else, before it works."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_studies import params_of

from harness.cli import main
from harness.core import paths
from harness.core.errors import HarnessError
from harness.stages import _outputs


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkout").mkdir()
    (tmp_path / "large disk").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")


@pytest.mark.parametrize("folder", [path for path in paths.WRITTEN if path != paths.WORK], ids=str)
def test_each_folder_of_outputs_must_lie_in_the_checkout(folder: Path, tmp_path: Path) -> None:
    _outputs.refuse_elsewhere()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(tmp_path / "large disk")
    with pytest.raises(HarnessError, match=f"^{folder} leads to .*large disk, outside of .*checkout, and DVC keeps"):
        _outputs.refuse_elsewhere()


def test_half_finished_pieces_may_lie_on_another_disk(tmp_path: Path) -> None:
    paths.WORK.parent.mkdir()
    paths.WORK.symlink_to(tmp_path / "large disk")
    _outputs.refuse_elsewhere()


def test_dvc_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    params_of(Path.cwd())
    paths.MODELS.symlink_to(tmp_path / "large disk")
    monkeypatch.setenv("DVC_STAGE", "prepare@meld")
    assert main(["prepare", "meld"]) == 1
    assert "error: models leads to" in capsys.readouterr().err
    assert not paths.CORPORA.exists()
    monkeypatch.delenv("DVC_STAGE")
    assert main(["prepare", "meld"]) == 0
