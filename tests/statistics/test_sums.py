"""Sums per dialogue, the bootstrap over dialogues, and the floors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.dummy import DummyClassifier
from sklearn.metrics import confusion_matrix, f1_score

from harness.core.plugins import find, names
from harness.evaluation.matrix import floors, scoring
from harness.statistics import sums
from harness.study.labels import EMOTION4, EMOTION7, VALENCE, ClassSpace, Space
from harness.study.release import Annotation
from harness_adapters import emotiontalk

CASES = [(name, EMOTION4 if find("metric", name).KIND == "classes" else VALENCE) for name in names("metric")]


# of the others the rows of one dialogue decide the value, so no repeated rows say the same
REPEATED = [(name, space) for name, space in CASES if not hasattr(find("metric", name), "SQUARES")]


def scored(space: Space, seed: int, rows: int = 60, dialogues: int = 9) -> scoring.ScoredRows:
    chance = np.random.default_rng(seed)
    clusters = np.concatenate([np.arange(dialogues), chance.integers(0, dialogues, rows - dialogues)])
    if isinstance(space, ClassSpace):
        truth = chance.choice(4, rows, p=[0.7, 0.15, 0.1, 0.05])  # so rare that resamples lose a class
        scores = chance.dirichlet(np.ones(4), size=(2, rows))
    else:
        truth = chance.uniform(-1, 1, rows)
        scores = np.clip(truth[None, :, None] + chance.normal(0, 0.5, (2, rows, 1)), -1, 1)
    return scoring.ScoredRows(truth, scores.astype(np.float32), clusters, rows, (1, 2))


@pytest.mark.parametrize(("name", "space"), REPEATED)
def test_a_resample_is_the_metric_of_repeated_dialogues(name: str, space: Space) -> None:
    cell, metric = scored(space, 1), find("metric", name)
    weights = sums.draws(9, 30, seed=5)
    fast = sums.resampled(scoring.statistic(cell, space, metric), weights, metric)
    for at, drawn in enumerate(weights.astype(int)):
        rows = [
            row
            for dialogue, times in enumerate(drawn)
            for _ in range(times)
            for row in np.flatnonzero(cell.clusters == dialogue)
        ]
        scores = cell.scores[:, rows] if isinstance(space, ClassSpace) else cell.scores[:, rows, 0]
        slow = metric.point(torch.from_numpy(cell.truth[rows]), torch.from_numpy(scores.copy())).mean(axis=0)
        lost = getattr(metric, "AVERAGES_CLASSES", False) and set(cell.truth[rows]) < set(cell.truth)
        assert_allclose(fast[at], np.nan if lost else slow, atol=5e-6)


@pytest.mark.parametrize(("name", "space"), REPEATED)
def test_drawing_every_dialogue_once_is_the_point_value(name: str, space: Space) -> None:
    cell, metric = scored(space, 2), find("metric", name)
    once = sums.resampled(scoring.statistic(cell, space, metric), np.ones((1, 9)), metric)
    scores = cell.scores if isinstance(space, ClassSpace) else cell.scores[..., 0]
    assert_allclose(
        once[0], metric.point(torch.from_numpy(cell.truth), torch.from_numpy(scores)).mean(axis=0), atol=5e-6
    )


def test_confusion_counts_per_replicate_and_dialogue() -> None:
    truth, clusters = np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1])
    predicted = np.array([[0, 1, 2, 2], [1, 1, 1, 1]])
    counts = sums.confusion(truth, predicted, clusters, 3)
    assert counts.shape == (2, 2, 3, 3)
    for replicate in range(2):
        for dialogue in range(2):
            rows = clusters == dialogue
            expected = confusion_matrix(truth[rows], predicted[replicate][rows], labels=range(3))
            assert_array_equal(counts[replicate, dialogue], expected)


def test_draws_take_as_many_dialogues_as_there_are_and_repeat_themselves() -> None:
    draws = sums.draws(12, 50, seed=3)
    assert draws.shape == (50, 12)
    assert_array_equal(draws.sum(axis=1), np.full(50, 12))
    assert_array_equal(draws, sums.draws(12, 50, seed=3))
    assert (draws != sums.draws(12, 50, seed=4)).any()
    assert abs(draws.mean() - 1) < 1e-9
    assert_allclose(sums.draws(12, 20_000, seed=3).var(axis=0), 11 / 12, atol=0.05)


def test_two_sources_on_one_target_are_compared_on_the_same_draws() -> None:
    """Paired: a source that is right where another is, and once more, is ahead in no resample less than zero."""
    cell, metric = scored(EMOTION4, 3), find("metric", "wa")
    weights = sums.draws(9, 200, seed=1)
    worse = cell.scores.argmax(axis=-1)
    better = np.where(np.arange(60) < 6, cell.truth, worse)
    values = [
        sums.resampled(sums.confusion(cell.truth, one, cell.clusters, 4), weights, metric) for one in (better, worse)
    ]
    assert (values[0] >= values[1]).all()
    assert (values[0] < np.roll(values[1], 1)).any(), "with draws of its own it would often look behind"


def test_the_interval_is_that_of_the_percentiles() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    assert sums.interval(values, 0.95) == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])))
    assert sums.interval(values, 0.5) == pytest.approx(tuple(np.percentile(values, [25, 75])))


@pytest.mark.parametrize(("undefined", "known"), [(50, True), (51, False), (1000, False)])
def test_a_metric_that_is_often_undefined_has_no_interval(undefined: int, known: bool) -> None:
    values = np.linspace(0, 1, 1000)
    values[:undefined] = np.nan
    found = sums.interval(values, 0.95)
    assert (found is not None) == known
    assert found is None or np.isfinite(found).all()


def test_the_majority_floor_is_that_of_the_dummy_classifier() -> None:
    truth = scored(EMOTION4, 4).truth
    guess = DummyClassifier(strategy="most_frequent").fit(truth, truth).predict(truth)
    assert_array_equal(sums.majority(truth, 4), confusion_matrix(truth, guess, labels=range(4)))


def test_the_prior_matched_floor_is_the_mean_of_guessing() -> None:
    truth, chance = scored(EMOTION4, 5).truth, np.random.default_rng(0)
    guesses = np.array([chance.permutation(truth) for _ in range(4000)])
    counts = sums.confusion(truth, guesses, np.zeros(len(truth), dtype=np.int64), 4)
    assert_allclose(sums.prior_matched(truth, 4), counts.mean(axis=(0, 1)), atol=0.2)
    shares = np.bincount(truth, minlength=4) / len(truth)
    assert find("metric", "wa").from_statistic(sums.prior_matched(truth, 4)) == pytest.approx((shares**2).sum())
    assert find("metric", "uar").from_statistic(sums.prior_matched(truth, 4)) == pytest.approx(1 / 4)


@pytest.fixture(scope="module")
def real_labels(corpora_folder: Path) -> list[Annotation]:
    release = emotiontalk.read(corpora_folder / "EmotionTalk")
    tested = {row.id for row in release.utterances if row.split == "test"}
    return [row for row in release.annotations if row.id in tested]


@pytest.mark.parametrize(
    ("space", "expected"),
    [(EMOTION7, {"wa": 0.415, "uar": 0.143, "wf1": 0.244}), (EMOTION4, {"wa": 0.531, "wf1": 0.368, "uar": 0.25})],
)
def test_floors_of_emotiontalk(real_labels: list[Annotation], space: ClassSpace, expected: dict[str, float]) -> None:
    """Counted from the official test groups G00003 and G00015, main label: 801 of 1,929 are neutral."""
    labels = [row.shared[space.name].value for row in real_labels]
    truth = np.array([space.classes.index(str(label)) for label in labels if label is not None])
    for name, value in expected.items():
        assert floors.floors(truth, space, name)[0] == pytest.approx(value, abs=5e-4)
    constant = np.full(len(truth), space.classes.index("neutral"))
    reference = f1_score(truth, constant, average="weighted", zero_division=0)
    assert floors.floors(truth, space, "wf1")[0] == pytest.approx(reference)


def simulated(seed: int, dialogues: int = 80) -> tuple[Any, Any, Any]:
    """Three classes, right with a probability that is the dialogue's own and .6 on average."""
    chance = np.random.default_rng([11, seed])
    clusters = np.repeat(np.arange(dialogues), chance.integers(4, 16, dialogues))
    right = chance.random(len(clusters)) < chance.beta(3, 2, dialogues)[clusters]
    truth = chance.integers(0, 3, len(clusters))
    return truth, np.where(right, truth, (truth + 1) % 3)[None], clusters


def coverage(by_dialogue: bool, studies: int) -> float:
    uar, hits = find("metric", "uar"), 0
    for seed in range(studies):
        truth, predicted, clusters = simulated(seed)
        units = clusters if by_dialogue else np.arange(len(truth))
        weights = sums.draws(int(units.max()) + 1, 300, seed)
        found = sums.interval(sums.resampled(sums.confusion(truth, predicted, units, 3), weights, uar), 0.95)
        assert found is not None
        hits += found[0] <= 0.6 <= found[1]
    return hits / studies


def test_the_interval_over_dialogues_holds_the_truth_as_often_as_it_says() -> None:
    assert 0.90 <= coverage(by_dialogue=True, studies=400) <= 0.98


def test_resampling_rows_instead_would_promise_too_much() -> None:
    assert coverage(by_dialogue=False, studies=120) < 0.88
