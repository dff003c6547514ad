"""The encoders in the shapes of the presets: items per second, the share of the host, and how near the ceiling."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks._gpu_run import GPU, Figures, GpuRun, failure, seconds
from benchmarks._gpu_shapes import inputs, shapes, write
from harness.core.plugins import find
from harness.features.read_ahead import ahead

FOR_NETWORKS = 0.5  # share of the time that is left for what follows


def encoders(run: GpuRun) -> Figures:
    """Return the figures of each shape; what there was no time for says so."""
    from harness.encoders import _hub

    found: Figures = {}
    for name, (model, config) in shapes(run.dry).items():
        if run.left() < FOR_NETWORKS:
            found[name] = "no time"
            continue
        try:
            with tempfile.TemporaryDirectory() as folder:
                found[name] = _encoder(run, model, config, folder)
        except Exception as error:
            found[name] = failure(error)
        _hub.network.cache_clear()
        if GPU:
            torch.cuda.empty_cache()
    return found


def _encoder(run: GpuRun, model: Any, config: Any, folder: str) -> Figures:
    from torch.utils.flop_counter import FlopCounterMode

    kind = write(folder, model, config)
    given, options = inputs(kind, run.dry), {"of": "cls"} if kind == "hf_image" else {}
    module = find("encoder", kind)
    made = module.encoder(model=folder, **options)
    network = getattr(made.network, "vision_model", made.network) if kind == "hf_image" else made.network
    if GPU:
        torch.cuda.reset_peak_memory_stats()

    def rows(encoder: Any = made, some: Any = given) -> Any:
        encoded = encoder.encode(some, "en") if kind == "hf_text" else encoder.encode(iter(some))
        return np.asarray(getattr(encoded, "values", encoded))

    with _recorded(network) as calls:
        first = rows()

    def alone() -> None:
        with torch.inference_mode():
            for positional, named in calls:
                network.forward(*positional, **named)

    whole, bare = seconds(rows, 0, 2), seconds(alone, 1, 2)
    with FlopCounterMode(display=False) as count:
        alone()
    found = {
        "dtype": str(made.network.dtype),
        "finite": bool(np.isfinite(first).all()),
        "items": len(given),
        "calls": len(calls),
        "items per second": len(given) / whole,
        "network alone, items per second": len(given) / bare,
        "host share": 1 - bare / whole,
        "TFLOP/s of network": count.get_total_flops() / bare / 1e12,
        "same twice": bool(np.array_equal(rows(), first)),
    }
    if GPU:
        found["MB"] = torch.cuda.max_memory_allocated() / 1e6
        few = given[:8]
        exact = [
            rows(module.encoder(model=folder, precision="fp32", device=at, **options), few) for at in ("cuda", "cpu")
        ]
        found["fp32, difference gpu/cpu"] = float(np.abs(exact[0] - exact[1]).max())
    if kind == "hf_speech":
        found |= _decoding(made.encode, given, Path(folder))
    return found


@contextlib.contextmanager
def _recorded(network: Any) -> Iterator[list[tuple[Any, Any]]]:
    """Record the arguments of a network's forward calls."""
    calls: list[tuple[Any, Any]] = []
    kind = type(network)
    real = kind.forward

    @functools.wraps(real)
    def forward(self: Any, *given: Any, **named: Any) -> Any:
        if self is network:
            calls.append((given, named))
        return real(self, *given, **named)

    kind.forward = forward
    try:
        yield calls
    finally:
        kind.forward = real


def _decoding(encode: Any, sounds: list[Any], folder: Path) -> Figures:
    """Return items per second where threads read WAV files ahead, as the stage `features` does with clips."""
    from scipy.io import wavfile

    files = [folder / f"{at}.wav" for at in range(len(sounds))]
    for path, sound in zip(files, sounds, strict=True):
        wavfile.write(path, 16000, sound)

    def read(path: Path) -> Any:
        return wavfile.read(path)[1]

    def whole(threads: int) -> Any:
        return encode(ahead(read, files, threads))

    return {
        f"items per second, {threads} threads decode": len(files) / seconds(functools.partial(whole, threads), 0, 1)
        for threads in (0, 2, 8)
    }
