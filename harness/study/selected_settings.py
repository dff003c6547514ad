"""Names of what source dev selects: a penalty, an epoch, a draw of settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ONE_STANDARD_ERROR, BEST = "one_standard_error", "best"
RULES = (ONE_STANDARD_ERROR, BEST)  # by which a setting is selected (docs/protocol.md 4a)
EPOCH = "epoch"


def name_of(settings: Mapping[str, Any]) -> str:
    """Return the name of a setting as tables show it, as in `c=0.01`."""
    return ", ".join(f"{key}={_text(value)}" for key, value in settings.items())


def without_epoch(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was selected besides the epoch, which is another one in every replicate."""
    return {key: value for key, value in chosen.items() if key != EPOCH}


def selected_text(chosen: Sequence[Mapping[str, Any]]) -> str:
    """Return what was selected for the replicates of a cell, as in `c=0.01` or `epoch=3 to 9`."""
    values: dict[str, list[Any]] = {}
    for of in chosen:
        for key, value in of.items():
            values.setdefault(key, []).append(value)
    return ", ".join(f"{key}={_texts(of_key)}" for key, of_key in values.items())


def _texts(values: Sequence[Any]) -> str:
    unlike = sorted(set(values)) if all(_is_number(value) for value in values) else list(dict.fromkeys(values))
    if len(unlike) > 1 and all(_is_number(value) for value in unlike):
        return f"{_text(unlike[0])} to {_text(unlike[-1])}"
    return " or ".join(_text(value) for value in unlike)


def _text(value: Any) -> str:
    return f"{value:g}" if _is_number(value) else str(value)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)
