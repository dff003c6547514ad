"""A row of `external` in params.yaml: predictions made elsewhere, treated as one more recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.study.params.rows import NO_MODALITY, SLOTS

OPTIONAL: Mapping[str, Any] = {"inputs": [], "space": None, "partial": False}


def settings(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the settings of a recipe that uses no encoder and no model of ours."""
    return {
        "description": row["description"],
        "file": row["file"],
        **dict.fromkeys(SLOTS, NO_MODALITY),
        **{"route": "native", "normalise": "none", "fusion": "external", "balanced": False, "settings": {}},
        "inputs": list(dict.fromkeys(row["inputs"])),
    }
