"""The matrix in the terminal."""

from __future__ import annotations

import re

import pytest
from report_sample import CORPORA, RECIPES, sample

from harness.core.errors import NameUnknownError
from harness.report.formats import number
from harness.report.terminal import matrix_text

CELLS, _ = sample()


def test_every_value_of_every_recipe_is_printed() -> None:
    text = matrix_text(CELLS, "polarity3", "uar", styled=False)
    assert re.findall(r"^(\S+)(?: \(transductive\))?  polarity3, UAR, selected on source dev", text, re.M) == list(
        RECIPES
    )
    tables = text.split("selected on source dev")[1:]
    for recipe, table in zip(RECIPES, tables, strict=True):
        for cell in CELLS:
            if (cell.space, cell.metric, cell.recipe) == ("polarity3", "uar", recipe) and cell.value is not None:
                row = re.search(rf"^ {cell.source} .*\n.*", table, re.M)
                assert row
                assert number(cell.value) in row[0]
                assert f"[{number(cell.low)}, {number(cell.high)}]" in row[0]


def test_the_points_of_a_column_stand_below_each_other() -> None:
    lines = matrix_text(CELLS, "emotion4", "uar", "text_ngrams", styled=False).splitlines()
    rows = [line for line in lines if re.match(r" (emotiontalk|meld|majority floor)", line)]
    assert {line.rindex(".") for line in rows} == {rows[0].rindex(".")}
    assert {line.index(".") for line in rows} == {rows[0].index(".")}
    assert "†‡" in "".join(rows)


def test_a_narrow_terminal_gets_no_intervals_but_every_value() -> None:
    text = matrix_text(CELLS, "polarity3", "uar", "text_e5", width=60, styled=False)
    assert "[" not in text
    assert "…" not in text
    for cell in CELLS:
        if (cell.space, cell.metric, cell.recipe) == ("polarity3", "uar", "text_e5") and cell.value is not None:
            assert number(cell.value) in text
    assert all(corpus in text for corpus in CORPORA)


def test_an_absent_cell_has_a_footnote() -> None:
    text = matrix_text(CELLS, "valence", "ccc", "text_e5", styled=False)
    assert "–a" in text
    assert "\na  target corpus: not linked (target_not_linked)\n" in text


def test_a_transductive_recipe_is_called_so() -> None:
    assert "text_e5_tstd (transductive)  emotion4" in matrix_text(
        CELLS, "emotion4", "uar", "text_e5_tstd", styled=False
    )


def test_escape_codes_go_to_a_terminal_only() -> None:
    assert "\x1b[" in matrix_text(CELLS, "emotion4", "uar", styled=True)
    assert "\x1b[" not in matrix_text(CELLS, "emotion4", "uar"), "standard output is captured here"


def test_an_unknown_recipe_is_named() -> None:
    with pytest.raises(
        NameUnknownError, match="no recipe scored in emotion4 is called 'text_e'; did you mean 'text_e5'"
    ):
        matrix_text(CELLS, "emotion4", "uar", "text_e")
