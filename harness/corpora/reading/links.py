"""Link the releases of a study: `data/raw/<corpus>` is a link to a folder, or a folder that says it is not linked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from harness.core import paths
from harness.core.default_study import default_study
from harness.core.errors import HarnessError
from harness.core.files import write_text
from harness.core.paths import WATERMARK


def is_linked(corpus: str) -> bool:
    """Tell whether a release is linked; a link whose folder is gone is an error, not an absent corpus."""
    root = paths.raw(corpus)
    if root.is_symlink() and not root.exists():
        raise HarnessError(
            f"{root}: the linked folder {os.readlink(root)} is gone; mount it, or link the release again with "
            f"`python -m harness link {corpus} <folder>`"
        )
    return root.is_dir() and not (root / paths.NOT_LINKED).exists()


def is_synthetic(corpus: str) -> bool:
    """Tell whether the linked release was made by `synth`; false for a link whose folder is gone."""
    return (paths.raw(corpus) / WATERMARK).is_file()


def link(corpus: str, folder: Path) -> None:
    """Point `data/raw/<corpus>` at a folder, in one step; what it pointed at before stays if that fails.

    Args:
        corpus: a row of `corpora`.
        folder: may lie behind links, also behind the present one.
    """
    root, target = paths.raw(corpus), folder.resolve()
    if root.parent.resolve().is_relative_to(target):
        raise HarnessError(f"{folder}: holds this checkout; give the folder that holds the release of {corpus} alone")
    _refuse_own(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    temporary = root.with_name(f".{corpus}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target, target_is_directory=True)
    if not root.is_symlink() and root.is_dir():  # says that nothing is linked; a link cannot replace a folder
        shutil.rmtree(root)
    temporary.replace(root)
    _note(corpus)


def unlink(corpus: str) -> None:
    """Make the corpus absent: its row and column of the matrix then carry the reason `not_linked`."""
    root = paths.raw(corpus)
    _refuse_own(root)
    if root.is_symlink():
        root.unlink()
    write_text(root / paths.NOT_LINKED, f"No release is linked here.\nRun: python -m harness link {corpus} <folder>\n")
    _note(corpus)


def _refuse_own(root: Path) -> None:
    if root.is_dir() and not root.is_symlink() and not (root / paths.NOT_LINKED).exists():
        raise HarnessError(f"{root} is a folder of yours, not a link; move it elsewhere, then link it")


def fill_gaps(corpora: list[str]) -> None:
    """Mark every corpus of the study that has no release as not linked, so that the pipeline can run.

    In a workspace that DVC made of the checkout, a corpus is linked to what it is linked to there.
    """
    checkout = default_study()
    for corpus in corpora:
        root = paths.raw(corpus)
        if not root.exists() and not root.is_symlink():
            unlink(corpus)
            if checkout is not None and (checkout / root).is_symlink():
                link(corpus, checkout / root)
        _note(corpus)


def _note(corpus: str) -> None:
    """Write what a corpus is linked to where DVC sees it: a workspace or a clone without links then fills its gaps."""
    root, note = paths.raw(corpus), paths.LINKS / corpus
    text = f"{os.readlink(root)}\n" if root.is_symlink() else "not linked\n"
    if not note.exists() or note.read_text(encoding="utf-8") != text:
        write_text(note, text)
