"""Work on a cluster: how busy its slots are, what handing a piece over costs, and `fill` against stages on two slots.

    simulated  a study of 20 recipes on 8, 64 and 256 slots, on a clock of its own (_simulated_cluster.py): seconds
    overhead   pieces that do nothing or sleep, by two local processes and by Ray on two cores: six minutes
    real       four recipes on small made-up corpora, stage by stage and by `python -m harness fill`: some minutes

`python -m benchmarks.cluster overhead` runs one of the three alone.
"""

import hashlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import _simulated_cluster, _study
from benchmarks._checkout import Checkout
from benchmarks._watch import CHECKOUT, ONE_THREAD
from harness.core import engine as engines

SEEDS = range(1, 6)  # of the simulation
SLOTS = 2  # of the real runs
LOADS = {"1,000 pieces that do nothing": (1000, 0.0), "200 pieces of 0.5 s": (200, 0.5)}
ROUNDS = 3
CORPORA = ["emotiontalk", "meld"]
MADE = ("data/features", "models", "predictions")


def run() -> Iterator[str]:
    for part in PARTS.values():
        yield from part()


def simulated() -> Iterator[str]:
    """Yield seconds and busy slots, stage by stage and as one submission."""
    for plan, slots, found in _simulated_cluster.shares(SEEDS):
        (stages, busy), (one, busy_one) = found[False], found[True]
        yield (
            f"{plan}, {slots} slots: stage by stage {stages:,.0f} s, {busy:.0%} busy; one submission {one:,.0f} s, "
            f"{busy_one:.0%} busy; ratio {stages / one:.1f}"
        )


def overhead() -> Iterator[str]:
    """Yield the seconds of two local processes and of Ray, which take turns."""
    found: dict[str, list[list[float]]] = {"local": [], "ray": []}
    for _ in range(ROUNDS):
        for kind, seconds in found.items():
            seconds.append(_in_a_process(kind))
    for at, load in enumerate(("start", *LOADS)):
        local, ray = (min(row[at] for row in found[kind]) for kind in ("local", "ray"))
        every = "; ".join(f"{kind} {', '.join(f'{row[at]:.2f}' for row in rows)} s" for kind, rows in found.items())
        yield f"{load}: {every}; ratio of the best {ray / local:.2f}"


def _in_a_process(kind: str) -> list[float]:
    """Return the seconds of a start and of each load, measured by a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", f"from benchmarks import cluster; cluster.measure({kind!r})"], cwd=folder,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return [float(word) for word in done.stdout.split()]


def measure(kind: str) -> None:
    """Print the seconds until an engine has done its first pieces, and those of each load."""
    address = {"address": "local"} if kind == engines.RAY else {}
    begin = time.perf_counter()
    with engines.opened({"kind": kind, "workers": SLOTS, **address}) as engine:
        engine.run(time.sleep, [0.5] * SLOTS * 2, "start")  # longer than a worker takes to be there: both begin
        print(time.perf_counter() - begin)
        for count, seconds in LOADS.values():
            begin = time.perf_counter()
            engine.run(time.sleep, [seconds] * count, f"{count} pieces")
            print(time.perf_counter() - begin)


def real() -> Iterator[str]:
    """Yield the seconds of a small study on two slots, stage by stage and as one submission, features included."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = _checkout(Path(folder))
        ways: dict[str, Callable[[], Any]] = {"stage by stage": lambda: _by_stages(checkout)}
        ways["fill"] = lambda: checkout.harness("fill", *_set())
        digests, walls = {}, {}
        for name, way in ways.items():
            for made in MADE:
                _empty(checkout.folder / made)
            cpu, begin = _cpu(), time.perf_counter()
            way()
            walls[name] = time.perf_counter() - begin
            busy = (_cpu() - cpu) / (SLOTS * walls[name])
            digests[name] = _models(checkout.folder)
            yield f"{name}: {walls[name]:.1f} s, the cores {busy:.0%} busy (with start-up), {len(digests[name])} models"
        same = "the same bytes" if len({*map(str, digests.values())}) == 1 else "OTHER BYTES"
        yield f"ratio {walls['stage by stage'] / walls['fill']:.2f}; models and predictions: {same}"
        begin = time.perf_counter()
        told = checkout.run("dvc", "repro", *(f"transfer@{recipe}" for recipe in RECIPES))
        again = "trained nothing" if _models(checkout.folder) == digests["fill"] else "CHANGED FILES"
        yield f"dvc repro after fill: {time.perf_counter() - begin:.1f} s, {again}"
        if "ERROR" in told:
            yield told[-400:]


_TEXT = {"text": "ngrams", "audio": "none", "video": "none", "also": "none", "route": "native"}
_SOUND = {**_TEXT, "text": "none", "audio": "logmel"}
_BOTH = {**_TEXT, "audio": "logmel"}
_LINEAR = {"fusion": "linear", "settings": {"c": [0.1, 1, 10]}, "balanced": True}
_NETWORK = {"normalise": "source_std", "fusion": "mlp", "settings": {}, "balanced": True}
RECIPES = {
    "text": {**_TEXT, **_LINEAR, "normalise": "none"},
    "sound": {**_SOUND, **_LINEAR, "normalise": "source_std"},
    "both": {**_BOTH, **_LINEAR, "normalise": "source_std"},
    "sound_mlp": {**_SOUND, **_NETWORK},
}


def _checkout(folder: Path) -> Checkout:
    """Return a checkout with small made-up corpora that are prepared."""
    small = {"utterances": 400, "dialogues": 60, "media": True, "defects": "none"}
    checkout = Checkout(
        folder,
        CORPORA,
        encoders={"ngrams": {"encoder": "ngrams", "buckets": 4096}, "logmel": {"encoder": "logmel"}},
        recipes=RECIPES,
        training={"seeds": [1, 2, 3], "resamples": 5},
        synth={**_study.project_params()["synth"], **small},
    )
    checkout.harness("synth")
    checkout.run("dvc", "repro", "prepare")
    return checkout


def _by_stages(checkout: Checkout) -> None:
    for encoder in ("ngrams", "logmel"):
        checkout.harness("features", encoder, *_set())
    for recipe in RECIPES:
        checkout.harness("transfer", recipe, *_set())


def _set() -> list[str]:
    return ["--set", "engine.kind=local", "--set", f"engine.workers={SLOTS}"]


def _empty(folder: Path) -> None:
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.name != "none":  # stands for a slot that a recipe leaves empty
            shutil.rmtree(path)


def _models(folder: Path) -> dict[str, str]:
    files = (path for top in MADE[1:] for path in sorted((folder / top).rglob("*")))
    kept = (path for path in files if path.suffix in (".safetensors", ".parquet"))
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def _cpu() -> float:
    """Return the seconds of cores that commands have taken which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


PARTS = {"simulated": simulated, "overhead": overhead, "real": real}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        for line in PARTS[name]():
            print(line, flush=True)
