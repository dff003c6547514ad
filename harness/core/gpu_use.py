"""How busy the GPUs of this machine are, as NVIDIA's library says; nothing where it is not installed."""

from __future__ import annotations

from collections.abc import Iterable


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
        wanted = range(pynvml.nvmlDeviceGetCount()) if names is None else sorted({_number(name) for name in names})
        return {
            f"gpu{number}": float(pynvml.nvmlDeviceGetUtilizationRates(pynvml.nvmlDeviceGetHandleByIndex(number)).gpu)
            for number in wanted
        }
    except (pynvml.NVMLError, ValueError):  # no driver, or a name that is no number (a part of a GPU)
        return {}


def _number(name: str) -> int:
    return int(name)
