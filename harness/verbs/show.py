"""Print the transfer matrices of the last study in the terminal."""

from __future__ import annotations

import shutil
from typing import Any

from harness import layout
from harness.errors import NameUnknownError
from harness.show import matrix_text
from harness.transfer import read_cells


def run(params: dict[str, Any], *, space: str = "", metric: str = "", recipe: str = "") -> None:
    """Print one matrix per recipe, for one label space and metric or for each space's primary one."""
    cells = read_cells(layout.CELLS)
    for name in [space] if space else params["spaces"]:
        known = sorted({cell.metric for cell in cells if cell.space == name})
        if not known:
            raise NameUnknownError("scored label space", name, {cell.space for cell in cells})
        wanted = metric or params["primary"][name]
        if wanted not in known:
            raise NameUnknownError(f"metric scored in {name}", wanted, known)
        print(matrix_text(cells, name, wanted, recipe or None, width=shutil.get_terminal_size((120, 40)).columns))
