"""The contract of adapters, tried on one release: `python -m harness check <corpus>` prints which promises are kept.

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
        return "FAIL" if any(not finding.warning for finding in self.findings) else "warn" if self.findings else "ok"

    def __str__(self) -> str:
        ordered = sorted(self.findings, key=lambda finding: finding.warning)
        lines = [self.skipped] if self.skipped else [str(finding) for finding in islice(ordered, SHOWN)]
        more = [f"and {len(ordered) - SHOWN:,} more"] if len(ordered) > SHOWN else []
        first = f"{self.mark:<4} {self.promise}" + (f": {lines[0]}" if lines else "")
        return "\n     ".join([first, *lines[1:], *more])


def look(name: str, adapter: ModuleType, root: Path) -> ContractCase:
    """Read a release once, for `check`."""
    state = state_of(root)
    return ContractCase(name, adapter, root, (root / WATERMARK).is_file(), state, Attempt(adapter, root))


def check(case: ContractCase) -> Iterator[Result]:
    """Try every promise; later ones are skipped where they make no sense without an earlier one."""
    facts = [_result(check, case) for check in contract_facts.CHECKS]
    yield from facts
    yield from (_result(check, case) for check in reading.FIRST)
    why = ""
    if any(result.mark == "FAIL" for result in facts):
        why = "not looked at before the module says what it must"
    elif not isinstance(case.attempt.release, Release):
        why = "not looked at, for nothing was read"
    typed = _result(has_types, case, why)
    yield typed
    why = why or ("not looked at before every field has its type" if typed.mark == "FAIL" else "")
    yield from (_result(check, case, why) for check in ROWS)


def _result(check: Check, case: ContractCase, why: str = "") -> Result:
    promise = (check.__doc__ or "").strip().rstrip(".")
    return Result(promise, skipped=why) if why else Result(promise, tuple(check(case)))


def verdict(name: str, results: Sequence[Result]) -> str:
    """Return how many promises are kept, in one line."""
    counts = {mark: sum(result.mark == mark for result in results) for mark in ("ok", "warn", "FAIL", "--")}
    words = {"ok": "kept", "warn": "kept with a warning", "FAIL": "broken", "--": "not looked at"}
    listed = ", ".join(f"{count} {words[mark]}" for mark, count in counts.items() if count)
    return f"{name}: {len(results)} promises: {listed}"
