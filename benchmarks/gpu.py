"""Check on a machine with one GPU what the harness does there, in eight minutes at most.

    python -m benchmarks gpu
    python -m benchmarks.gpu --out FOLDER --only networks,memory --limit 470
    python -m benchmarks.gpu --dry                    tiny sizes, on a CPU too: does it run?

It needs torch, numpy, scipy and safetensors, for the encoders transformers with tokenizers, and nothing else of the
project's packages. FOLDER/gpu.json (by default data/work/gpu/gpu.json) is written after each section; a section or row
that fails is an entry `error`, and the others go on. Tables end the run: all figures, and each prediction that was made
for an H100 beside what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks import _gpu_encoders, _gpu_machine, _gpu_networks, _gpu_predicted
from benchmarks._gpu_run import GPU, Figures, GpuRun, failure
from harness.core import exact

LIMIT = 470.0  # seconds
OUT = Path("data/work/gpu")
SECTIONS: Mapping[str, Callable[[GpuRun], Figures]] = {
    "environment": _gpu_machine.environment,
    "processes": _gpu_machine.processes,
    "encoders": _gpu_encoders.encoders,
    "networks": _gpu_networks.networks,
    "memory": _gpu_machine.memory,
}


def run(arguments: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield what was found, section by section, and the tables."""
    given = _options().parse_args(arguments)
    if strange := sorted(set(given.only) - set(SECTIONS)):
        raise SystemExit(f"there is no section {', '.join(strange)}; there are {', '.join(SECTIONS)}")
    if given.dry:
        torch.set_num_threads(1)
    if not GPU and not given.dry:
        yield "no GPU is seen here; `python -m benchmarks.gpu --dry` says whether the check itself runs"
        return
    if GPU:
        exact.set_exact()
    about, found = GpuRun(given.dry, given.limit, given.networks), dict[str, Figures]()
    given.out.mkdir(parents=True, exist_ok=True)
    for name in (name for name in SECTIONS if name in (given.only or SECTIONS)):
        began = time.monotonic()
        try:
            found[name] = SECTIONS[name](about)
        except Exception as error:
            found[name] = failure(error)
        if GPU:
            torch.cuda.empty_cache()
        yield f"{name}: {time.monotonic() - began:.0f} s"
        (given.out / "gpu.json").write_text(json.dumps(found, indent=1, default=str))
    for name, figures in found.items():
        yield f"{name} ({found.get('environment', {}).get('device', '')})"
        yield from (f"  {key}: {_short(value)}" for key, value in figures.items() if key != "trace")
    if GPU and not given.dry:
        yield from _gpu_predicted.lines(found)


def _short(value: Any) -> Any:
    """Return a value with numbers of three digits and without tracebacks."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(of)}" for key, of in value.items() if key != "trace")
    return f"{value:.3g}" if isinstance(value, float) else value


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=OUT, help="folder that takes gpu.json (%(default)s)")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help="sections, with commas (all)")
    parser.add_argument("--networks", type=lambda text: text.split(","), default=[], help="networks, with commas (all)")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds in all (%(default).0f)")
    parser.add_argument("--dry", action="store_true", help="tiny sizes, one thread: does it run?")
    return parser


if __name__ == "__main__":
    import sys

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    for line in run(tuple(sys.argv[1:])):
        print(line, flush=True)
