"""The questions that the report answers besides its matrices, each with a figure, a table and a line of method.

questions_recipes.py   which recipe is better; within and across languages
questions_views.py     whose labels are learned, and whose are tested against
questions_rows.py      the parts of a gap; on which utterances it fails
questions_scores.py    calibration; prior shift; what could be foreseen
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.report.questions_recipes import directions, languages, recipes
from harness.report.questions_rows import fairness, gaps, spoken, strata
from harness.report.questions_scores import calibration, foreseen, prior
from harness.report.questions_views import label_views
from harness.report.result_lines import frame
from harness.report.tables import Question, Table

if TYPE_CHECKING:
    import pandas as pd

Sheets = Mapping[str, "pd.DataFrame"]


def questions(sheets: Sheets, facts: Mapping[str, Any]) -> list[Question]:
    """Return the questions for which there are lines.

    Args:
        sheets: name of a file of results/ (comparison, views, analysis/*.csv, foresee/*.csv) -> its lines.
        facts: study.json.
    """
    none = frame([])

    def lines(name: str) -> pd.DataFrame:
        return sheets.get(name, none)

    baseline = str(facts.get("bootstrap", {}).get("baseline") or "")
    # the recipes that were analysed; all of them where no space with classes was
    analysed = lines("calibration") if len(lines("calibration")) else lines("asymmetry")
    looked_at = set(analysed["recipe"]) if len(analysed) else set()
    every = [
        recipes(lines("comparison"), lines("ranks"), lines("tests"), baseline),
        languages(lines("languages"), directions(lines("asymmetry"), looked_at)),
        label_views(lines("views")),
        gaps(lines("gap")),
        strata(lines("strata"), [*fairness(lines("fairness")), *spoken(lines("language_shares"))]),
        calibration(lines("calibration"), lines("reliability")),
        prior(lines("prior")),
        foreseen(lines("foreseen")),
    ]
    return [question for question in every if question.tables or question.figures]


def tables(asked_questions: Sequence[Question]) -> list[Table]:
    """Return all tables of all questions."""
    return [table for question in asked_questions for table in question.tables]
