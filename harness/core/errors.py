"""Every error a user can cause, each one printed as one line that says what, where, what is known and what to do.

    HarnessError                 the command prints it and exits 1
    ├── ReleaseError             a file of a release is not what its layout promises
    │   └── UnknownLabelError    a native label that no label map knows
    ├── MediaError               a clip cannot be decoded; `reason` is the word it is counted under
    ├── NameUnknownError         a corpus, encoder, fusion, metric or label space that does not exist
    ├── SettingError             params.yaml says something that cannot be done
    └── ResultError              a file the harness wrote is missing, damaged or contradicts itself

Anything else that reaches the user is a bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.core.plain_text import on_one_line

LONGEST = 1000  # characters of an error
SHOWN = 400  # characters of one part of an error about a release


class HarnessError(Exception):
    """A problem the user can mend; its text is the whole message, on one line however odd what it quotes."""

    def __init__(self, message: str) -> None:
        super().__init__(on_one_line(message, LONGEST))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel from a worker process as the finished text; the arguments that made it are gone."""
        return _finished, (type(self), str(self), self.__dict__)


def _finished(kind: type[HarnessError], text: str, facts: dict[str, Any]) -> HarnessError:
    error = kind.__new__(kind, text)
    error.__dict__.update(facts)
    return error


class ReleaseError(HarnessError):
    """A file of a release cannot be read as its layout promises.

    Args:
        path: the file or folder.
        problem: what is wrong, in a few words.
        row: 1-based line of the file as an editor shows it, where that is known.
        expected: what should have been there.
        todo: what the user can do.
    """

    def __init__(
        self, path: Path | str, problem: str, *, row: int | None = None, expected: str = "", todo: str = ""
    ) -> None:
        where = f"{path}, line {row}" if row is not None else str(path)
        parts = [f"{on_one_line(where, SHOWN)}: {on_one_line(problem, SHOWN)}"]
        if expected:
            parts.append(f"expected {on_one_line(expected, SHOWN)}")
        if todo:
            parts.append(todo)
        super().__init__("; ".join(parts))
        self.path = Path(path)
        self.row = row


class UnknownLabelError(ReleaseError):
    """A native label stands in no label map, so it may be neither kept nor dropped."""

    def __init__(self, path: Path | str, value: str, known: Iterable[str], *, row: int | None = None) -> None:
        known = list(known)
        super().__init__(
            path,
            f"unknown label {value[:80]!r}{did_you_mean(value[:80], known)}",
            row=row,
            expected="one of " + ", ".join(known),
            todo="mend the file, or add the label to the corpus' label map",
        )


class MediaError(HarnessError):
    """A clip cannot be decoded.

    Args:
        path: the media file.
        reason: the word under which such clips are counted (`missing`, `empty`, `unreadable`, `no_sound`, ...).
        problem: what is wrong, in a few words.
    """

    def __init__(self, path: Path | str, reason: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.reason = reason


class NameUnknownError(HarnessError):
    """Nothing of this kind has this name; the text lists what there is."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        listing = ", ".join(known) or "none is installed"
        super().__init__(f"no {kind} is called {name!r}{did_you_mean(name, known)} (known: {listing})")


class SettingError(HarnessError):
    """A value of params.yaml, or of the command line, cannot be used."""


class ResultError(HarnessError):
    """A file the harness wrote is missing, damaged, or contradicts another one."""


def left_program(error: SystemExit) -> str:
    """Return what to tell of code of others that called `sys.exit`."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
    return (
        f"code that the command called left the program: sys.exit({error.code!r}){where}; an adapter, encoder or model "
        "raises an error instead"
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the closest known name, whatever its case, or an empty string."""
    lower = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.6)
    return f"; did you mean {lower[close[0]]!r}?" if close else ""
