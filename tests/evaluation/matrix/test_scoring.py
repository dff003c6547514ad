"""From predictions and truth to values, floors and warnings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import balanced_accuracy_score, recall_score

from harness.core.plugins import find, names
from harness.evaluation.matrix import floors, scoring
from harness.statistics import sums
from harness.study.labels import EMOTION4, POLARITY3, VALENCE
from harness.study.predictions import Predictions

CHANCE = np.random.default_rng(8)
TRUTH = CHANCE.choice(4, 80, p=[0.5, 0.3, 0.2, 0])  # no anger
SCORES = CHANCE.dirichlet(np.ones(4), size=(3, 80)).astype(np.float32)
CLUSTERS = np.arange(80) // 8
SCALE = np.round(CHANCE.exponential(0.5, 80).clip(0, 2) - 1, 1)  # skewed, and often on the border of two intervals


def scored(truth: Any = TRUTH, scores: Any = SCORES, seeds: tuple[int, ...] = (1, 2, 3)) -> scoring.ScoredRows:
    return scoring.ScoredRows(truth, scores, CLUSTERS, 80, seeds)


def said(fold: str, seed: int, rows: dict[str, str], score: float) -> Predictions:
    scores = np.full((len(rows), 3), score, dtype=np.float32) + np.arange(len(rows), dtype=np.float32)[:, None] / 100
    return Predictions(fold, seed, list(rows), list(rows.values()), scores)


def test_rows_stand_in_the_order_of_the_target_and_only_labelled_test_rows_count() -> None:
    found = [said("all", 1, {"d": "dev", "c": "test", "a": "test", "b": "test", "n": "test"}, 0.0)]
    truth = {"a": 2, "b": 0, "c": 1, "d": 1}
    dialogues = {"a": "x", "b": "y", "c": "x", "d": "y", "n": "z"}
    aligned = scoring.Tested(truth, dialogues, ["a", "b", "n", "c"]).align(found, in_domain=True)
    assert_array_equal(aligned.truth, [2, 0, 1])
    assert_array_equal(aligned.clusters, [0, 1, 0])
    assert_allclose(aligned.scores[0, :, 0], [0.02, 0.03, 0.01])
    assert (aligned.asked, aligned.seeds) == (4, (1,))


def test_in_domain_the_folds_of_a_seed_are_one_replicate() -> None:
    found = [
        said(fold, seed, {dev: "dev", test: "test"}, at + seed / 10)
        for seed in (1, 2)
        for at, (fold, dev, test) in enumerate([("S1", "b", "a"), ("S2", "c", "b"), ("S3", "a", "c")])
    ]
    names = ["a", "b", "c"]
    aligned = scoring.Tested(dict.fromkeys(names, 0), {name: name for name in names}, names).align(
        found, in_domain=True
    )
    assert aligned.scores.shape == (2, 3, 3)
    assert_allclose(aligned.scores[:, :, 0], [[0.11, 1.11, 2.11], [0.21, 1.21, 2.21]])
    assert aligned.seeds == (1, 2)


def test_cells_with_other_rows_number_the_dialogues_of_common_rows_alike() -> None:
    """Turns of two dialogues alternate, and one cell lacks the very first: its dialogues appear in another order."""
    names = ["a", "b", "c", "d"]
    dialogues = {"a": "x", "b": "y", "c": "x", "d": "y"}
    sides = [
        scoring.Tested(dict.fromkeys(names, 0), dialogues, names).align(
            [said("all", 1, dict.fromkeys(rows, "test"), 0.0)], in_domain=True
        )
        for rows in (names, names[1:])
    ]
    whole, part = (one.only({"b", "c", "d"}) for one in sides)
    assert whole.ids == part.ids == ["b", "c", "d"]
    assert_array_equal(whole.clusters, [0, 1, 0])
    assert_array_equal(part.clusters, whole.clusters)


def test_across_corpora_every_fold_is_a_replicate() -> None:
    found = [said(fold, seed, {"a": "test", "b": "dev"}, seed) for seed in (1, 2) for fold in ("S1", "S2", "S3")]
    aligned = scoring.Tested({"a": 1, "b": 1}, {"a": "x", "b": "x"}, ["a"]).align(found, in_domain=False)
    assert aligned.scores.shape == (6, 1, 3)
    assert aligned.seeds == (1, 1, 1, 2, 2, 2)


def test_a_row_that_one_replicate_lacks_is_scored_for_none() -> None:
    found = [said("S1", 1, {"a": "test", "b": "test"}, 0), said("S2", 1, {"b": "test"}, 0)]
    aligned = scoring.Tested({"a": 1, "b": 2}, {"a": "x", "b": "y"}, ["a", "b"]).align(found, in_domain=False)
    assert_array_equal(aligned.truth, [2])
    assert aligned.asked == 2, "coverage tells"


def test_values_of_every_metric_have_one_point_per_replicate_and_one_per_resample() -> None:
    kinds = {name: find("metric", name).KIND for name in names("metric")}
    weights = sums.draws(10, 50, 1)
    for space, kind, cell in (
        (EMOTION4, "classes", scored()),
        (VALENCE, "scale", scored(SCALE, SCORES[..., :1] - 0.5)),
    ):
        wanted = [name for name in kinds if kinds[name] == kind]
        found = {value.metric: value for value in scoring.values(cell, space, wanted, weights)}
        parts = [f"recall/{name}" for name in EMOTION4.classes] if kind == "classes" else []
        assert set(found) == {*wanted, *parts} - {"recall"}
        for value in found.values():
            assert value.replicates.shape == (3,)
            assert value.resamples.shape == (50,)


def test_values_are_those_of_scikit_learn_class_by_class() -> None:
    found = {v.metric: v for v in scoring.values(scored(), EMOTION4, ["uar", "recall"], sums.draws(10, 9, 1))}
    for at, predicted in enumerate(SCORES.argmax(axis=-1)):
        with np.errstate(all="ignore"), pytest.warns(UserWarning, match="y_pred contains classes"):
            assert found["uar"].replicates[at] == pytest.approx(balanced_accuracy_score(TRUTH, predicted))
        by_class = recall_score(TRUTH, predicted, labels=range(4), average=None, zero_division=np.nan)
        for place, name in enumerate(EMOTION4.classes):
            assert found[f"recall/{name}"].replicates[at] == pytest.approx(by_class[place], nan_ok=True)
    assert np.isnan(found["recall/anger"].resamples).all()


def test_floors_of_classes() -> None:
    shares = np.bincount(TRUTH, minlength=4) / len(TRUTH)
    happy, sad = shares[:2]
    assert floors.floors(TRUTH, EMOTION4, "wa") == pytest.approx((happy, (shares**2).sum()))
    assert floors.floors(TRUTH, EMOTION4, "uar") == pytest.approx((1 / 3, 1 / 3))
    assert floors.floors(TRUTH, EMOTION4, "recall/happy") == pytest.approx((1, happy))
    assert floors.floors(TRUTH, EMOTION4, "recall/sad") == pytest.approx((0, sad))
    assert floors.floors(TRUTH, EMOTION4, "recall/anger") == (None, None)
    assert floors.floors(TRUTH, EMOTION4, "ece") == (None, None)


def test_the_floor_of_mae_is_the_best_constant_there_is() -> None:
    floor, random = floors.floors(SCALE, VALENCE, "mae")
    assert floor is not None
    assert floor == pytest.approx(
        min(np.abs(SCALE - constant).mean() for constant in np.linspace(-1, 1, 4001)), abs=1e-5
    )
    assert random is None


def test_floors_of_a_scale() -> None:
    assert floors.floors(SCALE, VALENCE, "ccc") == (pytest.approx(0, abs=1e-9), None)
    assert floors.floors(SCALE, VALENCE, "pearson") == (None, None), "a constant has no correlation"
    for name, borders in {"acc2": [0], "acc3": [-0.1, 0.1], "acc5": [-0.7, -0.1, 0.1, 0.7]}.items():
        counts = np.bincount(np.digitize(SCALE, borders, right=True))
        assert floors.floors(SCALE, VALENCE, name) == (pytest.approx(counts.max() / 80), None)


def always(name: int, share: float, k: int = 4) -> Any:
    predicted = np.where(np.arange(80) < round(80 * share), name, (name + 1) % k)
    return np.eye(k, dtype=np.float32)[predicted][None]


def test_a_nearly_constant_predictor_is_named_with_its_class() -> None:
    cell = scored(TRUTH, np.concatenate([SCORES, always(1, 0.975)]), (1, 2, 3, 4))
    assert scoring.degeneracy(cell, EMOTION4) == ["nearly constant prediction (sad) in 1 of 4 replicates"]


@pytest.mark.parametrize(("share", "warned"), [(0.95, True), (0.9375, False)])
def test_nearly_constant_begins_at_95_percent(share: float, warned: bool) -> None:
    found = scoring.degeneracy(scored(TRUTH, always(0, share)), EMOTION4)
    assert any("nearly constant" in warning for warning in found) == warned


def test_a_class_that_no_replicate_gives_is_named_if_the_truth_holds_it() -> None:
    found = scoring.degeneracy(scored(np.arange(80) % 3, always(0, 0.5, 3)), POLARITY3)
    assert found == ["never predicted: positive"]
    assert scoring.degeneracy(scored(np.arange(80) % 2, always(0, 0.5, 3)), POLARITY3) == []


def test_a_constant_on_a_scale_is_degenerate() -> None:
    flat = np.full((2, 80, 1), 0.1, dtype=np.float32)
    assert scoring.degeneracy(scored(SCALE, flat), VALENCE) == ["constant prediction"]
    assert scoring.degeneracy(scored(SCALE, SCORES[..., :1]), VALENCE) == []


def test_the_spread_over_seeds_is_that_of_the_means_over_folds() -> None:
    value = scoring.Value("uar", np.array([0.1, 0.3, 0.5, 0.9]), np.zeros(3))
    assert scoring.seed_spread(value, (1, 1, 2, 2)) == pytest.approx(np.std([0.2, 0.7], ddof=1))
    assert scoring.seed_spread(value, (1, 2, 3, 4)) == pytest.approx(np.std([0.1, 0.3, 0.5, 0.9], ddof=1))
    assert scoring.seed_spread(value, (1, 1, 1, 1)) is None
