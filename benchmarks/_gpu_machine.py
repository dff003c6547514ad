"""The machine: its ceilings, several processes on one GPU, and what happens when its memory is short."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import torch

from benchmarks._gpu_run import DEVICE, GPU, RECIPE, SETTINGS, Figures, GpuRun, made_up, on, seconds, sync
from harness.core.plugins import find
from harness.core.shortage import shortage
from harness.study.labels import EMOTION4
from harness.training import replicates
from harness.training.replicates import Trial

ALLOWED = 2e9  # bytes, where memory is to be short


def environment(run: GpuRun) -> Figures:
    """Return versions, and how fast the machine multiplies, copies, uploads and launches."""
    found: Figures = {
        "torch": torch.__version__,
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "cores": len(os.sched_getaffinity(0)),
        "device": torch.cuda.get_device_name() if GPU else "cpu",
        "cuda": str(torch.version.cuda),
    }
    size = 256 if run.dry else 8192
    for kind, dtype, n in (("bf16", torch.bfloat16, size), ("fp32", torch.float32, size // 2)):
        a, b = (torch.randn(n, n, device=DEVICE, dtype=dtype) for _ in range(2))
        found[f"{kind} TFLOP/s"] = 2 * n**3 / seconds(partial(torch.matmul, a, b), 3, 10) / 1e12
    a = torch.randn(1 << (20 if run.dry else 30), device=DEVICE)
    b = torch.empty_like(a)
    found["copy TB/s"] = 2 * a.numel() * 4 / seconds(partial(b.copy_, a), 2, 10) / 1e12
    del a, b
    if GPU:
        host, small = torch.randn(1 << (18 if run.dry else 26)), torch.zeros(8, device=DEVICE)
        pinned = host.pin_memory()
        found["upload pageable GB/s"] = host.numel() * 4 / seconds(partial(host.to, DEVICE)) / 1e9
        found["upload pinned GB/s"] = host.numel() * 4 / seconds(partial(pinned.to, DEVICE, non_blocking=True)) / 1e9
        found["us per launch"] = seconds(lambda: [small.add_(1) for _ in range(1000)]) * 1e3
    return found


def processes(run: GpuRun) -> Figures:
    """Return what 1, 2 and 4 processes on one GPU train per second, and what a killed one leaves of its memory."""
    found: Figures = {}
    for many in (1, 2, 4):
        children = [_child(run) for _ in range(many)]
        for child in children:
            assert child.stdout is not None
            child.stdout.readline()
        used = _memory_used()
        for child in children:
            assert child.stdin is not None
            child.stdin.write("\n")
            child.stdin.flush()
        took = [float(child.stdout.readline()) for child in children if child.stdout is not None]
        found[str(many)] = {"slowest s": max(took), "models per second": many / max(took), "memory": used}
        if many == 4:
            children[0].send_signal(signal.SIGKILL)
            children[0].wait()
            time.sleep(5 if GPU else 0)
            found["memory after one of 4 was killed"] = _memory_used()
        for child in children:
            child.kill()
            child.wait()
    return found


def _child(run: GpuRun) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks._gpu_child", *(["--dry"] if run.dry else [])]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _memory_used() -> str:
    if not GPU:
        return ""
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader"]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip()


def train_and_wait(dry: bool) -> None:
    """Train once to warm up, say so, wait for a line, train again, print the seconds, and wait to be ended."""
    module = find("fusion", "attention")
    data = replicates.TrainingData(
        made_up("utterance", 80 if dry else 3000, 1, dry), made_up("utterance", 60, 2, dry), RECIPE
    )

    def train(epochs: int) -> None:
        with on(DEVICE):
            replicates.train(module, data, EMOTION4, RECIPE, [Trial(1, {**SETTINGS, "epochs": epochs})])
        sync()

    train(1)
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    train(2 if dry else 10)
    print(time.perf_counter() - began, flush=True)
    sys.stdin.readline()


def memory(run: GpuRun) -> Figures:
    """Return what happens to tfn, alone and as a batch of five seeds, where two gigabytes are allowed."""
    if not GPU:
        return {"skipped": "no GPU"}
    found: Figures = {}
    module = find("fusion", "tfn")
    data = replicates.TrainingData(
        made_up("utterance", 256, 1, run.dry), made_up("utterance", 8192, 2, run.dry), RECIPE
    )
    torch.cuda.set_per_process_memory_fraction(ALLOWED / torch.cuda.get_device_properties(0).total_memory)
    for seeds in ((1,), (1, 2, 3, 4, 5)):
        trials = [Trial(seed, {**SETTINGS, "size": 40, "epochs": 1}) for seed in seeds]
        try:
            with on("cuda"):
                replicates.train(module, data, EMOTION4, RECIPE, trials)
            found[f"{len(seeds)} seeds"] = "trained"
        except Exception as error:
            told = shortage(error, "the piece")
            found[f"{len(seeds)} seeds"] = str(told) if told else f"{type(error).__name__}: {str(error)[:160]}"
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()
    found["bytes held afterwards"] = torch.cuda.memory_allocated()
    return found
