"""Write the code each stage imports into dvc.yaml, so that a stage runs again when its code changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from harness.closure import ROOT, closure
from harness.files import write_text
from harness.plugins import names, source

# A stage opens these by name; the file itself is a `${...}` dependency or a folder, what it imports is listed.
BY_NAME = {"features": ("encoder",), "transfer": ("fusion",), "protocols": ("protocol", "fusion"), "score": ("metric",)}
FOLDERS = {"score": ("metrics",), "protocols": ("protocols", "fusion")}  # that are dependencies as a whole


def run(params: dict[str, Any]) -> None:
    """Rewrite the lines of dvc.yaml that name files of harness/."""
    del params
    path = Path("dvc.yaml")
    write_text(path, with_code(path.read_text(encoding="utf-8")))


def code_of(stage: str) -> list[str]:
    """Return the files of harness/ that a stage imports, relative to the checkout, without those it opens by name.

    The `__init__.py` of packages are left out: they hold one sentence (a test sees to it), and every line here costs
    each `dvc` command time.
    """
    opened = [source(kind, name) for kind in BY_NAME.get(stage, ()) for name in names(kind)]
    own = closure(source("stage", stage))
    found = {*own, *(path for path in closure(*opened) if path not in opened)}
    if stage == "prepare":  # the folder adapters/ is a dependency, not what its files import
        found |= {path for path in closure(*(ROOT / "adapters").glob("*.py")) if path.parent.name == "harness"}
    relative = sorted(path.relative_to(ROOT).as_posix() for path in found if path.name != "__init__.py")
    whole = tuple(f"harness/{room}/" for room in FOLDERS.get(stage, ()))
    return [path for path in relative if not path.startswith(whole)]


def with_code(text: str) -> str:
    """Return dvc.yaml with the code lines of every stage brought up to date."""
    lines: list[str] = []
    stage = ""
    for line in text.splitlines():
        if found := re.fullmatch(r"  (\w+):", line):
            stage = found[1]
        if re.fullmatch(r"\s*- harness/[\w/]+\.py", line):
            continue
        lines.append(line)
        if line.strip() == "deps:":
            indent = " " * (len(line) - len(line.lstrip()) + 2)
            lines += [f"{indent}- {path}" for path in code_of(stage)]
    return "\n".join(lines) + "\n"
