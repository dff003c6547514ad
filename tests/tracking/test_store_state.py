"""What DVC is told of MLflow's place: the same line while all is there, another one once something is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mirrored import FACTS, matrix

from harness.core import paths
from harness.core.files import write_json
from harness.tracking.mirror import mirror
from harness.tracking.store_state import state_of, uri_of_study


@pytest.fixture
def tracked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the state after a mirror into the database of the checkout."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert uri_of_study() == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")  # MLflow opens each address once
    assert state_of("").endswith(" 0"), "nothing was written yet, so nothing is lost"
    track()
    return state_of(state_of(""))


def track() -> None:
    Path("report.html").write_text("<p>0.4</p>")
    done = mirror(matrix()[:2], FACTS, [Path("report.html")], uri=uri_of_study(), experiment="x", tags={})
    place = {"uri": uri_of_study(), "experiment_id": done.experiment_id, "files": done.files}
    write_json(paths.TRACKED, {**place, "runs": done.created + done.unchanged})


@pytest.mark.slow
def test_each_loss_is_told_once_and_mended_by_a_mirror(tracked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    assert tracked.endswith(" 0")
    assert state_of(tracked) == tracked
    state = tracked
    client = MlflowClient(tracking_uri=uri_of_study())
    for number, lose in enumerate(
        [
            lambda: client.delete_run(client.search_runs(["1"])[0].info.run_id),
            lambda: shutil.rmtree("mlartifacts"),
            lambda: Path("mlflow.db").unlink(),
            lambda: Path("mlflow.db").write_bytes(b"no database" * 100),
        ],
        1,
    ):
        lose()
        state = state_of(state)
        assert state.endswith(f" {number}")
        if number < 3:
            track()
            assert state_of(state) == state, "what is whole again is no further loss"
        elif number == 3:
            Path("mlflow.db").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    elsewhere = state_of(state)
    assert elsewhere.split()[0] != state.split()[0]
    assert elsewhere.endswith(" 0")
    assert state_of(elsewhere) == elsewhere
