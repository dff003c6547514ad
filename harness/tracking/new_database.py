"""Make a new SQLite database whole or not at all."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from harness.core.files import write_whole
from harness.tracking.address import sqlite_file


def make_whole(uri: str) -> None:
    """Let MLflow make its tables elsewhere and put them into place when all are there; a database with any stays.

    MLflow makes them in many steps, for seconds: after a kill between two it finds tables that it wants to make, and
    never opens the database again.
    """
    from mlflow import MlflowClient

    file = sqlite_file(uri)
    if file is None or (file.exists() and file.stat().st_size):
        return
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / file.name
        MlflowClient(tracking_uri=f"sqlite:///{made}").search_experiments(max_results=1)
        with closing(sqlite3.connect(made)) as database:
            content = database.serialize()
    write_whole(file, lambda path: path.write_bytes(content))
