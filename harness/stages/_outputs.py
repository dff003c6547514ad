"""Refuse before a stage works what DVC would refuse afterwards."""

from __future__ import annotations

from pathlib import Path

from harness.core import paths
from harness.core.errors import HarnessError


def refuse_elsewhere() -> None:
    """Raise a HarnessError if a folder of outputs is a link that leads out of the checkout, where DVC keeps nothing."""
    here = Path.cwd().resolve()
    for folder in paths.WRITTEN:
        if folder != paths.WORK and not folder.resolve().is_relative_to(here):
            raise HarnessError(
                f"{folder} leads to {folder.resolve()}, outside of {here}, and DVC keeps no output there; make it a "
                "folder of the checkout, and if its disk is too small, move the whole checkout to a larger one"
            )
