"""Work on a cluster: how busy its slots are, what handing a piece over costs, and `fill` against stages on two slots.

    simulated  a study of 20 recipes on 8, 64 and 256 slots, on a clock of its own (_simulated_cluster.py): seconds
    overhead   pieces that do nothing or sleep, by two local processes and by Ray on two cores: six minutes
    real       four recipes on small made-up corpora, stage by stage and by `python -m harness fill`: some minutes

`python -m benchmarks.cluster overhead` runs one of the three alone.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import _simulated_cluster, _study
from benchmarks._checkout import Checkout
from benchmarks._watch import CHECKOUT, ONE_THREAD
from harness.cli import main
from harness.core import engine as engines
from harness.core.engine_settings import RAY
from harness.core.pieces import Piece, PieceQueue

SEEDS = range(1, 6)  # of the simulation
SLOTS = 2  # of the real runs
LOADS = {"1,000 pieces that do nothing": (1000, 0.0), "200 pieces of 0.5 s": (200, 0.5)}
ROUNDS = 3
TIMES = 2  # that each way is taken in the real study, in turns
CORPORA = ["emotiontalk", "meld", "iemocap"]
COUNTED = "seconds of pieces:"
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
    address = {"address": "local"} if kind == RAY else {}
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
        stages = [("features", encoder) for encoder in ENCODERS] + [("transfer", recipe) for recipe in RECIPES]
        ways = {"stage by stage": stages, "fill": [("fill",)]}
        digests, walls = dict[str, set[str]](), dict[str, float]()
        for name in [*ways] * TIMES:
            for top in MADE:
                _empty(checkout.folder / top)
            wall, worked = (sum(of) for of in zip(*(_run(checkout, *command) for command in ways[name]), strict=True))
            walls[name] = min(wall, walls.get(name, wall))
            digests.setdefault(name, set()).add(str(made := _digests(checkout.folder)))
            yield f"{name}: {wall:.1f} s, slots busy {worked / (SLOTS * wall):.0%}, {len(made)} files"
        same = "the same bytes" if len(set.union(*digests.values())) == 1 else "OTHER BYTES"
        yield f"ratio of the best {walls['stage by stage'] / walls['fill']:.2f}; models and predictions: {same}"
        begin = time.perf_counter()
        checkout.run("dvc", "repro", *(f"transfer@{recipe}" for recipe in RECIPES))
        again = "trained nothing" if _digests(checkout.folder) == made else "CHANGED FILES"
        yield f"dvc repro of the same recipes after fill: {time.perf_counter() - begin:.1f} s, {again}"


ENCODERS = {"ngrams": {"encoder": "ngrams", "buckets": 65536}, "e5": {"encoder": "e5"}}
_EMPTY = {"text": "e5", "audio": "none", "video": "none", "also": "none", "route": "native", "balanced": True}
_LINEAR = {**_EMPTY, "normalise": "source_std", "fusion": "linear", "settings": {"c": [1e-4, 1e-3, 1e-2, 0.1]}}
RECIPES = {
    "grams": {**_LINEAR, "text": "ngrams", "normalise": "tfidf"},
    "e5": _LINEAR,
    "mlp": {**_EMPTY, "normalise": "source_std", "fusion": "mlp", "settings": "mlp"},
    "mlp_tstd": {**_EMPTY, "normalise": "target_std", "fusion": "mlp", "settings": "mlp"},
}


def _checkout(folder: Path) -> Checkout:
    """Return a checkout with small made-up corpora that are prepared."""
    small = {"utterances": 1500, "dialogues": 150, "media": False, "defects": "none"}
    checkout = Checkout(
        folder,
        CORPORA,
        encoders=ENCODERS,
        recipes=RECIPES,
        training={**_study.project_params()["training"], "seeds": [1, 2, 3, 4, 5]},
        synth={**_study.project_params()["synth"], **small},
    )
    checkout.harness("synth")
    checkout.run("dvc", "repro", "prepare")
    return checkout


def _run(checkout: Checkout, *command: str) -> tuple[float, float]:
    """Return the seconds that a command of the harness takes with its start, and those of all its pieces."""
    arguments = [*command, "--set", "engine.kind=local", "--set", f"engine.workers={SLOTS}"]
    path = os.pathsep.join((str(checkout.folder), str(CHECKOUT)))  # its own harness, and this file
    counted = ["env", f"PYTHONPATH={path}", sys.executable, "-c"]
    begin = time.perf_counter()
    told = checkout.run(*counted, f"from benchmarks import cluster; cluster.count({arguments!r})")
    return time.perf_counter() - begin, float(told.rpartition(COUNTED)[2].split()[0])


def count(arguments: list[str]) -> None:
    """Run a command of the harness in this process, and print the seconds of all its pieces."""
    seconds, ended = [0.0], PieceQueue.ended

    def counted(queue: PieceQueue, piece: Piece, took: float) -> None:
        seconds[0] += took
        ended(queue, piece, took)

    PieceQueue.ended = counted  # type: ignore[method-assign]
    if status := main(arguments):
        sys.exit(status)
    print(f"{COUNTED} {seconds[0]}", file=sys.stderr)


def _empty(folder: Path) -> None:
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.name != "none":  # stands for a slot that a recipe leaves empty
            shutil.rmtree(path)


def _digests(folder: Path) -> dict[str, str]:
    files = (path for top in MADE[1:] for path in sorted((folder / top).rglob("*")))
    kept = (path for path in files if path.suffix in (".safetensors", ".parquet"))
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


PARTS = {"simulated": simulated, "overhead": overhead, "real": real}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        for line in PARTS[name]():
            print(line, flush=True)
