"""What a stage does when `only` in params.yaml leaves out its row, or names that its lists hold: it says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core import paths
from harness.core.log import log
from harness.study.params.only import LEFT_OUT, NOTES, SECTION_OF_STAGE

# stage with one run per row -> the folders that DVC expects of each
FOLDERS: Mapping[str, tuple[Path, ...]] = {
    "features": (paths.FEATURES,),
    "transfer": (paths.MODELS, paths.PREDICTIONS),
    "protocols": (paths.PROTOCOLS,),
    "external": (paths.PREDICTIONS,),
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
    if row in params.get(LEFT_OUT, {}).get(SECTION_OF_STAGE.get(stage, ""), ()):
        for folder in FOLDERS[stage]:
            (folder / row).mkdir(parents=True, exist_ok=True)
        why = "no recipe of the study uses it" if stage == "features" else "left out by `only` in params.yaml"
        log.info(f"{row}: {why}; what it made before is kept")
        return True
    for place, names in params.get(NOTES, {}).items():
        asked = place.split(".")
        if asked[0] == LISTS.get(stage) and (stage != "protocols" or row in asked):
            log.info(f"{place}: without {', '.join(names)}, left out by `only` in params.yaml")
    return False
