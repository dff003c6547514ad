"""Every metric, by torchmetrics and by sums, against a reference that is written a third time."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import stats
from sklearn import metrics as sk
from small_studies import CHECKOUT

from harness.core.plugins import find, names
from harness.evaluation.matrix import scoring
from harness.study.labels import EMOTION4, EMOTION7, POLARITY3, VALENCE, ClassSpace, Space

Reference = Callable[[Any, Any, int], Any]


def balanced_accuracy(truth: Any, scores: Any, k: int) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "y_pred contains classes not in y_true": that is what we test
        return float(sk.balanced_accuracy_score(truth, scores.argmax(axis=1)))


def calibration_error(truth: Any, scores: Any, k: int) -> float:
    total = 0.0
    for at in range(15):
        inside = [i for i, row in enumerate(scores) if at / 15 < row.max() <= (at + 1) / 15]
        if inside:
            accuracy = sum(scores[i].argmax() == truth[i] for i in inside) / len(inside)
            confidence = sum(float(scores[i].max()) for i in inside) / len(inside)
            total += len(inside) / len(truth) * abs(accuracy - confidence)
    return total


def debiased_error(truth: Any, scores: Any, k: int) -> float:
    """The root of the mean product of the distances of two rows that share a bin."""
    apart = np.array([float(row.argmax() == true) - float(row.max()) for row, true in zip(scores, truth, strict=True)])
    of = np.array([min(int(np.ceil(float(row.max()) * 15)) - 1, 14) for row in scores])
    total = 0.0
    for one in range(15):
        inside = apart[of == one]
        for at, value in enumerate(inside):
            total += value * np.delete(inside, at).sum() / len(inside)
    return float(np.sqrt(max(total / len(truth), 0)))


def concordance(truth: Any, predicted: Any, k: int) -> float:
    n, p = len(truth), predicted[:, 0].astype(float)
    mt, mp = sum(truth) / n, sum(p) / n
    covariance = sum((a - mt) * (b - mp) for a, b in zip(truth, p, strict=True)) / n
    spread = sum((a - mt) ** 2 for a in truth) / n + sum((b - mp) ** 2 for b in p) / n + (mt - mp) ** 2
    return 2 * covariance / spread


def cut_accuracy(*borders: float) -> Reference:
    def accuracy(truth: Any, predicted: Any, k: int) -> float:
        edges = (-np.inf, *borders, np.inf)
        parts = list(pairwise(edges))
        same = [
            (low < truth) & (truth <= high) & (low < predicted[:, 0]) & (predicted[:, 0] <= high) for low, high in parts
        ]
        return float(np.any(same, axis=0).mean())

    return accuracy


REFERENCES: dict[str, Reference] = {
    "uar": balanced_accuracy,
    "macro_f1": lambda t, s, k: sk.f1_score(t, s.argmax(1), labels=np.unique(t), average="macro", zero_division=0),
    "wa": lambda t, s, k: sk.accuracy_score(t, s.argmax(1)),
    "wf1": lambda t, s, k: sk.f1_score(t, s.argmax(1), average="weighted", zero_division=0),
    "recall": lambda t, s, k: sk.recall_score(t, s.argmax(1), labels=range(k), average=None, zero_division=np.nan),
    "ece": calibration_error,
    "rms_ce": debiased_error,
    "brier": lambda t, s, k: np.mean([((row - np.eye(k)[c]) ** 2).sum() for row, c in zip(s, t, strict=True)]),
    "nll": lambda t, s, k: sk.log_loss(t, s, labels=range(k)),
    "ccc": concordance,
    "mae": lambda t, s, k: sk.mean_absolute_error(t, s[:, 0]),
    "pearson": lambda t, s, k: stats.pearsonr(t, s[:, 0]).statistic,
    "acc2": cut_accuracy(0),
    "acc3": cut_accuracy(-0.1, 0.1),
    "acc5": cut_accuracy(-0.7, -0.1, 0.1, 0.7),
}
SPACES: dict[str, list[Space]] = {"classes": [EMOTION4, EMOTION7, POLARITY3], "scale": [VALENCE]}
CASES = [(name, space) for name in REFERENCES for space in SPACES[find("metric", name).KIND]]
EVERY_CASE = [(name, space) for name in names("metric") for space in SPACES[find("metric", name).KIND]]
every_metric = pytest.mark.parametrize("name", names("metric"))
every_case = pytest.mark.parametrize(("name", "space"), CASES, ids=[f"{name}-{space.name}" for name, space in CASES])


def both(name: str, space: Space, truth: Any, scores: Any) -> tuple[Any, Any]:
    """The metric of truth (n,) and scores (replicates, n, columns), by `point` and by `from_statistic`."""
    module, scores = find("metric", name), np.asarray(scores, dtype=np.float32)
    shown = torch.from_numpy(scores if isinstance(space, ClassSpace) else scores[..., 0])
    clusters = np.arange(len(truth)) % (len(truth) if hasattr(module, "SQUARES") else min(3, len(truth)))
    scored = scoring.ScoredRows(np.asarray(truth), scores, clusters, len(truth), (1,))
    sums = scoring.statistic(scored, space, module).sum(axis=1)
    return module.point(torch.from_numpy(np.asarray(truth)), shown), module.from_statistic(sums)


def assert_both(name: str, space: Space, truth: Any, scores: Any, expected: Any, atol: float = 2e-6) -> None:
    point, summed = both(name, space, truth, scores)
    assert_allclose(point, expected, atol=atol, rtol=0)
    assert_allclose(summed, expected, atol=atol, rtol=0)


def one_hot(predicted: Any, k: int) -> Any:
    return np.eye(k)[np.asarray(predicted)][None]


def drawn(space: Space, seed: int) -> tuple[Any, Any]:
    chance = np.random.default_rng(seed)
    n = int(chance.integers(5, 80))
    if isinstance(space, ClassSpace):
        k = len(space.classes)
        present = chance.choice(k, size=int(chance.integers(1, k + 1)), replace=False)
        truth = chance.choice(present, n)
        scores = chance.dirichlet(np.full(k, 0.4), size=(3, n))
        scores[0] += np.eye(k)[truth]  # one replicate that is often right
        return truth, scores / scores.sum(axis=-1, keepdims=True)
    truth = (chance.integers(-5, 6, n) / 5).astype(float)
    return truth, np.clip(truth[None, :, None] * 0.5 + chance.normal(0.1, 0.4, (3, n, 1)), -1, 1)


def test_every_metric_of_the_package_has_an_independent_reference() -> None:
    """A metric is of the package once git tracks its file; a file that somebody only copied in needs no reference."""
    folder = CHECKOUT / "harness" / "metrics"
    command = ["git", "ls-files", "--error-unmatch", "[!_]*.py"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: which files are of the package is not known")
    assert sorted(REFERENCES) == sorted(listed.stdout.replace(".py", "").split()), "write its reference into REFERENCES"


@pytest.mark.parametrize(("name", "space"), EVERY_CASE, ids=[f"{name}-{space.name}" for name, space in EVERY_CASE])
def test_the_sums_of_a_metric_say_what_its_point_says(name: str, space: Space) -> None:
    """This holds for every file of harness/metrics: the interval of a cell is of the sums, its value is the point."""
    for seed in range(10):
        assert_allclose(*both(name, space, *drawn(space, seed)), atol=2e-6, rtol=0)


@every_metric
def test_a_metric_says_what_it_needs_and_which_way_is_up(name: str) -> None:
    module = find("metric", name)
    assert module.KIND in ("classes", "scale")
    assert (
        module.STATISTIC
        in {"classes": ("confusion", "calibration", "probability"), "scale": ("moments", "cut")}[module.KIND]
    )
    assert isinstance(module.HIGHER_IS_BETTER, bool)


@every_case
def test_a_metric_equals_its_reference_on_random_data(name: str, space: Space) -> None:
    k = len(space.classes) if isinstance(space, ClassSpace) else 1
    for seed in range(25):
        truth, scores = drawn(space, seed)
        as_stored = np.asarray(scores, dtype=np.float32)
        assert_both(name, space, truth, scores, [REFERENCES[name](truth, one, k) for one in as_stored])


@every_case
def test_a_perfect_prediction_is_best(name: str, space: Space) -> None:
    truth, scores = drawn(space, 4)
    perfect = one_hot(truth, scores.shape[-1]) if isinstance(space, ClassSpace) else truth[None, :, None]
    best = 1.0 if find("metric", name).HIGHER_IS_BETTER else 0.0
    found = both(name, space, truth, np.concatenate([perfect, scores[1:]]))
    for values in found:
        values = values if values.ndim == 1 else np.nanmean(values, axis=1)
        assert values[0] == pytest.approx(best, abs=1e-6)
        assert (values[1:] < best).all() if best else (values[1:] > best).all()


@every_case
def test_without_any_row_a_metric_is_undefined(name: str, space: Space) -> None:
    truth, scores = drawn(space, 4)
    scored = scoring.ScoredRows(
        truth, scores.astype(np.float32), np.zeros(len(truth), dtype=np.int64), len(truth), (1,)
    )
    sums = scoring.statistic(scored, space, find("metric", name))
    assert np.isnan(find("metric", name).from_statistic(sums * 0)).all()


# ang, hap, sad and fear; the target has no fear, and one hap is predicted as fear
FOUR = ClassSpace("four", ("ang", "hap", "sad", "fear"))
TRUTH = [0, 0, 1, 1, 2, 2]
TRAP = one_hot([0, 0, 1, 3, 2, 2], 4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("uar", 5 / 6),  # not .625 (fear counted), not 1 (the row dropped)
        ("wa", 5 / 6),
        ("macro_f1", (1 + 2 / 3 + 1) / 3),  # not the mean over four
        ("wf1", (1 + 2 / 3 + 1) / 3),
        ("recall", [1, 0.5, 1, np.nan]),
        ("ece", 1 / 6),
    ],
)
def test_a_prediction_of_a_class_the_target_lacks_is_a_miss(name: str, expected: Any) -> None:
    assert_both(name, FOUR, TRUTH, TRAP, [expected])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("uar", 1 / 3),
        ("wa", 1 / 3),
        ("macro_f1", 0.5 / 3),
        ("wf1", 0.5 / 3),
        ("recall", [1, 0, 0, np.nan]),
        ("ece", 2 / 3),
    ],
)
def test_a_constant_class(name: str, expected: Any) -> None:
    assert_both(name, FOUR, TRUTH, one_hot([0] * 6, 4), [expected])


@pytest.mark.parametrize("name", ["uar", "wa", "macro_f1", "wf1"])
@pytest.mark.parametrize(("predicted", "expected"), [(2, 1), (3, 0)])
def test_one_row_of_a_class(name: str, predicted: int, expected: float) -> None:
    assert_both(name, FOUR, [2], one_hot([predicted], 4), [expected])


def test_one_row_has_the_recall_of_its_class_alone() -> None:
    assert_both("recall", FOUR, [2], one_hot([2], 4), [[np.nan, np.nan, 1, np.nan]])


def test_f1_of_a_class_that_is_neither_there_nor_predicted_does_not_count() -> None:
    assert_both("macro_f1", FOUR, [0, 1], one_hot([0, 1], 4), [1])
    assert_both("macro_f1", FOUR, [0, 1], one_hot([0, 2], 4), [0.5])


def test_ece_counts_a_confidence_of_one_into_the_last_of_fifteen_bins() -> None:
    scores = [[[1, 0, 0], [0.97, 0.03, 0]]]  # sure and wrong, nearly sure and right: they share a bin
    assert_both("ece", POLARITY3, [1, 0], scores, [abs(1 - 1.97) / 2])


def test_ece_of_a_calibrated_constant_is_zero() -> None:
    assert_both("ece", POLARITY3, [0, 0, 0, 1], [[[0.75, 0.25, 0]] * 4], [0])


SCALE = np.array([-1, -0.4, 0.2, 0.6, 1])


@pytest.mark.parametrize("constant", [0, 0.1, -0.3, 0.7, 1])
def test_a_constant_on_a_scale(constant: float) -> None:
    scores = np.full((1, 5, 1), constant)
    assert_both("ccc", VALENCE, SCALE, scores, [0])
    assert_both("pearson", VALENCE, SCALE, scores, [np.nan])
    assert_both("mae", VALENCE, SCALE, scores, [np.abs(SCALE - constant).mean()])


@pytest.mark.parametrize("constant", [0.1, -0.3, 0.7])
def test_a_constant_truth(constant: float) -> None:
    truth = np.full(5, constant)
    assert_both("pearson", VALENCE, truth, SCALE[None, :, None], [np.nan])
    assert_both("ccc", VALENCE, truth, SCALE[None, :, None], [0])


def test_truth_and_prediction_of_one_constant_have_no_concordance() -> None:
    assert_both("ccc", VALENCE, np.full(5, 0.5), np.full((1, 5, 1), 0.5), [np.nan])


@pytest.mark.parametrize(
    ("name", "expected"), [("ccc", 0), ("pearson", np.nan), ("mae", 0.25), ("acc2", 1), ("acc5", 0)]
)
def test_one_row_on_a_scale(name: str, expected: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_both(name, VALENCE, [0.5], [[[0.75]]], [expected])


def test_ccc_takes_variances_over_n() -> None:
    truth, predicted = np.array([0.0, 1.0]), np.array([[[0.0], [0.5]]])
    assert_both("ccc", VALENCE, truth, predicted, [2 * 0.125 / (0.25 + 0.0625 + 0.0625)])


@pytest.mark.parametrize(
    ("name", "truth", "right"),
    [
        ("acc2", [0.0, 0.0, 0.1], [-1.0, 0.0, 1.0]),
        ("acc3", [-0.1, 0.1, 0.1, 0.2], [-1.0, 0.0, 0.05, 1.0]),
        ("acc5", [-0.7, -0.1, 0.1, 0.7, 0.8], [-1.0, -0.5, 0.0, 0.5, 1.0]),
    ],
)
def test_a_truth_on_a_border_lies_in_the_interval_below(name: str, truth: list[float], right: list[float]) -> None:
    assert_both(name, VALENCE, np.array(truth), np.array(right)[None, :, None], [1])
    assert_both(name, VALENCE, np.array(truth), -np.array(right)[None, ::-1, None], REFERENCES[name](
        np.array(truth), -np.array(right)[::-1, None], 1))  # fmt: skip
