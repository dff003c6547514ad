"""Add predictions that were made elsewhere to the study: a row of `external` in params.yaml."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.core import memory, paths
from harness.core.files import digest, file_digest, prune, write_json
from harness.core.log import log
from harness.evaluation.external import cells as external_cells
from harness.evaluation.external import rows as external_rows
from harness.evaluation.external.cells import Made
from harness.evaluation.external.predictions_file import PredictionsFile
from harness.study import predictions
from harness.study.labels import space
from harness.study.params import only
from harness.study.params.rows import row
from harness.study.prepared import prepared


def run(params: dict[str, Any], name: str) -> None:
    """Write predictions/<name>/, as `transfer` does for a recipe, with plan.json naming every cell's file or reason.

    Args:
        params: params.yaml.
        name: a row of `external`.
    """
    memory.forget()
    options = {**external_cells.OPTIONAL, **row(params, "external", name)}
    targets = {name: prepared(name) for name in params["corpora"]}
    path = Path(options["file"])
    table = PredictionsFile(path)
    ids = {corpus: target.ids if target.card["present"] else None for corpus, target in targets.items()}
    rows = external_rows.read(table, options["space"], ids)
    cells = external_cells.cells(rows, targets, params["spaces"], options["partial"])
    content = file_digest(path)
    for cell in cells:
        if not cell.reason:
            key = digest([content, cell.space, cell.source, external_cells.rows_digest(targets[cell.target])])
            file = paths.prediction(name, cell.source, cell.space, cell.target)
            predictions.write(file, key, space(cell.space), cell.replicates)
    planned = [cell.planned(name) for cell in cells]
    write_json(
        paths.plan(name), {"recipe": name, "settings": external_cells.settings(options), "cells": planned, "rows": []}
    )
    if not only.is_part(params):
        _prune(name, planned)
    log.info("\n".join(_summary_lines(name, len(table), cells)))


def _summary_lines(name: str, rows: int, cells: Sequence[Made]) -> list[str]:
    """Return what became of the rows of the file; none is left out in silence."""
    kept, unused = sum(cell.kept for cell in cells), Counter[str]()
    for cell in cells:
        why = {"": "train", external_cells.NOT_PREDICTED: "no_test_row"}.get(cell.reason, cell.reason)
        unused[why] += cell.rows - cell.kept
    unused["space_not_in_study"] = rows - kept - unused.total()
    left = ", ".join(f"{count} {why}" for why, count in unused.items() if count) or "none"
    lines = [f"{name}: {sum(not cell.reason for cell in cells)} of {len(cells)} cells; {kept} of {rows} rows used"]
    lines.append(f"  not used: {left}")
    warned = [cell for cell in cells if cell.warning]
    return lines + [f"  {cell.space}, {cell.source} -> {cell.target}: {cell.warning}" for cell in warned]


def _prune(name: str, planned: Sequence[dict[str, str]]) -> None:
    """Delete what an earlier plan left behind, so that the folder holds this study and nothing else."""
    wanted = {paths.plan(name), *(Path(cell["file"]) for cell in planned if "file" in cell)}
    prune(paths.PREDICTIONS / name, wanted)
