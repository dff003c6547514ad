"""How busy the GPUs of this machine are, as NVIDIA's library says; nothing where it is not installed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

DEVICES = (Path("/dev/nvidia0"), Path("/dev/kfd"))  # of NVIDIA's and AMD's drivers


def gpu_use(names: Iterable[str] | None = None) -> dict[str, float]:
    """Return `gpu<number>` -> percent of the last second or less in which it worked.

    Args:
        names: the GPUs to look at, as CUDA_VISIBLE_DEVICES names them; None is all.
    """
    try:
        import pynvml
    except ImportError:
        return {}
    try:
        pynvml.nvmlInit()
        wanted = range(pynvml.nvmlDeviceGetCount()) if names is None else sorted({int(name) for name in names})
        return {
            f"gpu{number}": float(pynvml.nvmlDeviceGetUtilizationRates(pynvml.nvmlDeviceGetHandleByIndex(number)).gpu)
            for number in wanted
        }
    except (pynvml.NVMLError, ValueError):  # no driver, or a name that is no number (a part of a GPU)
        return {}


def unused_gpu() -> str:
    """Return what is wrong where this machine has a GPU that torch cannot use, or an empty string."""
    import torch

    there = next((path for path in DEVICES if path.exists()), None)
    if there is None or torch.cuda.is_available() or os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return ""
    return (
        f"this machine has a GPU ({there}), and torch {torch.__version__} cannot use it: install the build of torch "
        "that suits its driver"
    )
