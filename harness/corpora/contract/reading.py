"""Contract checks of `read`: two reads give the same release, nothing is written, and no folder is a clear error."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from harness.core.errors import ReleaseError
from harness.corpora.contract.case import Attempt, Check, ContractCase, Finding, state_of, such
from harness.study.release import Release

MEND = "raise ReleaseError(path, problem, row=line, expected=..., todo=...) instead"


def reads(case: ContractCase) -> Iterator[Finding]:
    """read(root) gives a Release."""
    attempt = case.attempt
    if attempt.error is not None:
        yield Finding(str(attempt.error), todo="mend the release, or what the adapter expects of it")
    elif attempt.crash:
        yield Finding(attempt.crash, "a Release or a ReleaseError", MEND)
    elif not isinstance(attempt.release, Release):
        yield Finding(f"it gives {type(attempt.release).__name__}", "harness.api.Release", "return one")


def reads_alike_twice(case: ContractCase) -> Iterator[Finding]:
    """Two reads give the same rows in the same order."""
    if differs := _difference(case, Attempt(case.adapter, case.root)):
        yield Finding(differs, "equal releases", "use no chance, no clock and no order of a set")


def does_not_mind_the_order_of_folders(case: ContractCase) -> Iterator[Finding]:
    """The order in which the system lists a folder does not matter."""
    with _listed_backwards():
        again = Attempt(case.adapter, case.root)
    if differs := _difference(case, again):
        yield Finding(differs, "equal releases when folders are listed backwards", "sort what walk or glob give")


def changes_nothing(case: ContractCase) -> Iterator[Finding]:
    """Reading leaves every file of the release as it was."""
    after = state_of(case.root)
    changed = [name for name in sorted(case.state.keys() | after.keys()) if case.state.get(name) != after.get(name)]
    yield from such(changed, "files are new, changed or gone", "no change", "write nothing below root")


def refuses_a_missing_folder(case: ContractCase) -> Iterator[Finding]:
    """A folder that is not there is a ReleaseError that names it."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _refuses(case, Path(folder) / "missing")


def refuses_an_empty_folder(case: ContractCase) -> Iterator[Finding]:
    """An empty folder is a ReleaseError that names it."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _refuses(case, Path(folder))


def _refuses(case: ContractCase, root: Path) -> Iterator[Finding]:
    attempt = Attempt(case.adapter, root)
    if attempt.crash:
        yield Finding(attempt.crash, "a ReleaseError", MEND)
    elif attempt.error is None:
        yield Finding("it gives a release", "a ReleaseError", "look for the files of the corpus first")
    elif not isinstance(attempt.error, ReleaseError) or str(root) not in str(attempt.error):
        yield Finding(f"it says: {attempt.error}", "a ReleaseError that names the folder", MEND)


def _difference(case: ContractCase, again: Attempt) -> str:
    """Return where two reads of one release differ, or an empty string."""
    if again.release is None:
        return f"the second read ends otherwise: {again.crash or again.error}"
    for field in fields(Release):
        first, second = getattr(case.release, field.name), getattr(again.release, field.name)
        if first != second:
            return f"{field.name} differ{_place(first, second)}"
    return ""


def _place(first: Any, second: Any) -> str:
    if not isinstance(first, list):
        return ""
    if len(first) != len(second):
        return f": {len(first)} and {len(second)}"
    at = next(at for at, (row, other) in enumerate(zip(first, second, strict=True)) if row != other)
    return f", first in number {at}: {getattr(first[at], 'id', first[at])} and {getattr(second[at], 'id', second[at])}"


class _Backwards:
    """What os.scandir gives, last entry first."""

    def __init__(self, entries: Iterator[Any]) -> None:
        self._entries = iter(list(entries)[::-1])

    def __enter__(self) -> _Backwards:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> _Backwards:
        return self

    def __next__(self) -> Any:
        return next(self._entries)

    def close(self) -> None:
        self._entries = iter(())


@contextmanager
def _listed_backwards() -> Iterator[None]:
    """Let this process list every folder backwards: glob, walk, iterdir and listdir all come to these two."""
    real: dict[str, Callable[..., Any]] = {"scandir": os.scandir, "listdir": os.listdir}
    backwards: dict[str, Callable[..., Any]] = {
        "scandir": lambda *path: _Backwards(real["scandir"](*path)),
        "listdir": lambda *path: real["listdir"](*path)[::-1],
    }
    try:
        for name, listing in backwards.items():
            setattr(os, name, listing)
        yield
    finally:
        for name, listing in real.items():
            setattr(os, name, listing)


FIRST: tuple[Check, ...] = (reads, refuses_a_missing_folder, refuses_an_empty_folder)
CHECKS: tuple[Check, ...] = (reads_alike_twice, does_not_mind_the_order_of_folders, changes_nothing)
