"""Recipes against each other over targets: differences, intervals, p against the baseline, Holm."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from harness.evaluation.matrix import score_target
from harness.evaluation.matrix.cells import CellToScore
from harness.evaluation.matrix.recipes_compared import ALL, RecipeScore, compared
from harness.evaluation.matrix.scoring import ScoredRows
from harness.study.labels import POLARITY3

CHANCE = np.random.default_rng(5)
TARGETS = ("one", "two")


def entry(recipe: str, target: str, value: float, baseline: float | None = 0.5, spread: float = 0.02) -> RecipeScore:
    """A recipe whose difference from the baseline would be noise of `spread` if recipes changed places."""
    drawn = value + CHANCE.normal(0, spread, 500)
    if baseline is None:
        return RecipeScore(recipe, target, 2, 40, value, drawn)
    return RecipeScore(recipe, target, 2, 40, value, drawn, value - baseline, CHANCE.normal(0, spread, 999))


def study(**values: float) -> list[RecipeScore]:
    return [entry("base", t, 0.5, None) for t in TARGETS] + [entry(n, t, v) for n, v in values.items() for t in TARGETS]


def test_a_large_difference_is_decided_and_none_is_not() -> None:
    found = {
        (one.first, one.second): one
        for one in compared(study(better=0.6, same=0.501), "base", 0.95)
        if one.scope == ALL
    }
    assert found["better", "base"].p_holm <= 0.05  # type: ignore[operator]
    assert found["same", "base"].p_holm > 0.05  # type: ignore[operator]
    assert found["better", "base"].difference == pytest.approx(0.1)
    assert found["better", "base"].low > 0  # type: ignore[operator]
    assert found["better", "base"].cells == 4
    assert found["better", "base"].smallest_p == 1 / 1000


def test_pairs_without_the_baseline_have_an_interval_and_no_p() -> None:
    found = compared(study(a=0.6, b=0.4), "base", 0.95)
    (pair,) = [one for one in found if {one.first, one.second} == {"a", "b"}]
    assert pair.p is None
    assert abs(pair.difference) == pytest.approx(0.2)
    assert all((one.p_holm is None) == (one.p is None) for one in found)


def test_holm_is_that_of_statsmodels_over_one_scope() -> None:
    found = [one for one in compared(study(a=0.53, b=0.52, c=0.51), "base", 0.95) if one.p is not None]
    for scopes in ({ALL}, set(TARGETS)):
        ours = [one for one in found if one.scope in scopes]
        assert len(ours) == 3 * len(scopes)
        theirs = multipletests([one.p for one in ours], method="holm")[1]
        np.testing.assert_allclose([one.p_holm for one in ours], theirs)


def test_a_target_that_one_recipe_lacks_is_left_out_for_all() -> None:
    entries = [one for one in study(a=0.6) if (one.recipe, one.target) != ("a", "two")]
    assert {one.scope for one in compared(entries, "base", 0.95)} == {ALL, "one"}
    assert all(one.cells == 2 for one in compared(entries, "base", 0.95))


def test_one_recipe_alone_is_compared_with_nothing() -> None:
    assert compared([entry("base", "one", 0.5, None)], "base", 0.95) == []


def test_the_overall_p_holds_its_level_under_the_null() -> None:
    """Recipes that differ by noise alone are called different in about one of twenty studies."""
    wrong = 0
    for _ in range(400):
        entries = []
        for target in TARGETS:
            apart = CHANCE.normal(0, 0.02)
            entries.append(RecipeScore("base", target, 1, 40, 0.5, np.full(10, 0.5)))
            entries.append(
                RecipeScore("x", target, 1, 40, 0.5 + apart, np.full(10, 0.5), apart, CHANCE.normal(0, 0.02, 199))
            )
        (one,) = [c for c in compared(entries, "base", 0.95) if c.scope == ALL]
        wrong += bool(one.p is not None and one.p <= 0.05)
    assert 5 <= wrong <= 35  # 20 expected; outside with a chance of one in a thousand


def entries_of(target: str, dialogues: int, seed: int = 0) -> list[RecipeScore]:
    """Two recipes that were trained on `source` and tested on five rows a dialogue: one guesses, one is right."""
    statistics = {"resamples": 300, "seed": 1, "baseline": "guess"}
    params = {"corpora": ["source", target], "primary": {"polarity3": "uar"}, "statistics": statistics}
    chance = np.random.default_rng(seed)
    truth = np.arange(5 * dialogues) % 3
    rows = []
    for recipe, said in (("guess", chance.permutation(truth)), ("right", truth)):
        scores = np.eye(3, dtype=np.float32)[said][None]
        names = [str(at) for at in range(len(truth))]
        scored = ScoredRows(truth, scores, np.arange(len(truth)) // 5, len(truth), (1,), names)
        rows.append(CellToScore(recipe, {}, "source", target, "multimodal", scored=scored))
    return list(score_target._entries(score_target.TargetToScore(params, "polarity3", target, []), POLARITY3, rows))


def test_a_target_of_few_dialogues_is_compared_together_with_one_of_many() -> None:
    """Eight dialogues can be exchanged in 128 ways, which is fewer than are drawn."""
    found = compared([*entries_of("few", 8), *entries_of("many", 40)], "guess", 0.95)
    assert {one.scope: one.smallest_p for one in found} == {ALL: 1 / 301, "few": 1 / 128, "many": 1 / 301}
    assert all(one.p is not None and one.smallest_p is not None and one.p >= one.smallest_p for one in found)
    assert all(one.p_holm is not None and one.p_holm <= 0.05 for one in found)


def test_targets_of_as_many_dialogues_are_drawn_and_exchanged_on_their_own() -> None:
    one, other = (next(e for e in entries_of(name, 30) if e.recipe == "right") for name in ("one", "other"))
    assert one.apart == other.apart
    guess, guess_other = (next(e for e in entries_of(name, 30) if e.recipe == "guess") for name in ("one", "other"))
    for ours, theirs in ((guess.resamples, guess_other.resamples), (one.exchanged, other.exchanged)):
        assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.3  # type: ignore[arg-type]
