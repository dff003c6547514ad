"""What a stage does when `only` in params.yaml leaves out its row, or names that its lists hold: it says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core import paths
from harness.study.params.only import LEFT_OUT, NOTES

# stage with one run per row -> its section, and the folders that DVC expects of it
ROWS: Mapping[str, tuple[str, tuple[Path, ...]]] = {
    "features": ("encoders", (paths.FEATURES,)),
    "transfer": ("recipes", (paths.MODELS, paths.PREDICTIONS)),
    "protocols": ("protocols", (paths.PROTOCOLS,)),
    "external": ("external", (paths.PREDICTIONS,)),
}
LISTS = {"score": "statistics", "analyse": "analysis", "foresee": "foresee", "protocols": "protocols"}


def is_left_out(stage: str, row: str, params: Mapping[str, Any]) -> bool:
    """Tell whether a stage has nothing to do, and print what `only` leaves out of it.

    What the row made before stays; its folders are there afterwards, for DVC looks for them.

    Args:
        stage: its name.
        row: what it was called with, or an empty string.
        params: params.yaml as loaded.
    """
    section, folders = ROWS.get(stage, ("", ()))
    if row in params.get(LEFT_OUT, {}).get(section, ()):
        for folder in folders:
            (folder / row).mkdir(parents=True, exist_ok=True)
        print(f"{row}: left out by `only` in params.yaml; what it made before is kept")
        return True
    for place, names in params.get(NOTES, {}).items():
        asked = place.split(".")
        if asked[0] == LISTS.get(stage) and (stage != "protocols" or row in asked):
            print(f"{place}: without {', '.join(names)}, left out by `only` in params.yaml")
    return False
