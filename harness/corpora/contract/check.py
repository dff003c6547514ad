"""What every adapter promises, tried on one release: `python -m harness check <corpus>` prints what is kept.

facts.py    what the module says
reading.py  how read(root) behaves
types.py    types of fields
rows.py     utterances, and what was left out
clips.py    paths of clips and files
labels.py   labels, views, votes, published counts
cuts.py     files that were cut off

A check is a function whose docstring is the promise; it yields a Finding for what is not so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType

from harness.core.paths import WATERMARK
from harness.corpora.contract import (
    clips,
    cuts,
    labels,
    reading,
    rows,
)
from harness.corpora.contract import (
    facts as contract_facts,
)
from harness.corpora.contract.case import Attempt, Check, ContractCase, Finding, state_of
from harness.corpora.contract.types import has_types
from harness.study.release import Release

SHOWN = 5  # findings of one check that are printed
ROWS: tuple[Check, ...] = (
    *rows.CHECKS,
    *clips.CHECKS,
    *labels.CHECKS,
    *reading.CHECKS,
    *cuts.CHECKS,
)
CHECKS: tuple[Check, ...] = (*contract_facts.CHECKS, *reading.FIRST, has_types, *ROWS)


@dataclass(frozen=True, slots=True)
class Result:
    """One promise and what was found against it; `skipped` says why it was not looked at."""

    promise: str
    findings: tuple[Finding, ...] = ()
    skipped: str = ""

    @property
    def mark(self) -> str:
        """Return "ok", "warn", "FAIL" or "--" for not looked at."""
        if self.skipped:
            return "--"
        return "FAIL" if any(not one.warning for one in self.findings) else "warn" if self.findings else "ok"

    def __str__(self) -> str:
        ordered = sorted(self.findings, key=lambda one: one.warning)
        said = [self.skipped] if self.skipped else [str(one) for one in islice(ordered, SHOWN)]
        more = [f"and {len(ordered) - SHOWN:,} more"] if len(ordered) > SHOWN else []
        first = f"{self.mark:<4} {self.promise}" + (f": {said[0]}" if said else "")
        return "\n     ".join([first, *said[1:], *more])


def look(name: str, adapter: ModuleType, root: Path) -> ContractCase:
    """Read a release once, for `check`."""
    state = state_of(root)
    return ContractCase(name, adapter, root, (root / WATERMARK).is_file(), state, Attempt(adapter, root))


def check(case: ContractCase) -> Iterator[Result]:
    """Try every promise; later ones are skipped where they make no sense without an earlier one."""
    facts = [_result(one, case) for one in contract_facts.CHECKS]
    yield from facts
    yield from (_result(one, case) for one in reading.FIRST)
    why = ""
    if any(one.mark == "FAIL" for one in facts):
        why = "not looked at before the module says what it must"
    elif not isinstance(case.attempt.release, Release):
        why = "not looked at, for nothing was read"
    typed = _result(has_types, case, why)
    yield typed
    why = why or ("not looked at before every field has its type" if typed.mark == "FAIL" else "")
    yield from (_result(one, case, why) for one in ROWS)


def _result(one: Check, case: ContractCase, why: str = "") -> Result:
    promise = (one.__doc__ or "").strip().rstrip(".")
    return Result(promise, skipped=why) if why else Result(promise, tuple(one(case)))


def verdict(name: str, results: Sequence[Result]) -> str:
    """Return how many promises are kept, in one line."""
    counts = {mark: sum(one.mark == mark for one in results) for mark in ("ok", "warn", "FAIL", "--")}
    words = {"ok": "kept", "warn": "kept with a warning", "FAIL": "broken", "--": "not looked at"}
    listed = ", ".join(f"{count} {words[mark]}" for mark, count in counts.items() if count)
    return f"{name}: {len(results)} promises: {listed}"
