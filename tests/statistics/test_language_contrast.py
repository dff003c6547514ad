"""Within a language against across languages: means, all groupings, the honest smallest p."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest

from harness.statistics import language_contrast

FIVE = {"emotiontalk": "zh", "ch_sims": "zh", "m3ed": "zh", "iemocap": "en", "meld": "en"}


def matrix(within: float, across: float, noise: float = 0.0, seed: int = 0) -> dict[tuple[str, str], float | None]:
    chance = np.random.default_rng(seed)
    return {
        (s, t): (within if FIVE[s] == FIVE[t] else across) + noise * chance.normal() for s, t in permutations(FIVE, 2)
    }


def test_a_clear_difference_of_five_corpora_has_p_of_a_tenth() -> None:
    found = language_contrast.contrast(matrix(0.6, 0.2, 0.01), FIVE)
    assert found.difference == pytest.approx(0.4, abs=0.02)
    assert (found.within_cells, found.across_cells) == (8, 12)
    assert (found.assignments, found.smallest_p) == (10, 0.1)
    assert found.p == found.p_two_sided == pytest.approx(0.1)


def test_the_p_is_that_of_brute_force() -> None:
    cells = matrix(0.4, 0.35, 0.1, 3)
    found = language_contrast.contrast(cells, FIVE)
    differences = []
    for english in combinations(FIVE, 2):
        same = [v for (s, t), v in cells.items() if (s in english) == (t in english) and v is not None]
        other = [v for (s, t), v in cells.items() if (s in english) != (t in english) and v is not None]
        differences.append(np.mean(same) - np.mean(other))
    assert found.difference is not None
    assert found.p == pytest.approx(np.mean(np.array(differences) >= found.difference - 1e-12))
    assert found.p_two_sided == pytest.approx(np.mean(np.abs(differences) >= abs(found.difference) - 1e-12))


def test_of_an_error_the_lower_is_better() -> None:
    cells = matrix(0.6, 0.3, 0.1, 4)
    turned = {pair: -value for pair, value in cells.items() if value is not None}
    found, mirrored = (
        language_contrast.contrast(cells, FIVE),
        language_contrast.contrast(turned, FIVE, higher_is_better=False),
    )
    assert (mirrored.p, mirrored.p_two_sided) == (found.p, found.p_two_sided)
    assert mirrored.difference == -(found.difference or 0)
    assert language_contrast.contrast(turned, FIVE).p != found.p


def test_a_language_that_makes_no_difference_has_an_even_p() -> None:
    ps = [language_contrast.contrast(matrix(0.4, 0.4, 0.1, seed), FIVE).p for seed in range(600)]
    assert np.mean([p is not None and p <= 0.1 for p in ps]) == pytest.approx(0.1, abs=0.04)
    assert np.mean([p for p in ps if p is not None]) == pytest.approx(0.55, abs=0.05)


def test_missing_cells_and_the_diagonal_are_left_out() -> None:
    cells = {**matrix(0.6, 0.2), ("meld", "meld"): 99.0, ("meld", "iemocap"): None}
    found = language_contrast.contrast(cells, FIVE)
    assert (found.within, found.within_cells) == (pytest.approx(0.6), 7)


def test_a_corpus_without_cells_does_not_count() -> None:
    cells = {pair: (None if "m3ed" in pair else value) for pair, value in matrix(0.6, 0.2).items()}
    found = language_contrast.contrast(cells, FIVE)
    assert "m3ed" not in found.corpora
    assert (found.assignments, found.smallest_p) == (3, pytest.approx(1 / 3))


def test_one_language_or_only_pairs_across_are_a_reason() -> None:
    one = language_contrast.contrast({("a", "b"): 0.4, ("b", "a"): 0.5}, {"a": "en", "b": "en"})
    assert (one.difference, one.p, one.reason) == (None, None, "no cell across languages has a value")
    two = language_contrast.contrast({("a", "b"): 0.4}, {"a": "en", "b": "zh"})
    assert (two.across, two.reason) == (0.4, "no cell within a language has a value")
    assert language_contrast.contrast({}, {}).reason


def test_an_unknown_language_and_too_many_corpora_are_refused() -> None:
    with pytest.raises(ValueError, match="no language is given for b"):
        language_contrast.contrast({("a", "b"): 0.4}, {"a": "en"})
    with pytest.raises(ValueError, match="ways"):
        language_contrast.groupings(["en"] * 10 + ["zh"] * 11)


@pytest.mark.parametrize(
    ("groups", "count"), [("aaabb", 10), ("aabb", 3), ("aab", 3), ("aaab", 4), ("aabbcc", 15), ("abc", 1)]
)
def test_groupings_count_what_differs(groups: str, count: int) -> None:
    assert len(language_contrast.groupings(list(groups))) == count


def test_asymmetry_is_one_way_minus_the_other() -> None:
    found = language_contrast.asymmetry(
        {("a", "b"): 0.5, ("b", "a"): 0.2, ("a", "c"): 0.1, ("c", "a"): None, ("b", "b"): 1}
    )
    assert [(one.first, one.second) for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found[0].value == pytest.approx(0.3)
    assert (found[1].value, found[1].reason) == (None, "undefined: c -> a")
    assert found[2].reason == "undefined: b -> c, c -> b"


def test_the_interval_of_an_asymmetry_covers_the_difference_of_two_independent_ratios() -> None:
    chance, held = np.random.default_rng(3), []
    for _ in range(1000):
        there, back = chance.normal(0.6, 0.07), chance.normal(0.5, 0.05)
        ends = {
            ("a", "b"): (there - 1.96 * 0.07, there + 1.96 * 0.07),
            ("b", "a"): (back - 1.96 * 0.05, back + 1.96 * 0.05),
        }
        (found,) = language_contrast.asymmetry({("a", "b"): there, ("b", "a"): back}, ends)
        assert found.value == pytest.approx(there - back)
        held.append(found.low <= 0.1 <= found.high)  # type: ignore[operator]
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_an_asymmetry_of_a_ratio_without_interval_has_none() -> None:
    ratios = {("a", "b"): 0.6, ("b", "a"): 0.5}
    for ends in ({}, {("a", "b"): (0.5, 0.7)}, {("a", "b"): (0.5, 0.7), ("b", "a"): (None, None)}):
        (found,) = language_contrast.asymmetry(ratios, ends)  # type: ignore[arg-type]
        assert (found.value, found.low, found.high) == (pytest.approx(0.1), None, None)
