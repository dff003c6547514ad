"""Recipes against each other over targets: differences, intervals, p against the baseline, Holm."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from harness.evaluation.matrix import score_target
from harness.evaluation.matrix.cells import CellToScore
from harness.evaluation.matrix.recipes_compared import ALL, PairOnTarget, compared
from harness.evaluation.matrix.scoring import ScoredRows
from harness.study import splits
from harness.study.labels import POLARITY3

CHANCE = np.random.default_rng(5)
TARGETS = ("one", "two")
SOURCES = ("source", "other")


def pair(first: str, second: str, target: str, apart: float, spread: float = 0.02, clusters: int = 40) -> PairOnTarget:
    """Two recipes whose difference would be noise of `spread` if they changed places."""
    exchanges = CHANCE.normal(0, spread, 999) if second == "base" else None
    return PairOnTarget(first, second, target, 2, clusters, apart, apart + CHANCE.normal(0, spread, 500), exchanges)


def study(**values: float) -> list[PairOnTarget]:
    """Return all pairs on two targets of recipes with these values and of the baseline, whose value is .5."""
    worth = {"base": 0.5, **values}
    return [pair(b, a, target, worth[b] - worth[a]) for target in TARGETS for a, b in combinations(worth, 2)]


def test_a_large_difference_is_decided_and_none_is_not() -> None:
    found = {(one.first, one.second): one for one in compared(study(better=0.6, same=0.501), 0.95) if one.scope == ALL}
    assert found["better", "base"].p_holm <= 0.05  # type: ignore[operator]
    assert found["same", "base"].p_holm > 0.05  # type: ignore[operator]
    assert found["better", "base"].difference == pytest.approx(0.1)
    assert found["better", "base"].low > 0  # type: ignore[operator]
    assert (found["better", "base"].targets, found["better", "base"].cells) == (2, 4)
    assert found["better", "base"].smallest_p == 1 / 1000


def test_pairs_without_the_baseline_have_an_interval_and_no_p() -> None:
    found = compared(study(a=0.6, b=0.4), 0.95)
    (one,) = [one for one in found if {one.first, one.second} == {"a", "b"}]
    assert one.p is None
    assert abs(one.difference) == pytest.approx(0.2)
    assert all((one.p_holm is None) == (one.p is None) for one in found)


def test_holm_is_that_of_statsmodels_over_one_scope() -> None:
    found = [one for one in compared(study(a=0.53, b=0.52, c=0.51), 0.95) if one.p is not None]
    for scopes in ({ALL}, set(TARGETS)):
        ours = [one for one in found if one.scope in scopes]
        assert len(ours) == 3 * len(scopes)
        theirs = multipletests([one.p for one in ours], method="holm")[1]
        np.testing.assert_allclose([one.p_holm for one in ours], theirs)


def test_a_target_that_one_recipe_lacks_is_left_out_for_its_pairs_alone() -> None:
    pairs = [
        one for one in study(a=0.6, b=0.55) if ("a", "two") not in {(one.first, one.target), (one.second, one.target)}
    ]
    over = {(one.first, one.second): one.targets for one in compared(pairs, 0.95) if one.scope == ALL}
    assert over == {("a", "base"): 1, ("b", "base"): 2, ("b", "a"): 1}


def test_one_recipe_alone_is_compared_with_nothing() -> None:
    assert compared([], 0.95) == []


def test_the_overall_p_holds_its_level_under_the_null() -> None:
    """Recipes that differ by noise alone are called different in about one of twenty studies."""
    wrong = 0
    for _ in range(400):
        (one,) = [c for c in compared([_null(target) for target in TARGETS], 0.95) if c.scope == ALL]
        wrong += bool(one.p is not None and one.p <= 0.05)
    assert 5 <= wrong <= 35  # 20 expected; outside with a chance of one in a thousand


def _null(target: str) -> PairOnTarget:
    apart = CHANCE.normal(0, 0.02)
    return PairOnTarget("x", "base", target, 1, 40, apart, np.full(10, apart), CHANCE.normal(0, 0.02, 199))


@pytest.mark.parametrize(
    ("clusters", "least"), [((4, 80), 0.85), ((4, 400), 0.83), ((6, 80, 80), 0.92), ((8, 8), 0.92), ((40, 40), 0.92)]
)
def test_the_interval_of_a_mean_covers_as_that_of_its_smallest_target(clusters: Sequence[int], least: float) -> None:
    """Differences of dialogues are drawn from a normal distribution around 0, and resampled as cells are.

    One target of four dialogues alone is covered in .86 of all cases.
    """
    covered, trials = 0, 400
    for _ in range(trials):
        pairs = []
        for at, count in enumerate(clusters):
            values = CHANCE.normal(0, 1, count)
            drawn = CHANCE.multinomial(count, [1 / count] * count, 400) @ values / count
            pairs.append(PairOnTarget("x", "y", str(at), 1, count, values.mean(), drawn))
        (one,) = compared(pairs, 0.95)
        covered += bool(one.low is not None and one.high is not None and one.low <= 0 <= one.high)
    assert covered / trials >= least


def test_one_dialogue_has_no_spread_and_neither_has_a_mean_with_it() -> None:
    pairs = [pair("x", "y", "one", 0.1, clusters=1), pair("x", "y", "two", 0.1)]
    (one,) = compared(pairs, 0.95)
    assert (one.low, one.high) == (None, None)
    assert one.difference == pytest.approx(0.1)


def pairs_of(target: str, rows: Sequence[CellToScore], corpora: Sequence[str] = ("source",)) -> list[PairOnTarget]:
    statistics = {"resamples": 300, "seed": 1, "baseline": "guess"}
    params = {"corpora": [*corpora, target], "primary": {"polarity3": "uar"}, "statistics": statistics}
    return list(
        score_target._pairs(score_target.TargetToScore(params, "polarity3", target, []), POLARITY3, "uar", rows)
    )


def cell(recipe: str, said: Sequence[int], names: Sequence[int], source: str = "source") -> CellToScore:
    """Return a cell of rows with these numbers, five a dialogue, whose truth is the number modulo 3."""
    at = np.array(names)
    dialogues = np.unique(at // 5, return_inverse=True)[1]
    scores = np.eye(3, dtype=np.float32)[np.asarray(said)[at]][None]
    scored = ScoredRows(at % 3, scores, dialogues, len(at), (1,), [str(name) for name in names])
    return CellToScore(recipe, {}, source, "target", "multimodal", scored=scored)


def two(target: str, dialogues: int) -> list[PairOnTarget]:
    """Two recipes that were tested on five rows a dialogue: one guesses, one is right."""
    truth = np.arange(5 * dialogues) % 3
    guess, names = np.random.default_rng(0).permutation(truth), range(len(truth))
    return pairs_of(target, [cell("guess", guess, names), cell("right", truth, names)])


def test_a_target_of_few_dialogues_is_compared_together_with_one_of_many() -> None:
    """Eight dialogues can be exchanged in 128 ways, which is fewer than are drawn."""
    found = compared([*two("few", 8), *two("many", 40)], 0.95)
    assert {one.scope: one.smallest_p for one in found} == {ALL: 1 / 301, "few": 1 / 128, "many": 1 / 301}
    assert all(one.p is not None and one.smallest_p is not None and one.p >= one.smallest_p for one in found)
    assert all(one.p_holm is not None and one.p_holm <= 0.05 for one in found)


def test_targets_of_as_many_dialogues_are_drawn_and_exchanged_on_their_own() -> None:
    (one,), (other,) = two("one", 30), two("other", 30)
    assert one.difference == other.difference
    for ours, theirs in ((one.resamples, other.resamples), (one.exchanged, other.exchanged)):
        assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.3  # type: ignore[arg-type]


THIRD = {
    "fewer rows": [cell("third", np.arange(150) % 3, range(0, 150, 2))],
    "other rows of other dialogues": [cell("third", np.arange(150) % 3, range(100, 150))],
    "another source": [cell("third", np.arange(150) % 3, range(150), source="other")],
    "no source": [cell("third", np.zeros(150, dtype=int), range(20), source=splits.NO_SOURCE)],
}


@pytest.mark.parametrize("third", THIRD.values(), ids=THIRD)
def test_a_third_recipe_changes_nothing_between_two_others(third: list[CellToScore]) -> None:
    truth = np.arange(150) % 3
    guess = np.random.default_rng(0).permutation(truth)
    both = [cell(name, said, range(150), of) for name, said in (("guess", guess), ("right", truth)) for of in SOURCES]
    (alone,) = pairs_of("target", both, SOURCES)
    assert alone.cells == 2
    (beside,) = [
        one for one in pairs_of("target", [*both, *third], SOURCES) if {one.first, one.second} == {"guess", "right"}
    ]
    assert (beside.difference, beside.cells, beside.clusters) == (alone.difference, alone.cells, alone.clusters)
    np.testing.assert_array_equal(beside.resamples, alone.resamples)
    np.testing.assert_array_equal(beside.exchanged, alone.exchanged)  # type: ignore[arg-type]


def test_two_recipes_are_compared_on_the_rows_and_sources_that_both_have() -> None:
    truth = np.arange(150) % 3
    wrong = (truth + 1) % 3
    half = np.where(np.arange(150) < 75, truth, wrong)  # right in what the other one has
    rows = [cell("guess", half, range(150)), cell("right", truth, range(75)), cell("right", wrong, range(75), "other")]
    (one,) = pairs_of("target", rows, SOURCES)
    assert (one.difference, one.cells, one.clusters) == (0, 1, 15)
    (unlike,) = pairs_of("target", [cell("guess", half, range(150)), cell("x", truth, range(20), splits.NO_SOURCE)])
    assert (unlike.difference, unlike.cells) == (0, 1)
    assert not pairs_of("target", [rows[0], rows[2]], SOURCES), "they have no source in common"
