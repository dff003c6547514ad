"""The place of a stage among all that `dvc repro` runs, for its first line in a log."""

from __future__ import annotations

import re

from harness.core.imports import ROOT
from harness.study.params import yaml_file
from harness.study.params.rows import PARAMS

SECTION = re.compile(r"\$\{(\w+)\}")  # of params.yaml, one stage for each row


def place(stage: str) -> str:
    """Return the number of a stage and how many there are, as "9 of 38"; an empty string if dvc.yaml has none such.

    Args:
        stage: as DVC names it, such as `transfer@text_e5`.
    """
    declared = yaml_file.read(ROOT / "dvc.yaml").values["stages"]
    rows, names = yaml_file.read(PARAMS).values, []
    for name, body in declared.items():
        each = SECTION.search(str(body.get("foreach") or body.get("matrix") or ""))
        names += [f"{name}@{row}" for row in rows.get(each[1]) or ()] if each else [name]
    return f"{names.index(stage) + 1} of {len(names)}" if stage in names else ""
