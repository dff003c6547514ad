"""Print the transfer matrices of the last study in the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from harness import layout
from harness.errors import NameUnknownError
from harness.plugins import find
from harness.show import matrix_text
from harness.transfer import Cell, read_cells

ALL = "all"


def run(params: dict[str, Any], *, space: str = "", metric: str = "", recipe: str = "") -> None:
    """Print one matrix per label space: of its primary metric and the recipe that carries over best.

    Args:
        params: params.yaml.
        space: this label space only.
        metric: this metric instead of the primary one.
        recipe: this recipe instead of the best, or "all".
    """
    cells = read_cells(layout.CELLS)
    width = shutil.get_terminal_size((120, 40)).columns
    for name in [space] if space else params["spaces"]:
        known = sorted({cell.metric for cell in cells if cell.space == name})
        if not known:
            raise NameUnknownError("scored label space", name, {cell.space for cell in cells})
        wanted = metric or params["primary"][name]
        if wanted not in known:
            raise NameUnknownError(f"metric scored in {name}", wanted, known)
        chosen = recipe or best_recipe([cell for cell in cells if (cell.space, cell.metric) == (name, wanted)])
        print(matrix_text(cells, name, wanted, None if chosen == ALL else chosen, width=width))
    if not recipe:
        print("Each table is of the recipe with the best mean over cross-corpus cells; --recipe all shows the others")


def best_recipe(cells: Sequence[Cell]) -> str:
    """Return the recipe with the best mean over cross-corpus cells among those with most of them, or "all"."""
    by_recipe: dict[str, list[float]] = {}
    for cell in cells:
        if cell.value is not None and not cell.is_in_domain:
            by_recipe.setdefault(cell.recipe, []).append(cell.value)
    if not by_recipe:
        return ALL
    sign = 1 if find("metric", cells[0].metric.partition("/")[0]).HIGHER_IS_BETTER else -1
    return max(by_recipe, key=lambda name: (len(by_recipe[name]), sign * fmean(by_recipe[name])))
