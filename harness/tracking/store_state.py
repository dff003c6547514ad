"""What DVC is told of the place that runs are mirrored to: one line, which changes when it is another or lost runs."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from harness.core import paths
from harness.core.default_study import default_study
from harness.core.errors import ResultError
from harness.core.files import digest, read_json
from harness.tracking.address import shown

OF_EXPERIMENT = (
    "SELECT COUNT(*) FROM runs WHERE experiment_id = ? AND lifecycle_stage = 'active' AND status = 'FINISHED'"
)


def uri_of_study() -> str:
    """Return MLFLOW_TRACKING_URI, or the database mlflow.db in the checkout, which all its studies share."""
    checkout = default_study()
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{checkout / 'mlflow.db' if checkout else 'mlflow.db'}"


def state_of(before: str) -> str:
    """Return a digest of the address, and how often runs were found lost from an SQLite file.

    A server is not asked: it may be slow or away, and `dvc repro` must not wait for it.

    Args:
        before: what was returned the last time.
    """
    address, lost = digest(shown(uri_of_study())), 0  # a digest of a secret could be tried out
    if before.startswith(f"{address} "):
        lost = int(before.rpartition(" ")[2])
    return f"{address} {lost + _lacks_runs(uri_of_study())}"


def _lacks_runs(uri: str) -> bool:
    """Tell whether fewer runs, or files, are in an SQLite database than `track` left there."""
    known = _tracked()
    file = Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None
    if known is None or file is None or known["uri"] != uri:
        return False
    if not file.is_file() or not Path(known["files"]).is_dir():
        return True
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as database:
            ((count,),) = database.execute(OF_EXPERIMENT, [int(known["experiment_id"])])
    except (sqlite3.Error, ValueError) as error:
        return "locked" not in str(error)  # by a `track` that is at work
    return int(count) < int(known["runs"])


def _tracked() -> dict[str, Any] | None:
    try:
        known = read_json(paths.TRACKED, "dvc repro track")
    except ResultError:
        return None
    return known if isinstance(known, dict) and {"uri", "experiment_id", "runs", "files"} <= known.keys() else None
