"""The contract of single_source: nothing that is tested was trained or selected on."""

from __future__ import annotations

import random
from types import ModuleType

import pytest

from harness.study import splits
from harness.study.utterance import Split, Utterance


def utterance(name: str, split: Split, fold: str | None = None) -> Utterance:
    return Utterance(name, split, f"d{name}", 0, None, "zh", "text", fold=fold)


OFFICIAL = [utterance(f"{split}{n}", split) for n in range(4) for split in ("train", "dev", "test")]
SESSIONS = [utterance(f"s{session}u{n}", "train", f"Ses0{session}") for n in range(3) for session in (2, 1, 5, 4, 3)]
ALL = {row.id for row in SESSIONS}


@pytest.fixture
def protocol() -> ModuleType:
    return splits


@pytest.mark.parametrize("utterances", [OFFICIAL, SESSIONS], ids=["official", "sessions"])
def test_train_dev_and_test_are_apart_and_nothing_is_lost(protocol: ModuleType, utterances: list[Utterance]) -> None:
    for fold in protocol.folds(utterances):
        parts = [set(fold.train), set(fold.dev), set(fold.test)]
        assert all(parts)
        assert sum(map(len, parts)) == len(set.union(*parts)) == len(utterances)


@pytest.mark.parametrize("utterances", [OFFICIAL, SESSIONS], ids=["official", "sessions"])
def test_in_domain_and_cross_corpus_values_stand_on_the_same_rows(
    protocol: ModuleType, utterances: list[Utterance]
) -> None:
    tested = [name for fold in protocol.folds(utterances) for name in fold.test]
    as_target = [name for name, split in protocol.target_rows(utterances).items() if split == "test"]
    assert sorted(tested) == sorted(as_target)
    assert len(set(tested)) == len(tested)


@pytest.mark.parametrize("utterances", [OFFICIAL, SESSIONS], ids=["official", "sessions"])
def test_a_folds_model_predicts_its_own_dev_and_test_rows(protocol: ModuleType, utterances: list[Utterance]) -> None:
    for fold in protocol.folds(utterances):
        assert protocol.own_rows(fold) == {name: "dev" for name in fold.dev} | {name: "test" for name in fold.test}


def test_an_official_split_is_taken_as_it_is() -> None:
    (fold,) = splits.folds(OFFICIAL)
    assert fold.name == splits.ALL
    assert (fold.train, fold.dev, fold.test) == tuple(
        [f"{split}{n}" for n in range(4)] for split in ("train", "dev", "test")
    )


def test_a_target_with_an_official_split_shows_dev_and_test_and_never_train() -> None:
    rows = splits.target_rows(OFFICIAL)
    assert rows == {row.id: row.split for row in OFFICIAL if row.split != "train"}


def test_every_session_is_tested_once_and_is_dev_of_another() -> None:
    folds = splits.folds(SESSIONS)
    assert [fold.name for fold in folds] == [f"Ses0{n}" for n in range(1, 6)]
    devs = [{name[:2] for name in fold.dev} for fold in folds]
    assert devs == [{"s2"}, {"s3"}, {"s4"}, {"s5"}, {"s1"}], "the next session in order, after the last the first"
    for at, fold in enumerate(folds):
        assert {name[:2] for name in fold.test} == {f"s{at + 1}"}
        assert not {name[:2] for name in fold.train} & ({name[:2] for name in fold.test} | devs[at])


def test_as_a_target_a_corpus_of_sessions_is_tested_whole() -> None:
    assert splits.target_rows(SESSIONS) == dict.fromkeys((row.id for row in SESSIONS), "test")


def test_the_order_of_the_rows_on_disk_decides_nothing() -> None:
    shuffled = SESSIONS.copy()
    random.Random(1).shuffle(shuffled)
    for before, after in zip(splits.folds(SESSIONS), splits.folds(shuffled), strict=True):
        assert (before.name, sorted(before.train), sorted(before.dev)) == (
            after.name,
            sorted(after.train),
            sorted(after.dev),
        )


def test_a_corpus_has_folds_only_if_every_row_has_one() -> None:
    assert splits.has_folds(SESSIONS)
    assert not splits.has_folds(OFFICIAL)
    assert not splits.has_folds([*SESSIONS, utterance("x", "train")])
    assert not splits.has_folds([])


def test_an_absent_corpus_has_no_rows() -> None:
    (fold,) = splits.folds([])
    assert (fold.train, fold.dev, fold.test) == ([], [], [])
    assert splits.target_rows([]) == {}


def test_adaptation_sees_train_rows_alone() -> None:
    seen = set(splits.adaptation_rows(OFFICIAL))
    assert seen == {row.id for row in OFFICIAL if row.split == "train"}
    assert not seen & set(splits.target_rows(OFFICIAL))


def test_without_an_official_split_adaptation_sees_all_rows() -> None:
    assert set(splits.adaptation_rows(SESSIONS)) == ALL
