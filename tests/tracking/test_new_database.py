"""A new database is whole or not there, whenever its maker is killed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from mirrored import FACTS, matrix

from harness.tracking.address import TrackingError
from harness.tracking.mirror import mirror

MAKE = "import sys\nfrom harness.tracking.new_database import make_whole\nmake_whole(sys.argv[1])"
PATIENCE = 60  # seconds


@pytest.mark.slow
def test_after_a_kill_between_its_tables_a_mirror_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    uri, temporary = f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(temporary)}
    process = subprocess.Popen([sys.executable, "-c", MAKE, uri], env=environment, stderr=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE
    while not any(_tables(path) for path in temporary.rglob("mlflow.db")):
        assert process.poll() is None, "it must be killed at its work"
        assert time.monotonic() < until
    process.kill()
    process.wait()
    assert not (tmp_path / "mlflow.db").exists()
    assert mirror(matrix(), FACTS, [], uri=uri, experiment="x", tags={}).created == 10


def test_what_a_kill_of_another_program_left_half_made_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE trace_info (x)")  # one that MLflow makes in a later step
    with pytest.raises(TrackingError) as told:
        mirror(matrix(), FACTS, [], uri=f"sqlite:///{file}", experiment="x", tags={})
    assert "table trace_info already exists; MLflow was killed while" in str(told.value)
    assert "CREATE" not in str(told.value)
    assert "\n" not in str(told.value)


def _tables(file: Path) -> int:
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            ((count,),) = database.execute("SELECT COUNT(*) FROM sqlite_master")
    except sqlite3.Error:  # it is being written
        return 0
    return int(count)
