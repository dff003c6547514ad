"""Make a checkout of its own, with a small study, in which a benchmark runs DVC."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import _study
from benchmarks._watch import CHECKOUT, ONE_THREAD

FOLDERS = ("harness", "adapters", ".dvc", "data/features/none", "data/links", "protocols/none")
FILES = ("dvc.yaml", ".dvcignore", ".gitignore", "pyproject.toml")


class Checkout:
    """A copy of this checkout in a folder, with its own params.yaml."""

    def __init__(self, folder: Path, corpora: Sequence[str], **sections: Mapping[str, Any]) -> None:
        self.folder = folder
        for name in FOLDERS:
            ignored = shutil.ignore_patterns("__pycache__", "tmp", "cache", "config.local")
            shutil.copytree(CHECKOUT / name, folder / name, ignore=ignored)
        (folder / "harness_adapters").symlink_to("adapters")  # before the installed one on the path
        for name in FILES:
            shutil.copy(CHECKOUT / name, folder / name)
        _study.write_params(folder, corpora, ["emotion4"], **sections)
        self.run("git", "init", "-q")

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that commands run with: one thread, and the harness of this folder."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, **ONE_THREAD, "PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONPATH": str(self.folder)}

    def run(self, *command: str) -> str:
        """Run a command and return what it printed; one that fails ends the benchmark."""
        done = self._done(*command)
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def attempt(self, *command: str) -> str:
        """Run a command that may fail, and return what it printed if it did; an empty string if it did not."""
        done = self._done(*command)
        return done.stdout + done.stderr if done.returncode else ""

    def _done(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def harness(self, *arguments: str) -> str:
        """Run a command of the harness and return what it printed."""
        return self.run(sys.executable, "-m", "harness", *arguments)
