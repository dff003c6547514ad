"""How numbers, reasons, colours and summaries of the report come about, on values small enough to check by hand."""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core import plugins
from harness.core.errors import ResultError, SettingError
from harness.evaluation.matrix.cells import SOURCE_DEV
from harness.report.colours import BELOW, DARK, LIGHT, STEPS, contrast, step
from harness.report.corpora import cards
from harness.report.formats import (
    count,
    interval,
    number,
    percent,
    reason_text,
    signed,
)
from harness.report.grid import block
from harness.report.marks import AT_FLOOR, DEGENERATE, FEW, marks_of
from harness.report.page import markdown
from harness.report.questions_recipes import languages, recipes
from harness.report.questions_scores import foreseen
from harness.report.result_lines import frame
from harness.report.summary import compare, gaps, sentences
from harness.study.cells import Cell
from harness.study.metric_facts import higher_is_better, metric_facts, metric_title
from harness.study.params.rows import SLOTS


def cell(source: str, target: str, value: float, recipe: str = "r", metric: str = "uar", **more: object) -> Cell:
    made = Cell("emotion4", "multimodal", recipe, source, target, "single_source", "source_dev", metric, value)
    return replace(made, low=value - 0.02, high=value + 0.02, floor=0.25, **more)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5274, ".527"),
        (0.9996, "1.000"),
        (1.25, "1.250"),
        (0.0, ".000"),
        (-0.0004, ".000"),
        (-0.05, "−.050"),
        (None, "–"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert number(value) == text


def test_signed_interval_percent_count() -> None:
    assert [signed(value) for value in (0.031, -0.12, 0.0, 0.0001, None)] == ["+.031", "−.120", ".000", ".000", "–"]
    assert interval(-0.05, 0.12) == "[−.050, .120]"
    assert interval(0.1, None) == ""
    assert [percent(share) for share in (0, 0.001, 0.5, 0.998, 1, None)] == ["0 %", "1 %", "50 %", "99 %", "100 %", "–"]
    assert count(12345) == "12,345"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_an_error(value: float) -> None:
    with pytest.raises(ResultError, match="needs a reason"):
        number(value)


def test_reasons_and_metrics_in_words() -> None:
    assert reason_text("target_not_linked") == "target corpus: not linked"
    assert reason_text("source_no_text:en") == "source corpus: no text in this route (en)"
    assert reason_text("same_family") == "source and target are one corpus family"
    assert reason_text("source_of_wonder") == "source_of_wonder"
    assert [metric_title(name) for name in ("uar", "recall/sad", "my_metric")] == ["UAR", "recall of sad", "my_metric"]


@pytest.mark.parametrize("name", plugins.names("metric"))
def test_the_page_knows_every_metric_as_its_file_does(name: str) -> None:
    facts = metric_facts(name)
    assert facts.higher_is_better == plugins.find("metric", name).HIGHER_IS_BETTER
    assert ("lower is better" in facts.meaning) == (not facts.higher_is_better)


def new_metric(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a file beside those of harness/metrics, as the metric `mine`."""
    (tmp_path / "mine.py").write_text(text)
    package = importlib.import_module("harness.metrics")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    monkeypatch.setattr(package.__spec__, "submodule_search_locations", package.__path__)
    monkeypatch.setitem(sys.modules, "harness.metrics.mine", None)
    del sys.modules["harness.metrics.mine"]  # and so again at the end


def test_a_metric_may_leave_title_and_meaning_to_its_name_and_docstring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_metric('"""How far off it is.\n\nIn detail."""\nHIGHER_IS_BETTER = False\n', tmp_path, monkeypatch)
    assert metric_facts("mine") == ("mine", "How far off it is; lower is better", False, True)


def test_a_metric_must_say_which_way_is_better(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_metric('TITLE = "Mine"\n', tmp_path, monkeypatch)
    with pytest.raises(SettingError, match=r"harness/metrics/mine\.py: HIGHER_IS_BETTER is None; set it to True or"):
        higher_is_better("mine/sad")


def test_a_metric_whose_file_is_gone_keeps_its_name() -> None:
    facts = metric_facts("once")
    assert (facts.title, facts.higher_is_better, facts.has_matrix) == ("once", True, False)
    page = markdown([cell("a", "b", 0.5), cell("a", "b", 0.7, metric="once")], {"primary": {"emotion4": "once"}})
    assert "### once" in page
    assert "harness/metrics/once.py is gone" in page


@pytest.mark.parametrize(
    "file", ["training/corpus_features", "evaluation/matrix/cells", "evaluation/external/cells", "training/matrix_plan"]
)
def test_every_reason_that_the_stages_give_has_words(file: str) -> None:
    text = (Path(plugins.__file__).parent.parent / f"{file}.py").read_text(encoding="utf-8")
    given = re.findall(r'"((?:source|target|\{part\}|same|not|no)_[^" ]+)"', text)
    slots = [f"no_{slot}" for slot in SLOTS]
    assert given
    for code in [*slots, *(re.sub(r"^\{part\}", "source", code) for code in given if code != SOURCE_DEV)]:
        assert "{" in code.partition(":")[0] or reason_text(code) != code


@pytest.mark.parametrize("name", plugins.names("protocol"))
def test_the_reasons_of_a_protocol_are_sentences_with_what_was_counted(name: str) -> None:
    for code, words in getattr(plugins.find("protocol", name), "REASONS", {}).items():
        filled, printed = (re.sub(r"\{\w+\}", "7", text) for text in (code, words))
        assert reason_text(filled) == printed


def test_heat_runs_from_the_floor_to_the_best_value_in_either_direction() -> None:
    up = [step(value, 0.25, 0.65) for value in (0.2, 0.25, 0.26, 0.45, 0.64, 0.65, 0.9)]
    assert up == [BELOW, BELOW, STEPS[0], STEPS[4], STEPS[7], STEPS[7], STEPS[7]]
    assert [step(value, 0.5, 0.3) for value in (0.6, 0.49, 0.31)] == [BELOW, STEPS[0], STEPS[7]]
    assert step(0.5, 0.25, None) == step(None, 0.25, 0.6) == step(0.5, None, 0.6) == step(0.5, 0.25, 0.25) == ""


def test_an_in_domain_value_below_its_floor_gives_no_scale() -> None:
    grid = block([cell("a", "a", 0.2), cell("b", "a", 0.3)], "emotion4", "uar").grids[0]
    assert [entry.heat for entry in grid.entries.values()] == ["", ""]


def test_contrast_is_that_of_wcag_and_holds_for_every_step() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert min(contrast(*pair) for palette in (LIGHT, DARK) for pair in palette.values()) >= 4.5


def test_marks() -> None:
    assert marks_of(cell("a", "b", 0.6)) == ""
    assert marks_of(cell("a", "b", 0.26)) == AT_FLOOR
    assert marks_of(cell("a", "b", 0.26, metric="mae")) == AT_FLOOR
    assert marks_of(cell("a", "b", 0.2, metric="mae")) == ""
    assert marks_of(cell("a", "b", 0.6, warnings="interval from 3 dialogues only")) == FEW
    assert (
        marks_of(cell("a", "b", 0.6, warnings="never predicted: sad; interval from 3 dialogues only"))
        == DEGENERATE + FEW
    )


def test_recipes_are_ranked_over_the_pairs_that_all_of_them_have() -> None:
    easy = [cell("a", "b", 0.9, "narrow"), cell("b", "b", 0.9, "narrow")]
    wide = [cell("a", "b", 0.95, "wide"), cell("b", "a", 0.3, "wide"), cell("b", "b", 0.9, "wide")]
    none = [replace(cell("b", "b", 0.99, "home_only"))]
    found = compare(block(easy + wide + none, "emotion4", "uar"))
    assert found.best is not None
    assert found.best.title == "wide"
    assert found.pairs == 1
    narrow, wide_one, home = found.standings
    assert (narrow.own.value, wide_one.common.value) == (0.9, 0.95)
    assert wide_one.own.value == pytest.approx(0.625)
    assert home.own.value is None


def test_a_lower_error_is_the_better_recipe_and_cell() -> None:
    cells = [cell("a", "b", 0.3, "good", "mae"), cell("a", "b", 0.6, "bad", "mae"), cell("c", "b", 0.4, "good", "mae")]
    found = compare(block(cells, "emotion4", "mae"))
    assert found.best is not None
    assert found.best.title == "good"
    assert sentences(found.best, "mae")[0] == "The best cross-corpus cell is a → b: MAE .300 [.280, .320]."


def test_a_degenerate_cell_is_not_averaged_in_silence() -> None:
    cells = [cell("a", "a", 0.6), cell("b", "a", 0.5, ratio=0.7), cell("c", "a", 0.26, ratio=0.1, warnings="constant")]
    found = block(cells, "emotion4", "uar")
    assert compare(found).standings[0].own.mark == DEGENERATE
    assert sentences(found.grids[0], "uar")[1:] == [
        "The mean UAR is .600 in-domain (1 corpus) and .380 cross-corpus (2 cells, 1 of them degenerate), a mean ratio "
        "of .400: 40 % of the in-domain gain over the floor carries over.",
        "1 of the 2 cross-corpus cells has an interval that includes or lies below the majority floor.",
    ]


def test_gaps_share_one_axis_with_zero_on_it() -> None:
    cells = [cell("b", "a", 0.5, gap=-0.2, gap_low=-0.3, gap_high=-0.1), cell("c", "a", 0.6, gap=0.1)]
    first, second = gaps(block(cells, "emotion4", "uar"))
    assert (first.low, first.dot, first.high, first.zero) == (0, 25, 50, 75)
    assert (second.low, second.dot, second.high) == (100, 100, 100)


def test_variants_of_one_recipe_are_told_apart() -> None:
    cells = [cell("a", "b", 0.5), replace(cell("a", "b", 0.6), selection="target_dev")]
    cells += [replace(cell("a", "b", 0.4), view="text")]
    assert [grid.title for grid in block(cells, "emotion4", "uar").grids] == [
        "r, selected on source dev",
        "r, selected on target dev (oracle)",
        "r, tested on text labels",
    ]


def test_a_corpus_card_counts_every_label_and_reason_once() -> None:
    counts = {"train": {"sad": 3, "happy": 2, "(blank)": 1}, "dev": {"outside_space:fru": 5}, "Ses01": {"happy": 1}}
    numbers = {"train": {"-0.5": 4, "0": 2, "(not_annotated)": 1}}
    here = {"present": True, "labels": {"emotion4": counts, "valence": numbers}}
    facts = {
        "spaces": {"emotion4": {"classes": ["happy", "sad"]}, "valence": {"low": -1, "high": 1}},
        "corpora": {"gone": {"reason": "not_linked"}, "here": here},
    }
    card, gone = cards(facts)
    assert (gone.name, gone.present, gone.why_absent) == ("gone", False, "not linked")
    assert card.splits == ["train", "dev", "Ses01"]
    assert [(row.name, row.is_reason, row.counts) for row in card.labels["emotion4"]] == [
        ("happy", False, [2, 0, 1]),
        ("sad", False, [3, 0, 0]),
        ("outside the space (fru)", True, [0, 5, 0]),
        ("left blank in the release", True, [1, 0, 0]),
    ]
    assert [(row.name, row.total) for row in card.labels["valence"]] == [
        ("a number", 6),
        ("not annotated in this label space", 1),
    ]


def test_of_an_error_less_is_better_and_nobody_is_left_over() -> None:
    def line(recipe: str, difference: float, p: float) -> dict[str, str]:
        told = {"space": "valence", "scope": "all", "first": recipe, "second": "base", "cells": "6", "targets": "2"}
        told |= {"low_total": str(difference - 0.2), "high_total": str(difference + 0.2), "detectable": "0.14"}
        told |= {"equal_low": "", "equal_high": ""}
        spread = {"low": str(difference - 0.1), "high": str(difference + 0.1), "p": str(p), "p_holm": str(p)}
        return {**told, **spread, "difference": str(difference)}

    lines = [line("a", -0.2, 0.001), line("b", 0.2, 0.001)]
    for metric, better, worse in (("mae", "a", "b"), ("ccc", "b", "a")):
        every = [{**one, "metric": metric} for one in lines]
        asked = recipes(frame(every), frame([]), frame([]), "base")
        assert asked.answer == [f"valence: against the baseline base, {better} is better, {worse} is worse."]
        row = next(row for row in asked.tables[0].rows if row[0] == "b")
        assert row[1:8] == ["2", "6", "+.200", "[.100, .300]", "[.000, .400]", "–", ".140"]
    undecided = recipes(frame([{**line("a", -0.2, 0.4), "metric": "mae"}]), frame([]), frame([]), "base")
    assert undecided.answer[0].endswith("none is better, none is worse; of all the study cannot tell.")


def test_a_study_of_one_language_says_that_nothing_can_be_told() -> None:
    blank = dict.fromkeys(("within", "across", "difference", "p", "smallest_p", "assignments"), "")
    line = {
        "space": "emotion4",
        "metric": "uar",
        "recipe": "r",
        **blank,
        "reason": "no cell across languages has a value",
    }
    asked = languages(frame([{**line, "of": of} for of in ("ratio", "value")]), [])
    assert asked.answer == ["emotion4: it cannot be told: no cell across languages has a value."]


def test_an_estimate_without_a_test_has_no_p() -> None:
    line = {"space": "emotion4", "recipe": "r", "coefficient": "spearman", "outcome": "value", "scope": "overall"}
    line |= {"estimator": "leep_over_entropy", "value": "0.5", "pairs": "6"}
    for p, said in (
        ("", "none can be tested"),
        ("0.4", "none has a p of"),
        ("0.03", "leep_over_entropy (+.500) has a p"),
    ):
        asked = foreseen(frame([{**line, "p_joint": p}]))
        assert said in asked.answer[0]
