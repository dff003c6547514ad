"""The questions that a study answers beside its matrices, each with a figure or drawing, a table and a method line.

report_questions_recipes.py   which recipe is better; within and across languages
report_questions_views.py     whose labels are learned, and whose are tested against
report_questions_rows.py      the parts of a gap; on which utterances it fails
report_questions_scores.py    calibration; prior shift; what could be foreseen
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.questions_recipes import directions, languages, recipes
from harness.report.questions_rows import fairness, gaps, spoken, strata
from harness.report.questions_scores import calibration, foreseen, prior
from harness.report.questions_views import label_views
from harness.report.tables import Question, Table

Lines = Sequence[Mapping[str, str]]
Sheets = Mapping[str, Lines]


def questions(sheets: Sheets, facts: Mapping[str, Any]) -> list[Question]:
    """Return the questions for which there are lines.

    Args:
        sheets: name of a file of results/ (comparison, views, analysis/*.csv, foresee/*.csv) -> its lines.
        facts: study.json.
    """
    baseline = str(facts.get("bootstrap", {}).get("baseline") or "")
    every = [
        recipes(sheets.get("comparison", []), sheets.get("ranks", []), sheets.get("tests", []), baseline),
        languages(sheets.get("languages", []), directions(sheets.get("asymmetry", []), _looked_at(sheets))),
        label_views(sheets.get("views", [])),
        gaps(sheets.get("gap", [])),
        strata(sheets.get("strata", []), _fair(sheets)),
        calibration(sheets.get("calibration", []), sheets.get("reliability", [])),
        prior(sheets.get("prior", [])),
        foreseen(sheets.get("foreseen", [])),
    ]
    return [one for one in every if one is not None and (one.tables or one.figures)]


def tables(found: Sequence[Question]) -> list[Table]:
    """Return all tables of all questions."""
    return [table for one in found for table in one.tables]


def _fair(sheets: Sheets) -> list[Table]:
    return [*fairness(sheets.get("fairness", [])), *spoken(sheets.get("language_shares", []))]


def _looked_at(sheets: Sheets) -> list[str]:
    """Return the recipes that were analysed; all of them where no space with classes was."""
    lines = sheets.get("calibration") or sheets.get("asymmetry", [])
    return list(dict.fromkeys(line["recipe"] for line in lines))
