"""What the questions of the report answer where some recipe, cell or number is missing."""

from __future__ import annotations

from harness.report_questions_recipes import languages, recipes
from harness.report_questions_scores import calibration


def states(recipe: str, target: str, raw: float, tempered: float | None) -> list[dict[str, str]]:
    """The lines of one cell of calibration.csv; without a temperature as of predictions made elsewhere."""
    keys = {"space": "emotion4", "recipe": recipe, "source": "a", "target": target, "temperature": "1.5"}
    values = {"raw": raw, "tempered": tempered, "oracle": 0.01}
    measures = ("ece", "nll", "brier", "aurc")
    shown = {state: "" if value is None else str(value) for state, value in values.items()}
    return [{**keys, "state": state, **dict.fromkeys(measures, text)} for state, text in shown.items()]


def test_calibration_before_and_after_is_told_of_the_same_cells() -> None:
    """A recipe without any dev split has an error before only, and must not make the mean before larger."""
    ours = [*states("ours", "a", 0.1, 0.05), *states("ours", "b", 0.2, 0.15), *states("ours", "c", 0.8, None)]
    elsewhere = [*states("llm", "a", 0.9, None), *states("llm", "b", 0.7, None)]
    asked = calibration([*ours, *elsewhere], [])
    assert asked is not None
    assert asked.answer == [
        "The mean ECE is .100 in-domain, and .050 after a temperature from source dev; .200 cross-corpus, and .150 "
        "after a temperature from source dev."
    ]
    assert [row[1:] for row in asked.tables[0].rows] == [
        ["ours", ".100", ".050", ".200", ".150"],
        ["llm", ".900", "–", ".700", "–"],
    ]
    alone = calibration(elsewhere, [])
    assert alone is not None
    assert alone.answer == ["The mean ECE is .900 in-domain; .700 cross-corpus."]


def contrasted(recipe: str, p: str, ways: str, smallest: str) -> list[dict[str, str]]:
    told = {"space": "emotion4", "metric": "uar", "recipe": recipe, "within": "0.5", "across": "0.4", "reason": ""}
    numbers = {"difference": "0.1", "p": p, "smallest_p": smallest, "assignments": ways}
    return [{**told, **numbers, "of": of} for of in ("ratio", "value")]


def test_the_smallest_p_of_languages_is_told_with_what_its_own_corpora_allow() -> None:
    """Recipes may differ in the corpora they can be tested on, and so in the ways to group these."""
    asked = languages([*contrasted("few", "1.0", "3", "0.333333"), *contrasted("many", "0.1", "10", "0.1")], [])
    assert asked is not None
    assert asked.answer[0].endswith(
        "the smallest p is .100, where 10 ways to group the corpora allow no less than .100."
    )


def test_a_smallest_p_is_never_called_smaller_than_a_number() -> None:
    line = {"space": "emotion4", "metric": "uar", "recipe": "r", "rank": "1.0", "targets": "5", "cliques": ""}
    test = {"space": "emotion4", "test": "friedman", "p": "0.0001", "smallest_p": "0.0001"}
    compared = {"space": "emotion4", "scope": "city", "metric": "uar"}
    asked = recipes([compared], [{**line, "critical_difference": "1.2"}], [test], "")  # type: ignore[list-item]
    assert asked is not None
    assert "Friedman p = < .001 (no less than .00010 is possible)" in asked.tables[0].method
