"""The contract of every protocol: nothing that is tested was trained or selected on."""

from __future__ import annotations

import random
from types import ModuleType

import pytest

from harness.corpus import Split, Utterance
from harness.plugins import find, names
from harness.protocols import _case, few_shot, missing_modality, oracle, pooled, single_source, size_matched
from harness.protocols._case import Case, Field, Part


def utterance(name: str, split: Split, fold: str | None = None) -> Utterance:
    return Utterance(name, split, f"d{name}", 0, None, "zh", "text", fold=fold)


OFFICIAL = [utterance(f"{split}{n}", split) for n in range(4) for split in ("train", "dev", "test")]
SESSIONS = [utterance(f"s{session}u{n}", "train", f"Ses0{session}") for n in range(3) for session in (2, 1, 5, 4, 3)]
ALL = {row.id for row in SESSIONS}


@pytest.fixture
def protocol() -> ModuleType:
    return single_source


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
    (fold,) = single_source.folds(OFFICIAL)
    assert fold.name == single_source.ALL
    assert (fold.train, fold.dev, fold.test) == tuple(
        [f"{split}{n}" for n in range(4)] for split in ("train", "dev", "test")
    )


def test_a_target_with_an_official_split_shows_dev_and_test_and_never_train() -> None:
    rows = single_source.target_rows(OFFICIAL)
    assert rows == {row.id: row.split for row in OFFICIAL if row.split != "train"}


def test_every_session_is_tested_once_and_is_dev_of_another() -> None:
    folds = single_source.folds(SESSIONS)
    assert [fold.name for fold in folds] == [f"Ses0{n}" for n in range(1, 6)]
    devs = [{name[:2] for name in fold.dev} for fold in folds]
    assert devs == [{"s2"}, {"s3"}, {"s4"}, {"s5"}, {"s1"}], "the next session in order, after the last the first"
    for at, fold in enumerate(folds):
        assert {name[:2] for name in fold.test} == {f"s{at + 1}"}
        assert not {name[:2] for name in fold.train} & ({name[:2] for name in fold.test} | devs[at])


def test_as_a_target_a_corpus_of_sessions_is_tested_whole() -> None:
    assert single_source.target_rows(SESSIONS) == dict.fromkeys((row.id for row in SESSIONS), "test")


def test_the_order_of_the_rows_on_disk_decides_nothing() -> None:
    shuffled = SESSIONS.copy()
    random.Random(1).shuffle(shuffled)
    for before, after in zip(single_source.folds(SESSIONS), single_source.folds(shuffled), strict=True):
        assert (before.name, sorted(before.train), sorted(before.dev)) == (
            after.name,
            sorted(after.train),
            sorted(after.dev),
        )


def test_a_corpus_has_folds_only_if_every_row_has_one() -> None:
    assert single_source.has_folds(SESSIONS)
    assert not single_source.has_folds(OFFICIAL)
    assert not single_source.has_folds([*SESSIONS, utterance("x", "train")])
    assert not single_source.has_folds([])


def test_an_absent_corpus_has_no_rows() -> None:
    (fold,) = single_source.folds([])
    assert (fold.train, fold.dev, fold.test) == ([], [], [])
    assert single_source.target_rows([]) == {}


def test_adaptation_sees_train_rows_alone() -> None:
    seen = set(single_source.adaptation_rows(OFFICIAL))
    assert seen == {row.id for row in OFFICIAL if row.split == "train"}
    assert not seen & set(single_source.target_rows(OFFICIAL))


# ---- protocols beside single_source: what they plan, over four corpora of which one is divided by sessions

CLASSES = ("a", "b")
CORPORA = {
    "one": [utterance(f"one_{split}{n}", split) for n in range(40) for split in ("train", "dev", "test")],
    "two": [utterance(f"two_{split}{n}", split) for n in range(30) for split in ("train", "dev", "test")],
    "sessions": [utterance(f"s{s}u{n}", "train", f"Ses0{s}") for s in range(1, 6) for n in range(12)],
    "cousin": [utterance(f"cousin_{split}{n}", split) for n in range(20) for split in ("train", "dev", "test")],
}
TRUTH = {name: {row.id: CLASSES[at % 2] for at, row in enumerate(rows)} for name, rows in CORPORA.items()}


