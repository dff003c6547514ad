"""What the questions of the report answer where some recipe, cell or number is missing."""

from __future__ import annotations

from harness.report.page import html
from harness.report.questions import questions
from harness.report.questions_recipes import languages, recipes
from harness.report.questions_rows import gaps, spoken
from harness.report.questions_scores import calibration
from harness.report.result_lines import frame
from harness.study.cells import Cell


def states(recipe: str, target: str, raw: float, tempered: float | None) -> list[dict[str, str]]:
    """The lines of one cell of calibration.csv; without a temperature as of predictions made elsewhere."""
    keys = {"space": "emotion4", "recipe": recipe, "source": "a", "target": target, "temperature": "1.5"}
    values = {"raw": raw, "tempered": tempered, "oracle": 0.01}
    measures = ("rms_ce", "nll", "brier", "aurc")
    shown = {state: "" if value is None else str(value) for state, value in values.items()}
    return [{**keys, "state": state, **dict.fromkeys(measures, text)} for state, text in shown.items()]


def test_calibration_before_and_after_is_told_of_the_same_cells() -> None:
    """A recipe without any dev split has an error before only, and must not make the mean before larger."""
    ours = [*states("ours", "a", 0.1, 0.05), *states("ours", "b", 0.2, 0.15), *states("ours", "c", 0.8, None)]
    elsewhere = [*states("llm", "a", 0.9, None), *states("llm", "b", 0.7, None)]
    asked = calibration(frame([*ours, *elsewhere]), frame([]))
    assert asked.answer == [
        "The mean calibration error (RMS-CE) is .100 in-domain, and .050 after a temperature from source dev; .200 "
        "cross-corpus, and .150 after a temperature from source dev."
    ]
    assert [row[1:] for row in asked.tables[0].rows] == [
        ["ours", ".100", ".050", ".200", ".150"],
        ["llm", ".900", "–", ".700", "–"],
    ]
    alone = calibration(frame(elsewhere), frame([]))
    assert alone.answer == ["The mean calibration error (RMS-CE) is .900 in-domain; .700 cross-corpus."]


def contrasted(recipe: str, p: str, ways: str, smallest: str) -> list[dict[str, str]]:
    told = {"space": "emotion4", "metric": "uar", "recipe": recipe, "within": "0.5", "across": "0.4", "reason": ""}
    numbers = {"difference": "0.1", "p": p, "smallest_p": smallest, "assignments": ways}
    numbers |= {"within_cells": "2", "across_cells": "4"}
    return [{**told, **numbers, "of": of} for of in ("ratio", "value")]


def test_the_smallest_p_of_languages_is_told_with_what_its_own_corpora_allow() -> None:
    """Recipes may differ in the corpora they can be tested on, and so in the ways to group these."""
    lines = [*contrasted("few", "1.0", "3", "0.333333"), *contrasted("many", "0.1", "10", "0.1")]
    asked = languages(frame(lines), [])
    assert asked.answer[0].endswith(
        "the smallest p is .100, where 10 ways to group the corpora allow no less than .100."
    )


def test_a_smallest_p_is_never_called_smaller_than_a_number() -> None:
    line = {"space": "emotion4", "metric": "uar", "recipe": "r", "rank": "1.0", "targets": "5"}
    test = {"space": "emotion4", "test": "friedman", "p": "0.0001", "smallest_p": "0.0001"}
    compared = {"space": "emotion4", "scope": "city", "metric": "uar"}
    asked = recipes(frame([compared]), frame([line]), frame([test]), "")
    assert "Friedman p = < .001 (no less than .00010 is possible)" in asked.tables[0].method


def test_recipes_without_a_pair_in_common_are_not_called_ranked() -> None:
    cells = [
        Cell("emotion4", "multimodal", recipe, source, target, "single_source", "source_dev", "uar", 0.5)
        for recipe, source, target in (("first", "a", "b"), ("second", "b", "a"))
    ]
    page = html(cells, {"primary": {"emotion4": "uar"}})
    assert "No cross-corpus pair has a value in all recipes" in page
    assert "with the best mean" not in page
    third = Cell("emotion4", "multimodal", "second", "a", "b", "single_source", "source_dev", "uar", 0.6)
    both = html([*cells, third], {"primary": {"emotion4": "uar"}})
    assert "with the best mean cross-corpus value over the 1 pair that all recipes have" in both


def test_directions_are_told_where_no_space_has_classes() -> None:
    """Calibration names the analysed recipes, and a study of scales alone has none."""
    there = {"space": "valence", "recipe": "r", "first": "a", "second": "b", "value": "0.2", "reason": ""}
    spans = [{"low": "", "high": ""}, {"low": "-0.1", "high": "0.5"}]
    (asked,) = questions({"asymmetry": frame([{**there, **span} for span in spans])}, {})
    assert [table.anchor for table in asked.tables] == ["directions-valence"]
    assert [row[3:] for row in asked.tables[0].rows] == [["+.200", "–"], ["+.200", "[−.100, .500]"]]


def test_a_gap_without_a_value_says_why_below_the_others() -> None:
    keys = {"space": "emotion4", "recipe": "r", "target": "b", "metric": "uar", "low": "", "high": "", "reason": ""}
    keys["scores"] = "raw"
    terms = {"gap": "-0.2", "prior": "-0.05", "coverage": "0", "feature": "-0.15"}
    known = [{**keys, "source": "a", "term": term, "value": value} for term, value in terms.items()]
    unknown = [{**keys, "source": "c", "term": term, "value": "", "reason": "undefined"} for term in terms]
    asked = gaps(frame([*known, *unknown]))
    assert asked.answer == [
        "r: the mean UAR gap of −.200 (emotion4) is −.050 prior shift, .000 label coverage and −.150 features."
    ]
    assert list(asked.tables[1].notes) == ["c → b: the metric is undefined on these utterances"]


def test_the_check_of_language_shows_the_worst_share_beside_the_true_one() -> None:
    keys = {"space": "emotion4", "recipe": "r", "source": "a", "threshold": "0.100000"}
    made = [("predicted", "sad", "zh", 0.15), ("predicted", "sad", "en", -0.15), ("predicted", "happy", "zh", 0.02)]
    made += [("truth", "sad", "zh", 0.12), ("truth", "sad", "en", -0.12), ("truth", "happy", "zh", 0.0)]
    lines = [
        {**keys, "of": of, "check": f"proportion/{name}", "language": language, "value": str(value)}
        | {"passed": "yes" if abs(value) < 0.1 else "no"}
        for of, name, language, value in made
    ]
    (table,) = spoken(frame(lines))
    assert table.rows == [["a", "1", "2", "proportion/sad zh", "+.150", "+.120", "0.100"]]
    assert list(spoken(frame([{**line, "passed": "", "value": ""} for line in lines]))) == []  # one language only
