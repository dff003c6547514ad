"""The default study of a checkout, whose files studies/<name> and DVC's experiments elsewhere take over."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

STUDIES = Path("studies")


def default_study() -> Path | None:
    """Return the checkout that the current folder is a study or a workspace of, or None.

    `dvc exp run --temp` and `--queue` run in .dvc/tmp/exps/<name>, with what git and DVC know of the checkout alone.
    """
    here = Path.cwd()
    checkout = here.parent.parent
    if here.parent.name == STUDIES.name and (checkout / "dvc.yaml").is_file():
        return checkout
    parts = here.parts
    place = next((at for at in range(len(parts)) if parts[at : at + 3] == (".dvc", "tmp", "exps")), None)
    return None if place is None else Path(*parts[:place])


def take_over(folder: Path) -> None:
    """Link into a folder what the default study holds there, so that equal features and models are not made again.

    Whoever reads a file checks its key; what differs is made anew and replaces the link, never what it points at.

    Args:
        folder: relative to the top of a study. One that has files already is left as it is.
    """
    checkout = default_study()
    if checkout is None or any(folder.rglob("*")) or not (checkout / folder).is_dir():
        return
    for source in sorted((checkout / folder).rglob("*")):
        if source.is_file():
            target = folder / source.relative_to(checkout / folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, target)
            except OSError:  # another disk, or a file system without links
                shutil.copy2(source, target)
