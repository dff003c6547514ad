"""Fuzz an adapter: damage a small valid release in one of many ways, read it, and judge what came of it.

    patient = Patient(folder)                      # a release that reads well
    judge = Judge(adapter, patient, scratch)       # reads it once, as the reference
    for trial in trials(patient, judge, seed, count): print(trial.mutation, trial.outcome, trial.said)

Every input must end in the same rows, in other rows, or in one HarnessError on one line that names the release.
Anything else (another exception, a hang, a file opened outside the release) is a finding. The ways: fuzz_mutations.py
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, cast

from fuzz_mutations import MUTATIONS

from harness.core.errors import LONGEST, HarnessError
from harness.core.files import write_json
from harness.corpora.reading.card import card
from harness.study import manifest
from harness.study.release import Adapter

SAME, OTHER, ERROR, FINDING = "same rows", "other rows", "one error", "FINDING"
SECONDS = 10.0  # until an input counts as a hang
TABLES = (".csv", ".json", ".txt", ".npz")  # files whose content counts
_EVENTS = ("open", "os.scandir", "os.listdir")
_opened: list[str] | None = None  # what was opened since `watched` began; None while nobody watches
_hooked = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One damaged release and what came of it; `said` is the error or the place of the finding."""

    seed: str
    mutation: str
    outcome: str
    said: str


class Hang(BaseException):
    """The time is over; no `except Exception` can swallow it."""


class Patient:
    """A release on disk that can be damaged and brought back; paths are relative to its root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.whole = {
            path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
        }
        self.tables = [name for name in self.whole if name.endswith(TABLES)]
        self.folders = sorted({parent for name in self.whole for parent in _parents(name)})
        self._touched: list[str] = []
        outside = root.parent / "outside"  # what a release must not be able to pull in
        outside.mkdir(exist_ok=True)
        for name in {name.rpartition("/")[2] for name in self.whole} | {"canary.csv"}:
            (outside / name).write_bytes(b"canary")
        self.outside = outside

    def read(self, name: str) -> bytes:
        """Return a file's present bytes, or the original ones where it is no file now."""
        path = self.root / name
        return path.read_bytes() if path.is_file() and not path.is_symlink() else self.whole[name]

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in place of whatever is there."""
        self.clear(name).write_bytes(content)

    def clear(self, name: str) -> Path:
        """Remove what is at this place, make the folder for something new, and return the full path."""
        self._touched.append(name)
        path = self.root / name
        _remove(path)
        for parent in reversed([path, *path.parents]):
            if self.root in parent.parents and parent != path and not parent.is_dir():
                _remove(parent)
                parent.mkdir()
        return path

    def restore(self) -> None:
        """Bring back every place that was touched."""
        for name in self._touched:
            _remove(self.root / name)
        for name in self._touched:
            for file, content in self.whole.items():
                if file == name or file.startswith(f"{name}/") or name.startswith(f"{file}/"):
                    _remove(self.root / file)
                    (self.root / file).parent.mkdir(parents=True, exist_ok=True)
                    (self.root / file).write_bytes(content)
        self._touched = []


class Judge:
    """Reads a release with an adapter as stage `prepare` does, and says what came of it."""

    def __init__(self, adapter: ModuleType, patient: Patient, scratch: Path) -> None:
        self.adapter, self.root, self.scratch = adapter, patient.root, scratch
        self._ours = [os.path.realpath(folder) for folder in (patient.root, scratch)]
        self._real: dict[str, str] = {}
        self.corpus = adapter.__name__.rpartition(".")[2]
        scratch.mkdir(exist_ok=True)
        self.reference = self._prepare()

    def judge(self) -> tuple[str, str]:
        """Return the outcome and what was said."""
        self._real.clear()
        try:
            with watched() as opened, time_limit(SECONDS):
                rows = self._prepare()
        except HarnessError as error:
            outcome, said = ERROR, str(error)
            if problem := self._problem(said):
                outcome, said = FINDING, f"{problem}: {said[:200]!r}"
        except (Exception, Hang) as error:  # a finding is what this looks for
            return FINDING, _place(error)
        else:
            outcome, said = (SAME if rows == self.reference else OTHER), ""
        if strays := self._strays(opened):
            return FINDING, f"opened outside the release: {strays[0]}"
        return outcome, said

    def _prepare(self) -> list[str]:
        """Read, check and write; return the lines written, sorted."""
        release = self.adapter.read(self.root)
        manifest.validate(self.corpus, release)
        utterances, labels = self.scratch / "utterances.jsonl", self.scratch / "labels.jsonl"
        manifest.write_utterances(utterances, release.utterances)
        manifest.write_labels(labels, release.annotations)
        write_json(self.scratch / "card.json", card(cast(Adapter, self.adapter), release, self.root))
        self._check_paths(release)
        lines = f"{utterances.read_text('utf-8')}{labels.read_text('utf-8')}".split("\n")
        rows = [json.loads(line) for line in lines if line]
        return sorted(json.dumps(row, sort_keys=True) for row in rows)

    def _check_paths(self, release: Any) -> None:
        """Every path that a release names must lie in it."""
        named = [path for row in release.utterances for path in (row.audio, row.video) if path]
        for name in (*named, *release.surplus, *release.files):
            assert self._is_inside(str(self.root / name)), f"names {name!r}"

    def _problem(self, said: str) -> str:
        if len(said.splitlines()) != 1 or not said.isprintable():
            return "not one printable line"
        if len(said) > LONGEST:
            return "too long"
        return "" if str(self.root) in said or said.startswith(f"{self.corpus}: ") else "names no file"

    def _strays(self, opened: list[str]) -> list[str]:
        return [
            path
            for path in opened
            if not self._is_inside(path) and not path.endswith((".py", ".pyc", ".so")) and path not in sys.path
        ]

    def _is_inside(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        if folder not in self._real:  # a release of many files opens a few folders' files
            self._real[folder] = os.path.realpath(folder)
        real = os.path.realpath(path) if os.path.islink(path) or name == ".." else f"{self._real[folder]}/{name}"
        return any(real == folder or real.startswith(f"{folder}/") for folder in self._ours)


def trials(patient: Patient, judge: Judge, seed: str, count: int) -> Iterator[Trial]:
    """Damage, judge and restore the release `count` times, each way as often as the others; the seed decides all."""
    names = list(MUTATIONS)
    number = done = 0
    while done < count:
        trial = f"{seed}/{number}"
        chance, mutation = random.Random(trial), names[number % len(names)]
        number += 1
        if MUTATIONS[mutation](patient, chance) is not False:  # False: this release has nothing of the kind
            done += 1
            outcome, said = judge.judge()
            yield Trial(trial, mutation, outcome, said)
        patient.restore()


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect the paths that this process opens or lists."""
    global _opened, _hooked
    if not _hooked:
        sys.addaudithook(_hear)  # hooks stay for ever
        _hooked = True
    opened: list[str] = []
    _opened = opened
    try:
        yield opened
    finally:
        _opened = None


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event in _EVENTS and isinstance(arguments[0], str | bytes):
        _opened.append(os.fsdecode(arguments[0]))


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise Hang after so many seconds."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang(f"{seconds:g} s are over")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _place(error: BaseException) -> str:
    """Return the error and the innermost line of an adapter in its traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "adapters" in frame.filename] or frames
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
    return f"{type(error).__name__} at {where}: {str(error)[:160]!r}"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


def _parents(name: str) -> list[str]:
    parts = name.split("/")[:-1]
    return ["/".join(parts[: length + 1]) for length in range(len(parts))]
