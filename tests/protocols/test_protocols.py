"""The contract of every protocol beside single_source, over four corpora of which one is divided by sessions."""

from __future__ import annotations

from collections import Counter

import pytest

from harness.core.plugins import find, names
from harness.protocols import few_shot, missing_modality, oracle, pooled, size_matched
from harness.protocols._case import Case, CaseContext, CorpusPart
from harness.study import splits
from harness.study.utterance import Split, Utterance


def utterance(name: str, split: Split, fold: str | None = None) -> Utterance:
    return Utterance(name, split, f"d{name}", 0, None, "zh", "text", fold=fold)


CLASSES = ("a", "b")
CORPORA = {
    "one": [utterance(f"one_{split}{n}", split) for n in range(40) for split in ("train", "dev", "test")],
    "two": [utterance(f"two_{split}{n}", split) for n in range(30) for split in ("train", "dev", "test")],
    "sessions": [utterance(f"s{s}u{n}", "train", f"Ses0{s}") for s in range(1, 6) for n in range(12)],
    "cousin": [utterance(f"cousin_{split}{n}", split) for n in range(20) for split in ("train", "dev", "test")],
}
TRUTH = {name: {row.id: CLASSES[at % 2] for at, row in enumerate(rows)} for name, rows in CORPORA.items()}
TRAIN = [
    (name, [[TRUTH[name][one] for one in fold.train] for fold in splits.folds(rows)]) for name, rows in CORPORA.items()
]

TRAIN_ROWS = {name: min((fold.train for fold in splits.folds(rows)), key=len) for name, rows in CORPORA.items()}


def context(**other: object) -> CaseContext:
    folds = {name: [fold.name for fold in splits.folds(rows)] for name, rows in CORPORA.items()}
    known = {
        "recipe": "r",
        "slots": ("text", "audio", "video"),
        "space": "s",
        "classes": 2,
        "why_no_source": dict.fromkeys(CORPORA, ""),
        "why_no_target": dict.fromkeys(CORPORA, ""),
        "families": {name: "two" if name == "cousin" else name for name in CORPORA},
        "folds": folds,
        "counts": {name: {one: min(part.count(one) for part in parts) for one in CLASSES} for name, parts in TRAIN},
        "rows": {name: min(map(len, parts)) for name, parts in TRAIN},
        "seeds": (1, 2, 3),
    }
    return CaseContext(**{**known, **other})  # type: ignore[arg-type]


def ids(part: CorpusPart) -> list[str]:
    return part.ids(CORPORA[part.corpus], TRUTH[part.corpus])


def asked(case: Case, fold: str) -> set[str]:
    rows = CORPORA[case.target]
    if fold:
        return set(next(one for one in splits.folds(rows) if one.name == fold).test)
    return {name for name, split in splits.target_rows(rows).items() if split == "test"}


PLANNED = names("protocol")


@pytest.mark.parametrize("name", PLANNED)
def test_no_case_learns_from_or_selects_on_what_it_is_tested_on(name: str) -> None:
    taught = 0
    for case in find("protocol", name).cases(context()):
        assert not (case.runs and case.reason)
        for run in case.runs:
            train, dev = ([one for part in parts for one in ids(part)] for parts in (run.train, run.dev))
            mine = asked(case, run.tested)
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
    cases = list(find("protocol", name).cases(context()))
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        learned = {part.corpus for run in case.runs for part in (*run.train, *run.dev)}
        family = context().families
        assert all(one == case.target or family[one] != family[case.target] for one in learned), case


@pytest.mark.parametrize("name", PLANNED)
def test_together_the_tested_rows_of_a_case_are_those_of_the_matrix(name: str) -> None:
    for case in find("protocol", name).cases(context()):
        by_seed: dict[tuple[int, str], list[str]] = {}
        for run in case.runs:
            for seed in run.seeds:
                key = (seed, "" if run.tested else run.fold)
                by_seed.setdefault(key, []).extend(sorted(asked(case, run.tested)))
        for found in by_seed.values():
            assert sorted(found) == sorted(asked(case, ""))


@pytest.mark.parametrize("name", PLANNED)
def test_a_corpus_that_cannot_be_used_has_a_reason_in_every_case(name: str) -> None:
    broken = context(
        why_no_source={**dict.fromkeys(CORPORA, ""), "one": "source_not_annotated"},
        why_no_target={**dict.fromkeys(CORPORA, ""), "one": "target_not_annotated"},
    )
    for case in find("protocol", name).cases(broken):
        learned = {part.corpus for run in case.runs for part in (*run.train, *run.dev)}
        assert "one" not in learned
        if case.target == "one":
            assert case.reason


