"""Write a digest of the code behind every stage, encoder and model, so that `dvc repro` sees what changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.core import paths
from harness.core.code_digest import code_digest
from harness.core.files import prune, write_text
from harness.core.imports import ROOT
from harness.core.log import log
from harness.core.plugins import names, source

WHOLE_STUDY = True

# The plug-ins that a stage opens by name, all of them; an encoder or a model is a dependency of its own row instead.
OPENED = {
    "protocols": ("protocol", "fusion"),
    "score": ("metric",),
    "analyse": ("metric",),
    "report": ("metric", "protocol", "protocol table"),
    "track": ("metric",),
}
OF_A_ROW = ("encoder", "fusion")


def run(params: dict[str, Any]) -> None:
    """Write data/code/<stage>, data/code/encoder/<file> and data/code/fusion/<file>, one digest each.

    A digest covers what the code does and imports (harness/core/code_digest.py): a comment, a docstring or a file that
    moves runs nothing again.
    """
    del params
    digests = {paths.code(stage): code_digest(*sources(stage)) for stage in names("stage")}
    digests |= {
        paths.code(f"{kind}/{name}"): code_digest(source(kind, name)) for kind in OF_A_ROW for name in names(kind)
    }
    for path, digest in digests.items():
        write_text(path, f"{digest}\n")
    prune(paths.CODE, digests)
    log.info(f"{len(digests)} digests of code in {paths.CODE}")


def sources(stage: str) -> list[Path]:
    """Return the files whose statements, with those of all that they import, decide what a stage does."""
    files = [source("stage", stage), *(source(kind, name) for kind in OPENED.get(stage, ()) for name in names(kind))]
    if stage == "prepare":  # adapters/ is a dependency of its own; this is what its files import
        files.append(ROOT / "harness" / "api.py")
    return files
