"""The provenance of a result: time, commit and versions."""

from __future__ import annotations

import datetime
import importlib.metadata
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core.files import digest, file_digest

PACKAGES = ("emotransfer", "torch", "torchmetrics", "scikit-learn", "scipy", "numpy", "jieba", "dvc", "mlflow")


def provenance(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return when, from which commit and with which versions a report is made."""
    lock = Path("dvc.lock")
    return {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "lock_digest": file_digest(lock) if lock.exists() else "",
        "params_digest": digest(deciding(params)),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }


def deciding(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params that decide numbers: all but where the work runs and who is told of it."""
    return {name: value for name, value in params.items() if name not in ("engine", "tracking")}


def commit() -> str:
    """Return the checked-out commit, marked when the work tree differs from it, or an empty string outside git."""
    git = shutil.which("git")
    if git is None:
        return ""
    head = subprocess.run([git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    dirty = subprocess.run(
        [git, "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True, check=False
    )
    return head.stdout.strip() + ("+changes" if dirty.stdout.strip() else "") if head.returncode == 0 else ""
