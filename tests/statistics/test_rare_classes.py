"""Classes of very few rows: they decide no mean over classes, and an interval of the others covers as it says."""

from __future__ import annotations

import numpy as np
import pytest

from harness.core.plugins import find
from harness.evaluation.matrix import scoring
from harness.statistics import sums
from harness.statistics.rare_classes import rare, without_rare
from harness.study.labels import EMOTION7

UAR, MACRO_F1, WF1 = (find("metric", name) for name in ("uar", "macro_f1", "wf1"))
ROWS = [409, 27, 271, 2, 276, 12, 427]  # a quarter of IEMOCAP's neutral, happy ... with its two rows of disgust
RECALL = [0.7, 0.4, 0.6, 0.5, 0.5, 0.5, 0.6]


@pytest.mark.parametrize(
    ("support", "least", "expected"),
    [
        ([100, 2, 0, 50], 10, [False, True, False, False]),
        ([100, 10, 9], 10, [False, False, True]),
        ([5, 5, 4], 10, [False, False, False]),  # of a few-shot dev split nothing is left out
        ([100, 2, 3], 10, [False, False, False]),  # a mean over one class says nothing
        ([100, 2], 0, [False, False]),
        ([0, 0], 10, [False, False]),
    ],
)
def test_a_class_is_rare_below_the_least_support_unless_all_are(
    support: list[int], least: int, expected: list[bool]
) -> None:
    assert rare(np.array(support), least).tolist() == expected


def counts(hits: int) -> np.ndarray:
    """Confusion (replicates, dialogues, 7, 7) of ROWS in one dialogue, `hits` of the two disgust rows right."""
    matrix = np.zeros((7, 7))
    for at, rows in enumerate(ROWS):
        right = hits if at == 3 else round(rows * RECALL[at])
        matrix[at, at], matrix[at, (at + 1) % 7] = right, rows - right
    return np.stack([matrix, matrix])[:, None]


@pytest.mark.parametrize("metric", [UAR, MACRO_F1])
def test_two_rows_decide_nothing(metric: object) -> None:
    values = [metric.from_statistic(without_rare(counts(hits), metric, 10)[:, 0]) for hits in (0, 1, 2)]  # type: ignore[attr-defined]
    np.testing.assert_allclose(values, np.full((3, 2), values[0][0]), atol=0.003)  # macro-F1: two predictions less
    before = [metric.from_statistic(counts(hits)[:, 0])[0] for hits in (0, 2)]  # type: ignore[attr-defined]
    assert metric is MACRO_F1 or before[1] - before[0] > 0.1


def test_a_metric_that_weighs_rows_keeps_all_of_them() -> None:
    np.testing.assert_array_equal(without_rare(counts(1), WF1, 10), counts(1))


def drawn(chance: np.random.Generator, least: int) -> scoring.ScoredRows:
    """A test set in 40 dialogues, the two disgust rows in one of them, by a model of fixed recalls."""
    truth = np.repeat(np.arange(7), ROWS)
    clusters = chance.integers(0, 40, len(truth))
    clusters[truth == 3] = 7
    clusters = np.unique(clusters, return_inverse=True)[1]
    said = np.where(chance.random(len(truth)) < np.array(RECALL)[truth], truth, (truth + 1) % 7)
    scores = np.eye(7, dtype=np.float32)[said][None]
    return scoring.ScoredRows(truth, scores, clusters, len(truth), (1,), [str(at) for at in range(len(truth))], least)


def test_the_interval_covers_without_the_two_rows_and_not_with_them() -> None:
    chance, held = np.random.default_rng(3), {0: 0, 10: 0}
    trials = 120
    for _ in range(trials):
        for least in held:
            scored = drawn(chance, least)
            statistic = scoring.statistic(scored, EMOTION7, UAR)
            values = sums.resampled(statistic, sums.draws(scored.dialogues, 400, 1), UAR)
            kept = [at for at in range(7) if ROWS[at] >= least]
            low, high = np.nanquantile(values, [0.025, 0.975])
            held[least] += low <= np.mean([RECALL[at] for at in kept]) <= high
    assert held[10] / trials > 0.88
    assert held[0] / trials < 0.80


def test_a_resample_without_a_class_has_no_value() -> None:
    scored = drawn(np.random.default_rng(5), 0)
    statistic = scoring.statistic(scored, EMOTION7, UAR)
    weights = sums.draws(scored.dialogues, 500, 1)
    values = sums.resampled(statistic, weights, UAR)
    np.testing.assert_array_equal(np.isnan(values), weights[:, scored.clusters[scored.truth == 3][0]] == 0)
    assert 0.25 < np.isnan(values).mean() < 0.5
    assert scoring.interval(values, scored.dialogues, 0.95) == (None, None)
