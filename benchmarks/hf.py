"""Pretrained models as a study runs them against a loop of batch 1: `python -m benchmarks hf`.

The loop has the model loaded already and uses all cores by threads; ours is `harness.extraction.extract`, one-thread
processes over batches of like lengths. Its start (processes, imports, the model read by each) is measured on a few
inputs and told apart. Weights are random, shapes those of BERT-base and HuBERT-base. The counts are whole pieces of
work for two processes. Each is measured in a few rounds in turn, and the median counts: the machine is shared.
"""

import re
import statistics
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import _hf
from benchmarks._watch import BOTH_CORES, python, watch
from harness.core.engine import worker_count

COUNTS = {"text": 512, "speech": 48}
FEW, ROUNDS = 2, 3


def run() -> list[str]:
    return [line for kind, count in COUNTS.items() for line in _of(kind, count, worker_count("auto"))]


def _of(kind: str, count: int, cores: int) -> list[str]:
    rounds = []
    with tempfile.TemporaryDirectory() as name:
        folder, model = Path(name), Path(name) / "model"
        _hf.write(model, kind, count)
        for _ in range(ROUNDS):
            few = _seconds(folder, "ours", kind, FEW, cores)
            ours = _seconds(folder, "ours", kind, count, cores)
            rounds.append((few, ours, _seconds(folder, "plain", kind, count, cores)))
        rows = [np.load(model / f"{what}.npy") for what in ("ours", "plain")]
    apart = np.abs(rows[0] - rows[1]).max() / np.abs(rows[1]).max()
    few, ours, plain = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    each = (ours - few) / (count - FEW)
    ratios = sorted(plain / count * (count - FEW) / (ours - few) for few, ours, plain in rounds)
    return [
        f"{kind}, {count} inputs, median of {ROUNDS}: batch 1 {1000 * plain / count:.1f} ms each ({cores} threads); "
        f"ours {1000 * each:.1f} ms each ({cores} processes) after a start of {few:.1f} s",
        f"  ratio {plain / count / each:.2f} (rounds: {', '.join(f'{one:.2f}' for one in ratios)}), start counted "
        f"{plain / ours:.2f}",
        f"  largest difference of a number: {apart:.1e} of the largest",
    ]


def _seconds(folder: Path, what: str, kind: str, count: int, cores: int) -> float:
    command = [*python("benchmarks._hf"), what, kind, str(folder / "model"), str(count), str(cores)]
    out = watch(command, folder, BOTH_CORES if what == "plain" else None).out
    return float(re.findall(r"^SECONDS ([\d.]+)", out, re.M)[0])


if __name__ == "__main__":
    print("\n".join(run()))
