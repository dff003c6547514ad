"""Copies of the checkout with a small study, for tests that drive the real `dvc`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from small_studies import CHECKOUT, params_of

from harness.core.files import file_digest


class Repo:
    """A copy of the checkout with a small study, driven by the real `dvc`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("harness", "adapters", ".dvc", "data/features/none", "data/links", "protocols/none"):
            shutil.copytree(
                CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "tmp", "cache")
            )
        (folder / "harness_adapters").symlink_to("adapters")  # before the installed one on the path
        for name in ("dvc.yaml", ".dvcignore", ".gitignore", "pyproject.toml"):
            shutil.copy(CHECKOUT / name, folder / name)
        params_of(folder, recipes=("text_ngrams", "text_ngrams_zh"), spaces=("emotion4", "polarity3"))
        self.run("git", "init", "-q")
        self.run(sys.executable, "-m", "harness", "synth")

    @property
    def environment(self) -> dict[str, str]:
        bin_folder = str(Path(sys.executable).parent)
        keep = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "PYTEST_"))}
        return {
            **keep,
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(self.folder),
        }

    def run(self, *command: str, check: bool = True) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def harness(self, *arguments: str) -> str:
        """Run a command of the harness and return what it prints."""
        return self.run(sys.executable, "-m", "harness", *arguments)

    def repro(self, target: str = "score") -> set[str]:
        """Run `dvc repro` up to a stage, by default without the pages, and return the stages that ran.

        `outside` is not among them: it runs every time.
        """
        return set(re.findall(r"Running stage '([^']+)'", self.run("dvc", "repro", target))) - {"outside"}

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def digests(self, *tops: str) -> dict[str, str]:
        return {
            path.relative_to(self.folder).as_posix(): file_digest(path)
            for top in tops
            for path in sorted((self.folder / top).rglob("*"))
            if path.is_file() and path.name != ".gitignore"
        }
