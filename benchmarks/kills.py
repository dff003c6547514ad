"""What is left of stages that are killed: whether the next `dvc repro` mends all, byte for byte.

A small study runs to its end. Then, one after the other, what a random stage has made is deleted, the stage runs again
and is killed with all its processes: at a random moment, or in the moment when a temporary file appears, which is in
the middle of a write. How long a stage runs and how many temporary files it writes is measured before. After the kill
`dvc repro` runs to the end, and everything must be as it was before.
"""

import contextlib
import json
import math
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from benchmarks._checkout import Checkout
from benchmarks._small_study import digests, finished

KILLS = 100
SEED = 20261127
TRIES = 10  # until a stage that runs faster than the last time is killed before its end
STAGES = {  # stage -> what it makes
    "prepare@meld": ("data/corpora/meld", "data/work/media/meld"),
    "audit": ("results/audit.html", "results/audit.json"),
    "features@ngrams": ("data/features/ngrams",),
    "features@logmel": ("data/features/logmel",),
    "transfer@text": ("models/text", "predictions/text"),
    "transfer@sound": ("models/sound", "predictions/sound"),
    "protocols@few_shot": ("protocols/few_shot",),
    "score": ("results/cells.csv", "results/plots"),
    "analyse": ("results/analysis",),
    "foresee": ("results/foresee",),
    "report": ("results/report.html", "results/tables"),
    "track": ("results/tracked.json", "mlflow.db", "mlartifacts"),
}
LOCK = "dvc.lock"
TOPS = ("data", "models", "predictions", "protocols", "results")


class Attempt(NamedTuple):
    """Whether a stage came to its end, its seconds until then or the kill, and the temporary files that were seen."""

    ended: bool
    seconds: float
    writes: int


def run(kills: int = KILLS) -> list[str]:
    chance, outcomes, odd = random.Random(SEED), Counter[tuple[str, str]](), []
    with tempfile.TemporaryDirectory() as name:
        checkout = finished(Path(name))
        whole = {stage: _attempt(checkout, stage) for stage in STAGES}
        checkout.run("dvc", "repro")
        before, runs = digests(checkout.folder), _runs(checkout.folder)
        for number in range(kills):
            stage = list(STAGES)[number % len(STAGES)]
            how = _killed(checkout, stage, whole[stage], chance)
            outcome = _mended(checkout, before, runs)
            good = outcome.startswith("as before")
            outcomes[stage, f"{how}: {outcome if good else 'NOT as before'}"] += 1
            odd += [] if good else [f"{stage}, {how}: {outcome}"]
            print(f"kill {number + 1} of {kills}: {stage}, {how}: {outcome}", file=sys.stderr, flush=True)
    return [f"{stage}: {count} {outcome}" for (stage, outcome), count in sorted(outcomes.items())] + odd


def _killed(checkout: Checkout, stage: str, whole: Attempt, chance: random.Random) -> str:
    """Kill a stage that runs, with all its processes, and return when that was."""
    for _ in range(TRIES):
        write = chance.randint(1, whole.writes) if whole.writes and chance.random() < 0.5 else 0
        attempt = _attempt(checkout, stage, whole.seconds if write else chance.uniform(0.3, whole.seconds), write)
        if not attempt.ended:
            return "in a write" if write and attempt.writes >= write else "at a random moment"
    return "never, it ended before"


def _attempt(checkout: Checkout, stage: str, seconds: float = math.inf, write: int = 0) -> Attempt:
    """Run a stage whose outputs are gone until its end, some seconds, or a temporary file with this number, from 1."""
    for made in STAGES[stage]:
        path = checkout.folder / made
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    command = ("dvc", "repro", "--force", "--single-item", stage)
    process = subprocess.Popen(
        command, cwd=checkout.folder, env=checkout.environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    began, seen = time.monotonic(), _temporaries(checkout.folder)
    left = len(seen)  # by the kill before
    while process.poll() is None and time.monotonic() - began < seconds:
        seen |= _temporaries(checkout.folder)
        if write and len(seen) - left >= write:
            break
    attempt = Attempt(process.poll() is not None, time.monotonic() - began, len(seen) - left)
    _kill(process)
    return attempt


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.3)  # workers of the stage end when they see that it is gone


def _temporaries(folder: Path) -> set[str]:
    return {str(path) for top in TOPS for path in (folder / top).rglob(".*.tmp")}


def _mended(checkout: Checkout, before: dict[str, str], runs: int) -> str:
    """Return what is not as before after `dvc repro`, or that all is; a lock file that DVC left half written goes."""
    told, repaired = checkout.attempt("dvc", "repro"), ""
    if f"'./{LOCK}'" in told:  # so DVC names it where it cannot read it
        (checkout.folder / LOCK).unlink()
        told, repaired = checkout.attempt("dvc", "repro"), f" once {LOCK} was deleted"
    if told:
        return told[-400:]
    after = digests(checkout.folder)
    if after != before:
        return f"files: {sorted(name for name in {*after, *before} if after.get(name) != before.get(name))[:3]}"
    if left := _temporaries(checkout.folder):
        return f"left over: {sorted(left)[:3]}"
    if _runs(checkout.folder) != runs:
        return f"{_runs(checkout.folder)} runs in MLflow instead of {runs}"
    status, _ = json.JSONDecoder().raw_decode(checkout.run("dvc", "status", "--json"))  # warnings follow it
    stale = set(status) - {"outside"}
    return f"dvc status: {sorted(stale)}" if stale else f"as before{repaired}"


def _runs(folder: Path) -> int:
    with sqlite3.connect(folder / "mlflow.db") as database:
        ((count,),) = database.execute("SELECT COUNT(*) FROM runs WHERE lifecycle_stage = 'active'")
    return int(count)


if __name__ == "__main__":
    print("\n".join(run(*map(int, sys.argv[1:2]))))
