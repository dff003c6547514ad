"""The tables of `analyse` for some recipes: strata, fairness, calibration, prior shift, and the parts of each gap.

tables.py            the tables, and the unit of work: one recipe, space and target
recipe_on_target.py  what is known there: cells, dev predictions of each source, priors that models learned
strata.py            values by kind of test row; ser-tests' fairness
calibration.py       probabilities before and after temperatures from source dev
prior_shift.py       prior correction, diagnosed
gap_parts.py         the gap taken apart
languages.py         class shares by language
whole_study.py       of cells.csv alone: ranks of recipes, within and across languages, directions

All are of the primary metric of a label space with classes, on the main label view. Target test labels are used to
measure, never to fit; what uses them to bound (oracle) is named so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.evaluation.analysis import calibration, gap_parts, prior_shift, strata
from harness.evaluation.analysis.recipe_on_target import RecipeOnTarget

KEYS = ("space", "recipe", "source", "target")
OF_TARGET = {  # table -> its columns after the keys, and what makes its lines for one source
    "strata": (strata.COLUMNS, strata.lines),
    "fairness": (strata.FAIRNESS, strata.fairness),
    "calibration": (calibration.COLUMNS, calibration.lines),
    "reliability": (calibration.BINS, calibration.bins),
    "risk": (calibration.RISK, calibration.risk),
    "prior": (prior_shift.COLUMNS, prior_shift.lines),
    "gap": (gap_parts.COLUMNS, gap_parts.lines),
}


@dataclass(frozen=True, slots=True)
class RecipeToAnalyse:
    """One recipe in one space on one target."""

    params: Mapping[str, Any]
    plan: Mapping[str, Any]
    space: str
    target: str


def work(job: RecipeToAnalyse) -> dict[str, list[list[Any]]]:
    """Return table -> lines of every table of a target."""
    on_target = RecipeOnTarget(job.params, job.plan, job.space, job.target)
    tables: dict[str, list[list[Any]]] = {name: [] for name in OF_TARGET}
    for source in on_target.sources():
        keys = [job.space, job.plan["recipe"], source, job.target]
        for name, (_, lines) in OF_TARGET.items():
            tables[name] += [[*keys, *line] for line in lines(on_target, source)]
    return tables
