"""Annotators: kappa and alpha against published worked examples, votes of several classes, weighted majorities."""

from __future__ import annotations

import random

import krippendorff
import numpy as np
import pytest
from audit_sample import corpus, label, said, voted

from harness.audit.agreement import agreement, alpha, alpha_sets, count_table, fleiss, masi, rating_agreement
from harness.audit.majority import TIED, majority, winner
from harness.audit.votes import Votes, misspelt, ratings_of, votes_of

# The worked example of Fleiss (1971) as Wikipedia's article on the coefficient prints it: 10 subjects, 14 raters.
FLEISS_TABLE = """0 0 0 0 14
0 2 6 4 2
0 0 3 5 6
0 3 9 2 0
2 2 8 1 1
7 7 0 0 0
3 2 6 3 0
2 5 3 2 2
6 5 2 1 0
0 2 2 3 7"""
# The worked example of Wikipedia's article on Krippendorff's alpha: three coders, 15 units, gaps are *.
CODERS = ("* * * * * 3 4 1 2 1 1 3 3 * 3", "1 * 2 1 3 3 4 3 * * * * * * *", "* * 2 1 3 4 4 * 2 1 1 3 3 * 4")


def units() -> list[list[int]]:
    columns = zip(*(coder.split() for coder in CODERS), strict=True)
    return [[int(value) for value in column if value != "*"] for column in columns]


def of(*rows: tuple[str | tuple[str, float], ...], emotion: str = "happy") -> Votes:
    made = corpus([(said(str(at)), label(emotion, votes=voted(*row))) for at, row in enumerate(rows)])
    return votes_of(made)[0]


def test_fleiss_kappa_is_that_of_the_worked_example() -> None:
    rows = [
        [name for name, n in zip("abcde", line.split(), strict=True) for _ in range(int(n))]
        for line in FLEISS_TABLE.splitlines()
    ]
    assert fleiss(rows) == pytest.approx(0.210, abs=0.0005)


@pytest.mark.parametrize(("level", "expected"), [("nominal", 0.691), ("interval", 0.811)])
def test_alpha_is_that_of_the_worked_example(level: str, expected: float) -> None:
    assert alpha(units(), level) == pytest.approx(expected, abs=0.0005)


def test_two_annotators_by_hand() -> None:
    """aa, ab, bb: pairs alike 2/3; shares a = b = 1/2, so kappa = (2/3 - 1/2) / (1 - 1/2) = 1/3."""
    found = agreement(of(("a", "a"), ("a", "b"), ("b", "b")))
    assert found["fleiss"] == pytest.approx(1 / 3)
    assert found["alpha"] == pytest.approx(
        1 - (5 * 2) / (2 * 9)
    )  # 1 - (n - 1) disagreeing pairs / (n_a n_b, both ways)
    assert found["pairwise"] == found["unanimous"] == pytest.approx(2 / 3)
    assert found["annotators_per_utterance"] == {2: 3}


def test_kappa_takes_the_most_frequent_number_of_votes_and_says_so() -> None:
    found = agreement(of(("a", "a", "b"), ("b", "b", "b"), ("a", "b"), ("a", "a;b", "b"), ("a",)))
    assert (found["fleiss_utterances"], found["fleiss_annotators"]) == (2, 3)
    assert found["single"] == {"utterances": 3, "share": 3 / 4}, "one vote alone agrees with nobody"
    assert found["utterances"] == 5


def test_one_class_throughout_is_no_agreement_beyond_chance() -> None:
    found = agreement(of(("a", "a"), ("a", "a")))
    assert found["fleiss"] is found["alpha"] is found["alpha_sets"] is None
    assert found["unanimous"] == 1


@pytest.mark.parametrize(
    ("a", "b", "distance"), [("x", "x", 0), ("x", "y", 1), ("xy", "x", 1 - 1 / 3), ("xy", "yz", 1 - 1 / 9)]
)
def test_masi_by_hand(a: str, b: str, distance: float) -> None:
    assert masi(frozenset(a), frozenset(b)) == masi(frozenset(b), frozenset(a)) == pytest.approx(distance)


