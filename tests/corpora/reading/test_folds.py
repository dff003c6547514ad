"""Folds for corpora without an official split."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from harness.core.errors import HarnessError
from harness.corpora.reading.folds import speaker_folds, stratified_folds


def test_nobody_is_in_two_folds_and_the_folds_are_of_one_size() -> None:
    speakers = [f"s{n}" for n in range(12) for _ in range(60)]
    kinds = [f"{label}/{'fm'[n % 2]}" for n in range(12) for label in ("joy", "grief", "calm") for _ in range(20)]
    folds = speaker_folds(speakers, kinds, 6)
    assert len({(speaker, fold) for speaker, fold in zip(speakers, folds, strict=True)}) == 12
    assert Counter(folds) == dict.fromkeys("123456", 120)
    assert set(Counter(zip(folds, kinds, strict=True)).values()) == {20}, "a man and a woman in every fold"


def test_a_speaker_of_one_label_goes_where_that_label_lacks() -> None:
    speakers = ["a"] * 30 + ["b"] * 20 + ["c"] * 20 + ["d"] * 10
    kinds = ["sad"] * 30 + ["happy"] * 20 + ["sad"] * 20 + ["sad"] * 10
    place = dict(zip(speakers, speaker_folds(speakers, kinds, 3), strict=True))
    assert place["d"] == place["b"], "not the emptiest, but the one without sad"


def test_the_order_of_rows_changes_nothing() -> None:
    chance = random.Random(1)
    rows = [(f"s{chance.randrange(15)}", chance.choice("abc"), f"x-{n}") for n in range(200)]
    mixed = chance.sample(rows, k=len(rows))
    for divide in (
        lambda r: speaker_folds([one[0] for one in r], [one[1] for one in r]),
        lambda r: stratified_folds([one[2] for one in r], [one[1] for one in r]),
    ):
        first, second = (dict(zip((one[2] for one in order), divide(order), strict=True)) for order in (rows, mixed))
        assert first == second


def test_strata_are_shared_equally_and_neighbours_stay_together() -> None:
    ids = [f"{kind}-{n}" for kind in ("neg", "pos") for n in range(1, 51)]
    folds = stratified_folds(ids, [name[:3] for name in ids])
    assert set(Counter((name[:3], fold) for name, fold in zip(ids, folds, strict=True)).values()) == {10}
    place = dict(zip(ids, folds, strict=True))
    assert len({place[f"neg-{n}"] for n in range(1, 11)}) == 1, "neg-2 comes before neg-10"


def test_rare_kinds_spread() -> None:
    folds = stratified_folds(["a", "b", "c"], ["x", "y", "z"], 3)
    assert sorted(folds) == ["1", "2", "3"]


@pytest.mark.parametrize("divide", [speaker_folds, stratified_folds])
def test_what_cannot_be_divided_is_an_error(divide: Callable[..., list[str]]) -> None:
    with pytest.raises(HarnessError, match=r"^4 (speakers|ids) for 5 folds; every fold needs one"):
        divide(["a", "b", "c", "d"], ["k"] * 4)
    with pytest.raises(HarnessError, match=r"^2 folds; leave-one-out needs at least 3"):
        divide(["a", "b", "c", "d"], ["k"] * 4, 2)
    with pytest.raises(ValueError, match="shorter"):
        divide(["a", "b", "c"], ["k"] * 2, 3)
