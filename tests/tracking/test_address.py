"""An MLflow that cannot be used: one line, within seconds, without the password."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from harness.tracking.address import TrackingError, artifact_location, hint, shown
from harness.tracking.mirror import mirror
from harness.verbs import doctor


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


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
        ("https://token@host/path", "https://***@host/path"),
        ("https://host/?token=abc&x=1", "https://host/?token=***&x=***"),
        ("postgresql://host/db?sslpassword=abc", "postgresql://host/db?sslpassword=***"),
        ("https://me:p@ss@host", "https://me:***@host"),
        ("https://host/#abc", "https://host/#***"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_no_password_is_shown(uri: str, expected: str) -> None:
    assert shown(uri) == expected
    assert expected in hint(uri, "1", "view", "best", ["a"])


CANARY = "kanari%2B7"  # "kanari+7" where somebody decodes it
HOSTILE = [
    f"http://me:{CANARY}@127.0.0.1:9",
    f"http://{CANARY}@127.0.0.1:9",
    f"http://127.0.0.1:9/?token={CANARY}",
    f"http://127.0.0.1:9/{CANARY.swapcase()}#{CANARY}",
    f"postgresql://me:{CANARY}@127.0.0.1:9/db",
    f"mysql+nodriver://me:{CANARY}@127.0.0.1:9/db?password={CANARY}",
    f"me:{CANARY}@127.0.0.1:9",
    f"file:///x?token={CANARY}",
    f"http://me:{CANARY}@[::1",
]


@pytest.mark.parametrize("uri", HOSTILE)
def test_no_secret_is_in_what_is_printed(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    with pytest.raises(TrackingError) as error:
        mirror([], {}, [], uri=uri, experiment="x", tags={})
    print(error.value)
    print("\n".join(doctor._tracking()))
    told = capfd.readouterr()
    assert "127.0.0.1" in told.out or "[::1" in told.out or "file:///x" in told.out
    for secret in (CANARY, unquote(CANARY)):
        assert secret not in told.out + told.err
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(CANARY.encode() in content for content in written)


@pytest.mark.parametrize(
    "answer", ['{"experiment": 5}', "{}", "[]", "null", "<html>", '{"experiment": {"experiment_id": 5, "tags": 7}}', ""]
)
def test_a_server_that_answers_otherwise_is_one_line(answer: str) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(TrackingError, match="nothing is lost") as error:
            mirror([], {}, [], uri=f"http://127.0.0.1:{server.server_port}", experiment="x", tags={})
        server.shutdown()
    assert "\n" not in str(error.value)
    assert "was deleted there" not in str(error.value)


def test_a_database_that_may_only_be_read_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE x (y)")
    if subprocess.run(["chattr", "+i", path], capture_output=True, check=False).returncode:
        pytest.skip("this user or file system cannot make a file immutable")
    try:
        with pytest.raises(TrackingError, match=r"cannot be opened for writing \(.*readonly"):
            mirror([], {}, [], uri=f"sqlite:///{path}", experiment="x", tags={})
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


def test_artifacts_lie_beside_an_sqlite_file_and_elsewhere_the_server_decides(tmp_path: Path) -> None:
    assert artifact_location(f"sqlite:///{tmp_path}/a b/mlflow.db") == (tmp_path / "a b" / "mlartifacts").as_uri()
    assert artifact_location("sqlite:///mlflow.db") == (Path.cwd() / "mlartifacts").as_uri()
    assert artifact_location("http://127.0.0.1:5000") is None
    assert artifact_location("postgresql://host/db") is None
