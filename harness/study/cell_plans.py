"""The plan file of a stage: the cells of a recipe, of `external` or of a protocol, each with a file or a reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core import paths
from harness.core.errors import ResultError
from harness.core.files import read_json

CELL = ("space", "source", "target")  # keys that every cell has


def of_recipe(params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return plan.json of a row of `recipes` or `external`: `recipe`, `settings`, `cells` and `rows`.

    That of `recipes` has the rule of selection, too: `selection`.

    Raises:
        ResultError: it is not there, damaged, or no plan.
    """
    external = name in (params.get("external") or {})
    stage, keys = "external" if external else "transfer", ("recipe", "settings", "cells", "rows")
    return _read(paths.plan(name), f"dvc repro {stage}@{name}", keys if external else (*keys, "selection"), CELL)


def of_protocol(name: str) -> dict[str, Any]:
    """Return plan.json of a row of `protocols`: `protocol`, `file`, `options`, `selection` and `cells`.

    Raises:
        ResultError: it is not there, damaged, or no plan.
    """
    keys = ("protocol", "file", "options", "selection", "cells")
    return _read(paths.case_plan(name), f"dvc repro protocols@{name}", keys, (*CELL, "recipe", "variant", "by_fold"))


def _read(path: Path, made_by: str, keys: tuple[str, ...], of_cell: tuple[str, ...]) -> dict[str, Any]:
    plan = read_json(path, made_by)
    if not isinstance(plan, dict) or not all(key in plan for key in keys) or not isinstance(plan["cells"], list):
        raise ResultError(f"{path}: is not a plan (a plan has {', '.join(keys)}); delete it and run `{made_by}`")
    for number, cell in enumerate(plan["cells"], 1):
        has = isinstance(cell, dict) and all(key in cell for key in of_cell)
        if not has or ("file" in cell) == ("reason" in cell):
            raise ResultError(
                f"{path}: cell {number} is none (it has {', '.join(of_cell)}, and a file or a reason); "
                f"delete the plan and run `{made_by}`"
            )
    return plan
