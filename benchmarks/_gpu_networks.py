"""Every network on a CPU, on the GPU, and as batches of seeds: time per step, agreement, and the same bits twice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch

from benchmarks._gpu_run import (
    DEVICE,
    GPU,
    RECIPE,
    SETTINGS,
    Figures,
    GpuRun,
    failure,
    made_up,
    on,
    steps_timed,
)
from harness.core.plugins import find, names
from harness.study.labels import EMOTION4
from harness.training import predictor, replicates
from harness.training.replicates import Trial
from harness.training.selection import dev_scores

FIVE, MANY = (1, 2, 3, 4, 5), tuple(range(1, 26))
FOR_MEMORY = 0.05  # share of the time that is left for what follows


def networks(run: GpuRun) -> Figures:
    """Return the figures of each network; what there was no time for says so."""
    found: Figures = {}
    for name in run.networks or names("fusion"):
        module = find("fusion", name)
        if replicates.selects(module):
            continue
        if run.left() < FOR_MEMORY:
            found[name] = "no time"
            continue
        try:
            found[name] = _network(run, module)
        except Exception as error:
            found[name] = failure(error)
    return found


def _network(run: GpuRun, module: ModuleType) -> Figures:
    of_utterances = module.LEVEL == "utterance"
    rows = 80 if run.dry else (1500 if of_utterances else 500)
    dev = made_up(module.LEVEL, rows // 3, 2, run.dry)
    data = replicates.TrainingData(made_up(module.LEVEL, rows, 1, run.dry), dev, RECIPE)
    found: Figures = {}

    def train(label: str, where: str, seeds: Sequence[int], **more: Any) -> list[Any]:
        settings = {**SETTINGS, **({} if of_utterances else {"epochs": 2}), **more}
        if GPU:
            torch.cuda.reset_peak_memory_stats()
        began = time.perf_counter()
        with on(where), steps_timed() as marks:
            made = replicates.train(module, data, EMOTION4, RECIPE, [Trial(seed, settings) for seed in seeds])
        if label:
            found[label] = {"s": time.perf_counter() - began, "ms per step": float(np.median(np.diff(marks))) * 1e3}
            if GPU and where == "cuda":
                found[label]["MB"] = torch.cuda.max_memory_allocated() / 1e6
        return list(made)

    def said(made: Any) -> Any:  # made on one device, read on the CPU
        with on("cpu"):
            return predictor.predict(module, made.arrays, dev.x, EMOTION4, RECIPE)

    here = DEVICE.type
    on_cpu = train("cpu single", "cpu", (1,))[0]
    train("", here, (1,))  # to warm up
    alone = train("gpu single", here, (1,))[0]
    batch = train("gpu batched 5", here, FIVE)[0]
    if of_utterances:
        train("gpu batched 25", here, MANY)
    found["difference cpu/gpu"] = float(np.abs(said(on_cpu) - said(alone)).max())
    found["difference gpu/batched"] = float(np.abs(said(alone) - said(batch)).max())
    found["epochs"] = [of.chosen["epoch"] for of in (on_cpu, alone, batch)]
    low, high = dev_scores(said(alone), dev.y, EMOTION4)
    found["read back on the CPU"] = "passes" if low - 1e-3 <= alone.dev <= high + 1e-3 else "refused"
    for label, seeds in (("same twice", (1,)), ("same twice batched", FIVE)):
        found[label] = _are_same(train("", here, seeds, dropout=0.3), train("", here, seeds, dropout=0.3))
    return found


def _are_same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Tell whether two trainings gave the same parameters, bit by bit."""
    return all((a.arrays[name] == b.arrays[name]).all() for a, b in zip(one, other, strict=True) for name in a.arrays)