def test_only_the_oracle_selects_on_the_target_and_only_few_shot_and_pooled_learn_from_it() -> None:
    for name in PLANNED:
        for case in find("protocol", name).cases(context()):
            if case.source == case.target:
                continue
            trained = {part.corpus for run in case.runs for part in run.train}
            selected = {part.corpus for run in case.runs for part in run.dev}
            assert case.target not in trained or find("protocol", name) in (few_shot, pooled)
            if case.source == splits.NO_SOURCE or find("protocol", name) is pooled:
                continue
            assert (case.target in selected) == (find("protocol", name) is oracle and bool(case.runs))


def test_shots_are_so_many_of_each_class_nested_and_drawn_anew() -> None:
    small, large = (CorpusPart("one", per_class=k, draw=1) for k in (3, 8))
    other = CorpusPart("one", per_class=3, draw=2)
    for part, k in ((small, 3), (large, 8)):
        labels = [TRUTH["one"][name] for name in ids(part)]
        assert sorted(labels) == ["a"] * k + ["b"] * k
    assert set(ids(small)) < set(ids(large))
    assert ids(small) != ids(other)
    held, kept = (ids(CorpusPart("one", per_class=8, draw=1, hold=hold)) for hold in (-0.25, 0.25))
    assert sorted([*held, *kept]) == sorted(ids(large))
    assert len(held) == 4


def test_few_rows_are_held_out_only_where_something_is_chosen() -> None:
    for chooses, learned in ((True, 8), (False, 10)):  # of five of each class
        (case, *_) = [
            one for one in few_shot.cases(context(chooses=chooses), shots=[5]) if one.source == splits.NO_SOURCE
        ]
        assert len(ids(case.runs[0].train[0])) == learned


def test_more_shots_than_there_are_is_a_reason() -> None:
    reasons = {case.variant: case.reason for case in few_shot.cases(context(), shots=[5, 50]) if case.target == "one"}
    assert reasons["k=5"] == ""
    assert reasons["k=50"] == "target_has_20_of_a_class"


def test_size_matched_sources_are_as_large_as_the_smallest_and_with_the_same_prior() -> None:
    for prior in ("size", "matched"):
        sizes = set()
        for case in size_matched.cases(context(), prior=prior):
            for run in case.runs:
                labels = [TRUTH[part.corpus][name] for part in run.train for name in ids(part)]
                sizes.add(len(labels))
                assert prior == "size" or labels.count("a") == labels.count("b")
        assert len(sizes) == 1


def test_matched_sources_learn_the_classes_that_all_of_them_have(monkeypatch: pytest.MonkeyPatch) -> None:
    rare = {name: "c" if name in ids(CorpusPart("one"))[:9] else label for name, label in TRUTH["one"].items()}
    monkeypatch.setitem(TRUTH, "one", rare)
    counts = {**context().counts, "one": dict(Counter(rare[name] for name in ids(CorpusPart("one"))))}
    assert counts["one"]["c"] == 9
    found = list(size_matched.cases(context(counts=counts, classes=3), prior="matched"))
    learned = set()
    for run in [run for case in found for run in case.runs]:
        shares = Counter(TRUTH[part.corpus][name] for part in run.train for name in ids(part))
        learned.add(tuple(sorted(shares.items())))
        assert "c" not in {TRUTH[part.corpus][name] for part in run.dev for name in ids(part)}
    assert learned == {(("a", 10), ("b", 10))}
    alone = {**counts, "one": {"c": 40}}
    assert {case.reason for case in size_matched.cases(context(counts=alone, classes=3), prior="matched")} == {
        "sources_share_fewer_than_two_classes",
        "same_family",
    }
    scale = size_matched.cases(context(counts={name: {"": 9} for name in CORPORA}, classes=0), prior="matched")
    assert {case.reason for case in scale} == {"scale_has_no_classes", "same_family"}


def test_one_shot_cannot_be_divided_into_what_is_learned_and_what_selects() -> None:
    for chooses, reason in ((True, "nothing_left_to_select_on"), (False, "")):
        planned = few_shot.cases(context(chooses=chooses), shots=[1])
        assert {case.reason for case in planned if case.source == splits.NO_SOURCE} == {reason}


def test_missing_modality_covers_the_six_conditions_of_three_modalities() -> None:
    found = {case.variant for case in missing_modality.cases(context(), rates=[0.5], fills=["mask"])}
    assert found == {"mask:t", "mask:a", "mask:v", "mask:ta", "mask:tv", "mask:av", "mask:rate=0.5"}
    one = missing_modality.cases(context(slots=("text",)), rates=[0.5], fills=["mask"])
    assert {case.reason for case in one} <= {"recipe_has_one_modality"}


def test_corpora_may_count_alike_whatever_their_rows() -> None:
    module = find("protocol", "leave_one_corpus_out")
    for weight, copies in (("rows", {1}), ("corpora", {1, 2})):
        for case in module.cases(context(), weight=weight):
            for run in case.runs:
                learned = [len(TRAIN_ROWS[part.corpus]) * part.copies for part in run.train]
                assert {part.copies for part in run.train} <= copies
                if weight == "corpora":
                    assert max(learned) / min(learned) < 1.5