def test_alpha_over_sets_is_that_of_the_library_with_the_same_distance() -> None:
    draw = random.Random(7)
    rows = [
        [frozenset(draw.sample("abcd", draw.choice((1, 1, 2)))) for _ in range(draw.choice((2, 3)))] for _ in range(60)
    ]
    table, values = count_table(rows)
    distance = np.array([[masi(a, b) for b in values] for a in values])

    def metric(v1, v2, i1, i2, n_v, dtype):  # type: ignore[no-untyped-def]
        return distance[i1, i2]

    expected = krippendorff.alpha(value_counts=table, value_domain=np.arange(len(values)), level_of_measurement=metric)
    assert alpha_sets(rows) == pytest.approx(expected)


def test_alpha_over_single_classes_is_nominal_alpha() -> None:
    rows = [[str(value) for value in unit] for unit in units() if len(unit) > 1]
    assert alpha_sets([[frozenset((value,)) for value in row] for row in rows]) == pytest.approx(alpha(rows, "nominal"))


def test_words_of_a_vote_are_split_lowered_and_mended() -> None:
    rows = (
        [("Happiness; Neutral  state", "neutral state")]
        + [("Happiness", "Neutral state")] * 600
        + [("Hapiness", "Zzz")]
    )
    found = of(*rows)
    assert found.ballots["0"][0].words == {"happiness", "neutral state"}
    assert found.folded == {"hapiness": "happiness"}, "a rare word that resembles nothing stays what it is"
    assert found.ballots["601"][0].words == {"happiness"}


def test_a_frequent_word_is_never_taken_for_another() -> None:
    assert misspelt(["happy"] * 50 + ["unhappy"] * 50) == {}


def test_ratings_are_told_from_classes_by_the_views_of_the_corpus() -> None:
    votes = {**voted("happy", "sad"), "valence": {"a": {"label": "4", "confidence": None}, "b": {"label": "2.5"}}}
    made = corpus([(said("1"), label("happy", votes=votes))])
    assert ratings_of(made) == {"valence": {"1": [4.0, 2.5]}}
    assert [one.view for one in votes_of(made)] == ["multimodal"]
    assert rating_agreement(ratings_of(made)["valence"])["mean_gap"] == 1.5
    assert votes_of(corpus([(said("1"), label("happy"))])) == []


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([("a", 1.0), ("a", 1.0), ("b", 1.0)], "a"),
        ([("a", 1.0), ("b", 1.0)], TIED),
        ([("a", 0.9), ("b", 0.3), ("b", 0.5)], "a"),
        ([("ab", 1.0), ("b", 1.0)], "b"),  # a .5, b 1.5
        ([("a", 0.1), ("a", 0.2), ("b", 0.3)], TIED),  # equal but for rounding
    ],
)
def test_the_winner_of_a_vote(votes: list[tuple[str, float]], expected: str) -> None:
    assert winner([(frozenset(words), weight) for words, weight in votes]) == expected


def test_confidence_flips_a_label_and_the_published_one_tells_which_rule_was_used() -> None:
    sure = ("joy", 9.0), ("joy", 9.0), ("joy", 9.0)
    flip = ("joy", 9.0), ("sorrow", 2.0), ("sorrow", 3.0)
    rows = [("happy", sure), ("happy", flip), ("sad", (("sorrow", 9.0),) * 3), ("sad", ("joy", "sorrow", "sorrow"))]
    made = corpus([(said(str(at)), label(e, votes=voted(*votes))) for at, (e, votes) in enumerate(rows)])
    found = majority(made, votes_of(made)[0])
    assert found["meanings"] == {"joy": "happy", "sorrow": "sad"}
    assert (found["with_confidence"], found["flips"], found["both_decided"]) == (3, 1, 3)
    assert (found["weighted"]["equal"], found["weighted"]["compared"]) == (3, 3)
    assert (found["plain_where_weighted"]["equal"], found["plain"]["equal"]) == (2, 3)


def test_a_tie_has_no_majority_and_confidence_may_settle_it() -> None:
    rows = [(("a", 2.0), ("a", 1.0)), (("b", 1.0), ("b", 1.0)), (("a", 2.0), ("b", 1.0))]
    made = corpus([(said(str(at)), label("happy", votes=voted(*votes))) for at, votes in enumerate(rows)])
    found = majority(made, votes_of(made)[0])
    assert (found["plain"]["tied"], found["ties_settled"], found["ties_made"], found["flips"]) == (1, 1, 0, 0)
