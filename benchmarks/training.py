"""A cell trained and tested by `transfer` against the plain loop: `python -m benchmarks.training attention meld`.

The plain loop (_plain.py) trains one model after the other, 100 epochs in batches of 32. Ours is the command that a
study runs, start-up and predictions included: five seeds side by side on all cores, each stopped by source dev. Both
train the same network on the same features with the same weights of classes. A third argument makes the corpus smaller
or larger, a fourth cuts the plain loop short, whose time is then scaled to 100 epochs. The ratio leaves the start-up of
the plain loop out and counts ours.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _study, workload
from benchmarks._plain import FEW, SEEDS, SIZES
from benchmarks._watch import Watched, python, watch
from harness.core import paths
from harness.study.labels import EMOTION7
from harness.training import model_files

EPOCHS = 100
RECIPE = "bench"
SETTINGS = {"lr": 1e-3, "weight_decay": 0.01, "batch": 256, "epochs": EPOCHS, "patience": 5}


def run(model: str = "attention", corpus: str = "meld", scale: float = 1.0, epochs: int = EPOCHS) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = workload.fill(folder, scale, [corpus])
        recipe = _study.recipe(list(workload.WIDTHS), model, {**SIZES, **SETTINGS})
        sections = {"encoders": _study.encoders(list(workload.WIDTHS)), "training": {"seeds": list(SEEDS)}}
        _study.write_params(folder, [corpus], [EMOTION7.name], recipes={RECIPE: recipe}, **sections)
        opened = watch([*python("benchmarks._first_batch"), corpus, RECIPE, str(time.time())], folder)
        plain = watch([*python("benchmarks._plain"), name, corpus, model, str(epochs), str(time.time())], folder)
        ours = watch([*python("harness"), "transfer", RECIPE], folder)
        replicates = model_files.read(folder / paths.model(RECIPE, corpus, EMOTION7.name)).facts()["replicates"]
    return [
        f"{model} on {made[0]}",
        *_lines(json.loads(plain.out), plain.peak, ours, float(opened.out), replicates),
    ]


def _lines(loop: Any, held: float, ours: Watched, opened: float, replicates: list[Any]) -> list[str]:
    long, *short = loop["models"]
    done, best = len(long["seconds"]), int(np.argmax(long["dev"]))
    theirs, mine = np.mean(long["seconds"]) * EPOCHS, ours.wall / len(replicates)
    peaks, found = [max(one["dev"]) for one in loop["models"]], [one["dev"] for one in replicates]
    chosen = ", ".join(str(one["chosen"]["epoch"]) for one in replicates)
    scaled = "" if done == EPOCHS else f", scaled from {done} epochs"
    return [
        f"to the first batch, imports included: plain {loop['first']:.1f} s, ours {opened:.1f} s",
        f"a trained and tested model: plain {theirs:.0f} s ({theirs / EPOCHS:.2f} s an epoch{scaled}), "
        f"ours {mine:.1f} s ({len(replicates)} in {ours.wall:.0f} s, {ours.cpu:.0f} s of processors); "
        f"ratio {theirs / mine:.1f}",
        f"UAR of dev, plain: {long['dev'][best]:.3f} at epoch {best + 1} of {done}, {long['dev'][-1]:.3f} at the last; "
        f"with {len(short)} more seeds and {min(FEW, done)} epochs {np.mean(peaks):.3f} ({_spread(peaks)})",
        f"UAR of dev, ours: {np.mean(found):.3f} ({_spread(found)}), epochs {chosen}",
        f"peak memory, all processes: plain {held:.0f} MB, ours {ours.peak:.0f} MB",
    ]


def _spread(values: list[float]) -> str:
    return f"{min(values):.3f} to {max(values):.3f}"


if __name__ == "__main__":
    model, corpus, scale, epochs = [*sys.argv[1:], *("attention", "meld", "1", str(EPOCHS))[len(sys.argv) - 1 :]]
    print("\n".join(run(model, corpus, float(scale), int(epochs))))