def field(**other: object) -> Field:
    folds = {name: [fold.name for fold in single_source.folds(rows)] for name, rows in CORPORA.items()}
    known = {
        "recipe": "r",
        "slots": ("text", "audio", "video"),
        "space": "s",
        "classes": 2,
        "why_no_source": dict.fromkeys(CORPORA, ""),
        "why_no_target": dict.fromkeys(CORPORA, ""),
        "families": {name: "two" if name == "cousin" else name for name in CORPORA},
        "folds": folds,
        "counts": {name: dict.fromkeys(CLASSES, len(rows) // 6) for name, rows in CORPORA.items()},
        "seeds": (1, 2, 3),
    }
    return Field(**{**known, **other})  # type: ignore[arg-type]


def ids(part: Part) -> list[str]:
    return part.ids(CORPORA[part.corpus], TRUTH[part.corpus])


def asked(case: Case, fold: str) -> set[str]:
    rows = CORPORA[case.target]
    if fold:
        return set(next(one for one in single_source.folds(rows) if one.name == fold).test)
    return {name for name, split in single_source.target_rows(rows).items() if split == "test"}


PLANNED = [name for name in names("protocol") if name != single_source.NAME]


@pytest.mark.parametrize("name", PLANNED)
def test_no_case_learns_from_or_selects_on_what_it_is_tested_on(name: str) -> None:
    taught = 0
    for case in find("protocol", name).cases(field()):
        assert not (case.lessons and case.reason)
        for lesson in case.lessons:
            train, dev = ([one for part in parts for one in ids(part)] for parts in (lesson.train, lesson.dev))
            mine = asked(case, lesson.tested)
            assert train
            assert dev
            assert mine
            assert not set(train) & mine, case
            assert not set(dev) & mine, case
            assert not set(train) & set(dev), case
            taught += 1
    assert taught


@pytest.mark.parametrize("name", PLANNED)
def test_a_family_is_never_on_both_sides_and_files_do_not_collide(name: str) -> None:
    cases = list(find("protocol", name).cases(field()))
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        learned = {part.corpus for lesson in case.lessons for part in (*lesson.train, *lesson.dev)}
        family = field().families
        assert all(one == case.target or family[one] != family[case.target] for one in learned), case


@pytest.mark.parametrize("name", PLANNED)
def test_together_the_tested_rows_of_a_case_are_those_of_the_matrix(name: str) -> None:
    for case in find("protocol", name).cases(field()):
        by_seed: dict[tuple[int, str], list[str]] = {}
        for lesson in case.lessons:
            for seed in lesson.seeds:
                key = (seed, "" if lesson.tested else lesson.fold)
                by_seed.setdefault(key, []).extend(sorted(asked(case, lesson.tested)))
        for found in by_seed.values():
            assert sorted(found) == sorted(asked(case, ""))


@pytest.mark.parametrize("name", PLANNED)
def test_a_corpus_that_cannot_be_used_has_a_reason_in_every_case(name: str) -> None:
    broken = field(
        why_no_source={**dict.fromkeys(CORPORA, ""), "one": "source_not_annotated"},
        why_no_target={**dict.fromkeys(CORPORA, ""), "one": "target_not_annotated"},
    )
    for case in find("protocol", name).cases(broken):
        learned = {part.corpus for lesson in case.lessons for part in (*lesson.train, *lesson.dev)}
        assert "one" not in learned
        if case.target == "one":
            assert case.reason


def test_only_the_oracle_selects_on_the_target_and_only_few_shot_and_pooled_learn_from_it() -> None:
    for name in PLANNED:
        for case in find("protocol", name).cases(field()):
            if case.source == case.target:
                continue
            trained = {part.corpus for lesson in case.lessons for part in lesson.train}
            selected = {part.corpus for lesson in case.lessons for part in lesson.dev}
            assert case.target not in trained or find("protocol", name) in (few_shot, pooled)
            if case.source == _case.NOBODY or find("protocol", name) is pooled:
                continue
            assert (case.target in selected) == (find("protocol", name) is oracle and bool(case.lessons))


def test_shots_are_so_many_of_each_class_nested_and_drawn_anew() -> None:
    small, large = (Part("one", per_class=k, draw=1) for k in (3, 8))
    other = Part("one", per_class=3, draw=2)
    for part, k in ((small, 3), (large, 8)):
        labels = [TRUTH["one"][name] for name in ids(part)]
        assert sorted(labels) == ["a"] * k + ["b"] * k
    assert set(ids(small)) < set(ids(large))
    assert ids(small) != ids(other)
    held, kept = (ids(Part("one", per_class=8, draw=1, hold=hold)) for hold in (-0.25, 0.25))
    assert sorted([*held, *kept]) == sorted(ids(large))
    assert len(held) == 4


def test_few_rows_are_held_out_only_where_something_is_chosen() -> None:
    for chooses, learned in ((True, 8), (False, 10)):  # of five of each class
        (case, *_) = [one for one in few_shot.cases(field(chooses=chooses), shots=[5]) if one.source == _case.NOBODY]
        assert len(ids(case.lessons[0].train[0])) == learned


def test_more_shots_than_there_are_is_a_reason() -> None:
    reasons = {case.variant: case.reason for case in few_shot.cases(field(), shots=[5, 50]) if case.target == "one"}
    assert reasons["k=5"] == ""
    assert reasons["k=50"] == "target_has_20_of_a_class"


def test_size_matched_sources_are_as_large_as_the_smallest_and_with_the_same_prior() -> None:
    for prior in ("size", "matched"):
        sizes = set()
        for case in size_matched.cases(field(), prior=prior):
            for lesson in case.lessons:
                labels = [TRUTH[part.corpus][name] for part in lesson.train for name in ids(part)]
                sizes.add(len(labels))
                assert prior == "size" or labels.count("a") == labels.count("b")
        assert len(sizes) == 1


def test_missing_modality_covers_the_six_conditions_of_three_modalities() -> None:
    found = {case.variant for case in missing_modality.cases(field(), rates=[0.5], fills=["mask"])}
    assert found == {"mask:t", "mask:a", "mask:v", "mask:ta", "mask:tv", "mask:av", "mask:rate=0.5"}
    one = missing_modality.cases(field(slots=("text",)), rates=[0.5], fills=["mask"])
    assert {case.reason for case in one} <= {"recipe_has_one_modality"}
