"""Rows of params.yaml, once it is loaded (load.py)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core.errors import NameUnknownError, SettingError

NATIVE = "native"

PARAMS = Path("params.yaml")
NO_MODALITY = "none"
SLOTS = ("text", "audio", "video", "also")  # of a recipe; `also` is one more encoder, of any modality


def row(params: Mapping[str, Any], section: str, name: str) -> dict[str, Any]:
    """Return one row of a section (`corpora`, `encoders`, `recipes`), or raise NameUnknownError."""
    rows = params.get(section) or {}
    if name not in rows:
        raise NameUnknownError(f"row of {section} in params.yaml", name, rows)
    return dict(rows[name] or {})


def inputs(recipe: Mapping[str, Any]) -> dict[str, str]:
    """Return slot -> encoder of a recipe, without the slots that are `none`."""
    used = {slot: str(recipe[slot]) for slot in SLOTS if recipe.get(slot, NO_MODALITY) != NO_MODALITY}
    if not used:
        raise SettingError(f"a recipe names an encoder for at least one of {', '.join(SLOTS)}")
    return used
