"""An MLflow that cannot be used: one line, within seconds, without the password."""

from __future__ import annotations

import socket
import sqlite3
import time
from pathlib import Path

import pytest

from harness.tracking.address import TrackingError, artifact_location, hint, shown
from harness.tracking.mirror import mirror


@pytest.mark.parametrize("uri", ["./mlruns", "mlruns", "file:///somewhere/mlruns"])
def test_a_folder_of_files_is_refused(uri: str) -> None:
    with pytest.raises(TrackingError, match="use sqlite:///mlflow"):
        mirror([], {}, [], uri=uri, experiment="x", tags={})


def test_a_server_that_is_down_is_one_line_within_seconds() -> None:
    started = time.monotonic()
    with pytest.raises(TrackingError) as error:
        mirror([], {}, [], uri="http://me:secret@127.0.0.1:9", experiment="x", tags={})
    assert time.monotonic() - started < 10
    text = str(error.value)
    assert "\n" not in text
    assert "secret" not in text
    for part in ("127.0.0.1:9", "refused", "nothing is lost", "`dvc repro track`"):
        assert part in text


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")  # what the user sets counts
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        started = time.monotonic()
        with pytest.raises(TrackingError, match="timed out"):
            mirror([], {}, [], uri=f"http://127.0.0.1:{port}", experiment="x", tags={})
    assert time.monotonic() - started < 8


@pytest.mark.parametrize("damage", ["a folder in its place", "a file in the way", "not a database"])
def test_an_unusable_database_is_one_line_at_once(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "results" / "mlflow.db"
    if damage == "a folder in its place":
        path.mkdir(parents=True)
    elif damage == "a file in the way":
        path.parent.write_text("")
    else:
        path.parent.mkdir()
        path.write_text("no tables here, " * 100)
    started = time.monotonic()
    with pytest.raises(TrackingError, match="cannot be opened for writing"):
        mirror([], {}, [], uri=f"sqlite:///{path}", experiment="x", tags={})
    assert time.monotonic() - started < 8


def test_a_database_that_another_process_writes_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.tracking.address.LOCK_SECONDS", 0.2)
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TrackingError, match="locked"):
            mirror([], {}, [], uri=f"sqlite:///{path}", experiment="x", tags={})


def test_an_unknown_scheme_and_a_missing_driver_are_one_line() -> None:
    for uri in ("localhost:5000", "mysql+nodriver://somewhere/db"):
        with pytest.raises(TrackingError, match="nothing is lost"):
            mirror([], {}, [], uri=uri, experiment="x", tags={})


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://host:5000", "http://host:5000"),
        ("https://me:secret@host/path", "https://me:***@host/path"),
        ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
        ("sqlite:///mlflow.db", "sqlite:///mlflow.db"),
    ],
)
def test_no_password_is_shown(uri: str, expected: str) -> None:
    assert shown(uri) == expected
    assert expected in hint(uri, "1", "view", "best", ["a"])


def test_artifacts_lie_beside_an_sqlite_file_and_elsewhere_the_server_decides(tmp_path: Path) -> None:
    assert artifact_location(f"sqlite:///{tmp_path}/a b/mlflow.db") == (tmp_path / "a b" / "mlartifacts").as_uri()
    assert artifact_location("sqlite:///mlflow.db") == (Path.cwd() / "mlartifacts").as_uri()
    assert artifact_location("http://127.0.0.1:5000") is None
    assert artifact_location("postgresql://host/db") is None
