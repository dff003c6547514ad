"""Variants of a cell: what dev cannot tell apart and what resampled dialogues give, held against direct computation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.recipes_compared import PairOnTarget, compared
from harness.evaluation.matrix.variants import (
    EqualSettings,
    Variants,
    at_equal_settings,
    retrained_differences,
    variants_of,
)
from harness.study.labels import EMOTION4
from harness.study.predictions import Predictions

N = 240
NAMES = [f"u{at}" for at in range(N)]
TRUTH = np.random.default_rng(1).integers(0, 4, N)
TESTED = scoring.Tested(dict(zip(NAMES, TRUTH.tolist(), strict=True)), {n: n for n in NAMES}, NAMES)
FOLDS = {"a": slice(0, 120), "b": slice(120, 240)}


def predicted(seed: int, variant: str = "", fold: str = "all", rows: slice = slice(None)) -> Predictions:
    chance = np.random.default_rng([seed, len(variant), sum(map(ord, variant + fold))])
    scores = chance.random((N, 4), dtype=np.float32)[rows]
    scores[np.arange(len(scores)), TRUTH[rows]] += 0.4
    return Predictions(fold, seed, NAMES[rows], ["test"] * len(NAMES[rows]), scores, variant)


def uar(*parts: Predictions) -> float:
    said = np.concatenate([part.scores.argmax(axis=1) for part in parts])
    truth = np.concatenate([[TRUTH[NAMES.index(name)] for name in part.ids] for part in parts])
    return float(balanced_accuracy_score(truth, said))


def made(
    selected: list[Predictions],
    others: list[Predictions],
    chosen: Mapping[tuple[str, int], str] | None = None,
    by_fold: bool = False,
    metrics: tuple[str, ...] = ("uar",),
) -> Variants:
    return variants_of(TESTED, selected, others, chosen or {}, by_fold, EMOTION4, metrics)


def test_the_range_of_a_cell_is_that_over_its_tied_settings() -> None:
    selected, others = predicted(1), [predicted(1, f"c={c}") for c in (1, 2, 3)]
    found = made([selected], others, {("all", 1): "c=0.1"})
    values = [uar(one) for one in (selected, *others)]
    assert found.range("uar", uar(selected)) == pytest.approx((min(values), max(values)))
    assert set(found.settings) == {"c=0.1", "c=1", "c=2", "c=3"}
    assert found.train_spread("uar") is None


def test_every_metric_has_its_own_range() -> None:
    selected, other = predicted(1), predicted(1, "c=1")
    found = made([selected], [other], metrics=("uar", "macro_f1", "recall", "ece"))
    said = other.scores.argmax(axis=1)
    for metric, value in (
        ("macro_f1", f1_score(TRUTH, said, average="macro")),
        ("recall/sad", recall_score(TRUTH, said, average=None)[1]),
    ):
        mine = selected.scores.argmax(axis=1)
        base = (
            f1_score(TRUTH, mine, average="macro")
            if metric == "macro_f1"
            else recall_score(TRUTH, mine, average=None)[1]
        )
        assert found.tied["c=1"][metric] == pytest.approx(float(value - base))
    assert "ece" in found.tied["c=1"]


def test_a_fold_whose_dev_decided_keeps_its_selected_model() -> None:
    selected = [predicted(1, "", fold, rows) for fold, rows in FOLDS.items()]
    other = predicted(1, "c=1", "a", FOLDS["a"])
    found = made(selected, [other], {("a", 1): "c=2", ("b", 1): "c=2"}, by_fold=True)
    assert found.tied["c=1"]["uar"] == pytest.approx(uar(other, selected[1]) - uar(*selected))
    assert set(found.settings) == {"c=2"}, "c=1 is not there for all folds"
    both = made(selected, [other], {("a", 1): "c=2", ("b", 1): "c=1"}, by_fold=True)
    assert set(both.settings) == {"c=1"}, "fold b has selected c=1, fold a has it tied"


def test_what_was_trained_with_the_first_seed_is_compared_with_that_seed() -> None:
    selected = [predicted(seed) for seed in (1, 2, 3)]
    other = predicted(1, "resample=1")
    again = predicted(1, "resample=2")
    found = made(selected, [again, other])
    added = [uar(one) - uar(selected[0]) for one in (other, again)]
    assert [of["uar"] for of in found.resampled] == pytest.approx(added)
    assert found.train_spread("uar") == pytest.approx(np.std(added, ddof=1))
    assert not found.tied


def recipe(seed: int, names: list[str], chosen: str) -> Variants:
    return made([predicted(seed)], [predicted(seed, name) for name in names], {("all", 1): chosen, ("all", 2): chosen})


def test_two_recipes_at_equal_settings() -> None:
    first, second = recipe(1, ["c=1", "c=2"], "c=0.1"), recipe(2, ["c=2", "c=3"], "c=1")
    kept = frozenset(NAMES)
    found = at_equal_settings([(first, second)], kept, EMOTION4, "uar")
    at_one = uar(predicted(1, "c=1")) - uar(predicted(2))
    at_two = uar(predicted(1, "c=2")) - uar(predicted(2, "c=2"))
    assert found == (1, pytest.approx(min(at_one, at_two)), pytest.approx(max(at_one, at_two)))
    apart = at_equal_settings([(first, recipe(2, ["c=9"], "c=8"))], kept, EMOTION4, "uar")
    assert apart == EqualSettings(0, None, None)


def test_two_recipes_are_retrained_on_the_same_resamples() -> None:
    names = [f"resample={number}" for number in range(1, 11)]
    first, second = recipe(1, names, "c=1"), recipe(2, names, "c=1")
    kept = frozenset(NAMES[:200])
    found = retrained_differences([(first, second)], kept, EMOTION4, "uar")

    def value(seed: int, name: str) -> float:
        return float(balanced_accuracy_score(TRUTH[:200], predicted(seed, name).scores[:200].argmax(axis=1)))

    assert found == pytest.approx([value(1, name) - value(2, name) for name in names])
    assert retrained_differences([(first, recipe(2, [], "c=1"))], kept, EMOTION4, "uar") is None


def test_a_comparison_shows_both_parts_of_its_variance() -> None:
    chance = np.random.default_rng(4)
    resamples, retrained = chance.normal(0.03, 0.01, 4000), chance.normal(0.03, 0.02, 10)
    pair = PairOnTarget("a", "b", "t", 2, 200, 0.03, resamples, None, EqualSettings(2, 0.01, 0.05), retrained.tolist())
    (found,) = compared([pair], 0.95)
    sd = np.std(retrained, ddof=1)
    assert found.sd_train == pytest.approx(sd)
    wider = np.sqrt(1 + (sd / resamples.std(ddof=1)) ** 2)
    assert (found.low, found.high) != (None, None)
    assert found.high_total - 0.03 == pytest.approx(wider * (found.high - 0.03))  # type: ignore[operator]
    assert 0.03 - found.low_total == pytest.approx(wider * (0.03 - found.low))  # type: ignore[operator]
    assert found.detectable == pytest.approx(2.8016 * np.hypot(resamples.std(ddof=1), sd), rel=1e-4)
    assert (found.equal_cells, found.equal_low, found.equal_high) == (2, 0.01, 0.05)


@pytest.mark.parametrize("change", [{"retrained": None}, {"retrained": []}])
def test_without_retraining_the_second_part_is_not_there(change: dict[str, Any]) -> None:
    drawn = np.random.default_rng(4).normal(0.03, 0.01, 400)
    (found,) = compared([PairOnTarget("a", "b", "t", 1, 200, 0.03, drawn, None, **change)], 0.95)
    assert (found.sd_train, found.low_total, found.high_total) == (None, None, None)
    assert found.detectable == pytest.approx(2.8016 * drawn.std(ddof=1), rel=1e-4)
