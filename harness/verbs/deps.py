"""Write the code each stage imports into dvc.yaml, so that a stage runs again when its code changes."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

from harness.core.files import write_text
from harness.core.imports import ROOT, closure
from harness.core.plugins import names, source

# The plug-ins that a stage opens by name. Those of `ONE` are a `${...}` line of dvc.yaml, so that a new plug-in runs
# nothing again; of the others their whole folder is a dependency.
OPENED = {
    "features": ("encoder",),
    "transfer": ("fusion",),
    "protocols": ("protocol", "fusion"),
    "score": ("metric",),
    "analyse": ("metric",),
    "report": ("metric", "protocol", "protocol table"),
    "track": ("metric",),
}
DEPS = re.compile(r"(?m)^( +)deps:\s*\[([^\]]*)\]\n")
WIDTH = 110  # characters of a line of dependencies, without its indent
ONE = {"features": "encoders", "transfer": "fusion", "foresee": "fusion"}


def run(params: dict[str, Any]) -> None:
    """Rewrite the lines of dvc.yaml that name folders and files of harness/."""
    del params
    path = Path("dvc.yaml")
    write_text(path, with_code(path.read_text(encoding="utf-8")))


def code_of(stage: str) -> list[str]:
    """Return the folders of harness/ that hold what a stage imports, and single files where a folder says too much.

    Single files are that of the stage itself, `api.py`, and what plug-ins import where a stage opens one of them.
    """
    opened = [source(kind, name) for kind in OPENED.get(stage, ()) for name in names(kind)]
    roots = [source("stage", stage), *opened]
    if stage == "prepare":  # the folder adapters/ is a dependency, not what its files import
        roots += (ROOT / "adapters").glob("*.py")
    files = {path for path in closure(*roots) if path.name != "__init__.py" and path.is_relative_to(ROOT / "harness")}
    single = {"stages", "verbs", ONE.get(stage), "."}
    places = set()
    for path in files:
        folder = path.parent.relative_to(ROOT / "harness").as_posix()
        if folder not in single:
            places.add(f"harness/{folder}")
        elif path not in opened:
            places.add(path.relative_to(ROOT).as_posix())
    return sorted(place for place in places if not any(place.startswith(f"{other}/") for other in places))


def with_code(text: str) -> str:
    """Return dvc.yaml with the code in the dependencies of every stage brought up to date."""
    pieces = re.split(r"(?m)^(  \w+:\n)", text)  # what is before the first stage, then the name and the body of each
    for at in range(1, len(pieces), 2):
        code = code_of(pieces[at].strip(" :\n"))
        pieces[at + 1] = DEPS.sub(lambda match, code=code: _deps(match, code), pieces[at + 1])
    return "".join(pieces)


def _deps(match: re.Match[str], code: list[str]) -> str:
    indent, items = match[1], [item.strip() for item in match[2].split(",")]
    items = [*code, *(item for item in items if "${" in item or not item.startswith("harness/"))]
    lines = textwrap.wrap(", ".join(items), WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    return f"{indent}deps:\n{indent}  [" + f"\n{indent}   ".join(lines) + "]\n"
