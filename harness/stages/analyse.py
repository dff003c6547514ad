"""Look behind the cells: strata, fairness, calibration, prior shift, the parts of a gap, ranks, languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness import analysis, analysis_field, analysis_languages, analysis_study, engine, layout, plans, sheets
from harness.analysis import Job
from harness.errors import NameUnknownError, SettingError
from harness.files import read_json, write_text
from harness.labels import ClassSpace, space
from harness.transfer import read_cells


def run(params: dict[str, Any]) -> None:
    """Write results/analysis/*.csv: those of `analysis.recipes` in `analysis.spaces`, and those of all cells."""
    analysis_field.forget()
    engine.prepare(["harness.analysis", "scipy.optimize", "torchmetrics.functional.classification"])
    asked = params["analysis"]
    known = [*params["recipes"], *(params.get("external") or {})]
    planned = [plans.of_recipe(params, name) for name in _list(asked, "recipes", known)]
    spaces = [name for name in _list(asked, "spaces", params["spaces"]) if _has_classes(name)]
    jobs = [
        Job(params, {**plan, "rows": []}, name, target)
        for target in params["corpora"]
        for plan in planned
        for name in spaces
    ]
    done = engine.run(analysis.work, jobs, engine.worker_count(params["engine"]["workers"]), "analyse")
    for name, columns, lines in analysis.gathered(done):
        write_text(layout.ANALYSIS / f"{name}.csv", sheets.text(columns, lines))
    spoken = {name: read_json(layout.card(name), "dvc repro prepare")["language"] for name in params["corpora"]}
    whole = analysis_study.tables(read_cells(layout.CELLS), params["primary"], spoken)
    for name, (titles, rows) in whole.items():
        write_text(layout.ANALYSIS / f"{name}.csv", sheets.text(titles, rows))
    confusions = sheets.read(layout.PLOTS / "confusion.csv", "score")
    ours = [one for one in confusions if one["recipe"] in asked["recipes"] and one["space"] in spaces]
    shares = analysis_languages.shares(ours, spoken)
    write_text(layout.ANALYSIS / "language_shares.csv", sheets.text(analysis_languages.COLUMNS, shares))
    print(f"analysed {len(planned)} recipes in {len(spaces)} spaces: {layout.ANALYSIS}")


def _list(asked: Mapping[str, Any], key: str, known: Sequence[str]) -> list[str]:
    found = asked.get(key)
    if not isinstance(found, list):
        raise SettingError(f"analysis.{key} is {found!r}; it is a list of names")
    for name in found:
        if name not in known:
            raise NameUnknownError(f"entry of analysis.{key}", str(name), known)
    return [str(name) for name in found]


def _has_classes(name: str) -> bool:
    return isinstance(space(name), ClassSpace)
