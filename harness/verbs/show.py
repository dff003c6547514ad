"""Print the transfer matrices of the last study in the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

from harness.core import paths
from harness.core.errors import NameUnknownError
from harness.core.files import read_json
from harness.report.grid import block
from harness.report.page import WATERMARK
from harness.report.summary import compare
from harness.report.terminal import matrix_text
from harness.study.cells import Cell, in_matrix, read_cells

EXAMPLES = (
    "emotransfer show --space emotion4",
    "emotransfer show --metric macro_f1 --recipe text_e5",
)

ALL = "all"


def run(params: dict[str, Any], *, space: str = "", metric: str = "", recipe: str = "") -> None:
    """Print one matrix per label space: of its primary metric and the recipe that carries over best.

    Args:
        params: params.yaml.
        space: this label space only.
        metric: this metric instead of the primary one.
        recipe: this recipe instead of the best, or "all".
    """
    cells = in_matrix(read_cells(paths.CELLS))
    width = shutil.get_terminal_size((120, 40)).columns
    for name in [space] if space else params["spaces"]:
        known = sorted({cell.metric for cell in cells if cell.space == name})
        if not known:
            raise NameUnknownError("scored label space", name, {cell.space for cell in cells})
        wanted = metric or params["primary"][name]
        if wanted not in known:
            raise NameUnknownError(f"metric scored in {name}", wanted, known)
        chosen = recipe or best_recipe(cells, name, wanted)
        print(matrix_text(cells, name, wanted, None if chosen == ALL else chosen, width=width))
    if read_json(paths.STUDY, "dvc repro score")["synthetic"]:
        print(WATERMARK)
    if not recipe:
        print("Each table is of the recipe with the best mean over cross-corpus cells; --recipe all shows the others")


def best_recipe(cells: Sequence[Cell], space: str, metric: str) -> str:
    """Return the recipe that the report's first screen would show, or "all" where nothing crosses corpora."""
    best = compare(block(cells, space, metric)).best
    return best.variant.recipe if best is not None else ALL
