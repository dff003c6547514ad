"""Make one cell again from what it was made from, and say whether it is equal."""

from __future__ import annotations

from typing import Any

from harness.core import memory, processes
from harness.core.errors import HarnessError
from harness.evaluation.replay import compare, replay
from harness.study import predictions
from harness.study.labels import space

EXAMPLES = ("emotransfer replay text_e5/meld/emotion4/emotiontalk",)


def run(params: dict[str, Any], cell: str) -> None:
    """Train and predict a cell in a folder of its own, and compare it with the stored one.

    Args:
        params: params.yaml.
        cell: path of its predictions, as in `text_e5/meld/emotion4/emotiontalk`.

    Raises:
        HarnessError: something is different, so that the command exits 1.
    """
    memory.forget()
    processes.prepare(["harness.training.network", "harness.training.matrix_row_finish", "scipy.optimize"])
    named = replay.find_cell(params, cell)
    for line in replay.changes(params, named):
        print(f"changed: {line}")
    stored = predictions.read(named.file, space(named.space))
    values = compare.stored_values(named)  # before what takes minutes: a damaged file is told at once
    now = replay.made_again(params, named)
    comparisons = [compare.predicted(stored, now), compare.scored(params, named, values, now)]
    for line in (line for comparison in comparisons for line in comparison.lines):
        print(line)
    if not all(comparison.equal for comparison in comparisons):
        raise HarnessError(f"{cell} is not what was stored; `dvc repro` makes a study anew from what there is now")
