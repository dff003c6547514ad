"""How much is encoded at once where a row leaves it open: a GPU wants much, a CPU what its caches hold."""

from __future__ import annotations

from typing import Any

from harness.core.errors import SettingError

AUTO = "auto"


def held(batch: float | str, network: Any, *, cpu: float, gpu: float) -> float:
    """Return the number given, or with `auto` what suits the device that the network lies on.

    Args:
        batch: of the row of `encoders`: a number above 0, or `auto`.
        network: whose parameters tell the device.
        cpu: the number for a CPU.
        gpu: the number for any other device.

    Raises:
        SettingError: batch is neither.
    """
    if batch == AUTO:
        return cpu if next(network.parameters()).device.type == "cpu" else gpu
    if isinstance(batch, bool) or not isinstance(batch, int | float) or not batch > 0:
        raise SettingError(f"batch is {batch!r}; it is a number above 0, or {AUTO}: what suits the device")
    return batch
