"""Estimate what will carry over without testing it, and hold the estimates against what happened."""

from __future__ import annotations

from typing import Any

from harness import cellrow, engine, foresee, foresee_ranks, layout, plans, sheets
from harness.errors import NameUnknownError, SettingError
from harness.files import write_text
from harness.foresee import Job
from harness.labels import space
from harness.transfer import read_cells


def run(params: dict[str, Any]) -> None:
    """Write results/foresee/estimates.csv and ranks.csv for the recipes and spaces of `foresee`."""
    cellrow.forget()
    engine.prepare(["harness.descent", "harness.foresee", "sklearn.linear_model"])
    asked = params["foresee"]
    for key, known in (("recipes", params["recipes"]), ("spaces", params["spaces"])):
        if not isinstance(asked.get(key), list):
            raise SettingError(f"foresee.{key} is {asked.get(key)!r}; it is a list of names")
        for name in asked[key]:
            if name not in known:
                raise NameUnknownError(f"entry of foresee.{key}", str(name), known)
    jobs = [
        Job(params, name, plan["settings"], cell["space"], cell["source"], cell["target"])
        for name in asked["recipes"]
        for plan in [plans.of_recipe(params, name)]
        for cell in plan["cells"]
        if cell["space"] in {space(one).name for one in asked["spaces"]}
        and "file" in cell
        and cell["source"] != cell["target"]
    ]
    happened = read_cells(layout.CELLS)
    done = engine.run(foresee.work, jobs, engine.worker_count(params["engine"]["workers"]), "foresee")
    lines = [line for one in done for line in one]
    found = list(foresee_ranks.ranks(lines, happened, params["primary"]))
    write_text(layout.FORESEEN / "estimates.csv", sheets.text(foresee.COLUMNS, lines))
    write_text(layout.FORESEEN / "ranks.csv", sheets.text(foresee_ranks.COLUMNS, found))
    print(f"estimates of {len(jobs)} pairs: {layout.FORESEEN}")
