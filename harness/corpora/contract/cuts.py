"""Contract checks of damage: a table that was cut off ends in rows or in one clear line, never in a traceback."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.corpora.contract.case import Attempt, Check, ContractCase, Finding
from harness.corpora.contract.reading import MEND

SMALL = 50 * 2**20  # bytes of a release that is copied whole
MOST = 6  # files that are cut


def survives_cut_files(case: ContractCase) -> Iterator[Finding]:
    """A file that was cut off ends in rows or in a HarnessError, which is one line."""
    named = tuple(case.release.files)
    below = tuple(f"{name}/" for name in named)
    files = [name for name in case.state if name in named or name.startswith(below)]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "release"
        whole = sum(size for size, _ in case.state.values()) < SMALL
        _copy(case.root, copy, sorted(case.state) if whole else files)
        if (start := Attempt(case.adapter, copy)).release is None:
            why = f"nothing was cut, for a copy of Release.files alone is not read: {start.crash or start.error}"
            yield Finding(why, todo="name every table in Release.files", warning=True)
            return
        for name in _spread(files):
            yield from _cut(case, copy, name)


def _cut(case: ContractCase, copy: Path, name: str) -> Iterator[Finding]:
    path = copy / name
    content = path.read_bytes()
    for size in sorted({0, len(content) // 3, len(content) * 2 // 3, max(len(content) - 1, 0)}):
        path.write_bytes(content[:size])
        attempt = Attempt(case.adapter, copy)
        if attempt.crash:
            where = f"{name} cut after {size:,} of {len(content):,} bytes"
            yield Finding(f"{where}: {attempt.crash}", "rows or a HarnessError", MEND)
    path.write_bytes(content)


def _copy(root: Path, copy: Path, names: Sequence[str]) -> None:
    copy.mkdir()
    for name in names:
        if (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, copy / name)


def _spread(files: Sequence[str]) -> list[str]:
    """Return a few of many files, evenly taken from their sorted list, every suffix at least once."""
    ordered = sorted(files)
    step = max(1, len(ordered) // MOST)
    first = {Path(name).suffix: name for name in reversed(ordered)}
    return sorted({*ordered[::step][:MOST], *first.values()})


CHECKS: tuple[Check, ...] = (survives_cut_files,)
