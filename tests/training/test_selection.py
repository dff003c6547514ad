"""Selection on source dev: the standard error by dialogues, the two rules, and which network is the simplest."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from harness.study.labels import EMOTION4, VALENCE
from harness.study.selected_settings import BEST, ONE_STANDARD_ERROR
from harness.training.selection import DevRows, chosen, chosen_draw

CHANCE = np.random.default_rng(5)


def said(truth: Any, right: Any) -> Any:
    """Probabilities of a model that is right where it is told to be."""
    return np.eye(4, dtype=np.float32)[np.where(right, truth, (truth + 1) % 4)]


def test_the_standard_error_is_the_jackknife_over_dialogues() -> None:
    truth, dialogues = CHANCE.integers(0, 4, 200), CHANCE.integers(0, 12, 200)
    scores = said(truth, CHANCE.random(200) < 0.6)
    without = [
        balanced_accuracy_score(truth[dialogues != one], scores[dialogues != one].argmax(axis=1)) for one in range(12)
    ]
    expected = np.sqrt(11 / 12 * np.square(without - np.mean(without)).sum())
    names = np.array([f"dialogue {one}" for one in dialogues])
    assert DevRows(truth, names, EMOTION4).error(scores) == pytest.approx(expected)


def test_dialogues_that_are_right_or_wrong_as_a_whole_have_a_larger_error_than_rows() -> None:
    truth, dialogues = np.tile(np.arange(4), 60), np.repeat(np.arange(12), 20)
    scores = said(truth, dialogues % 2 == 0)
    by_dialogue, by_row = (DevRows(truth, of, EMOTION4).error(scores) for of in (dialogues, None))
    # 12 dialogues of mean .5, sd .52: .15; 240 rows: .03
    assert by_dialogue == pytest.approx(0.151, abs=0.001)
    assert by_row == pytest.approx(0.0324, abs=0.001)


def test_of_one_dialogue_the_rows_count() -> None:
    truth = np.tile(np.arange(4), 10)
    scores = said(truth, np.arange(40) % 3 > 0)
    one = np.zeros(40, dtype=np.int64)
    assert DevRows(truth, one, EMOTION4).error(scores) == DevRows(truth, None, EMOTION4).error(scores) > 0


def test_a_constant_on_a_scale_has_no_error_and_no_nan() -> None:
    flat, truth = np.full((12, 1), 0.3, dtype=np.float32), np.linspace(-1, 1, 12)
    on_dev = DevRows(truth, np.arange(12) // 3, VALENCE)
    assert (on_dev.score(flat), on_dev.error(flat)) == pytest.approx((0.0, 0.0), abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "error", "rule", "at", "others"),
    [
        ([0.5333, 0.5331, 0.5370, 0.5347, 0.5373, 0.5325], 0.02, ONE_STANDARD_ERROR, 0, [1, 2, 3, 4, 5]),
        ([0.5333, 0.5331, 0.5370, 0.5347, 0.5373, 0.5325], 0.02, BEST, 4, [0, 1, 2, 3, 5]),
        ([0.40, 0.52, 0.53, 0.50], 0.02, ONE_STANDARD_ERROR, 1, [2]),
        ([0.40, 0.52, 0.53, 0.50], 0.0, ONE_STANDARD_ERROR, 2, []),
        ([0.5, 0.5], 0.0, ONE_STANDARD_ERROR, 0, [1]),
    ],
)
def test_the_rules(scores: list[float], error: float, rule: str, at: int, others: list[int]) -> None:
    assert chosen(scores, error, rule) == (at, others)


@pytest.mark.parametrize("seed", range(20))
def test_the_last_bits_of_dev_scores_decide_nothing(seed: int) -> None:
    """Six penalties that dev cannot tell apart: under the old rule another processor may select another one."""
    chance = np.random.default_rng(seed)
    scores = np.array([0.535, 0.534, 0.537, 0.5347, 0.5371, 0.5325])
    moved = scores + chance.normal(0, 3e-4, 6)
    assert chosen(moved.tolist(), 0.02, ONE_STANDARD_ERROR)[0] == 0


def trained(parameters: int, dev: float, error: float = 0.05) -> Any:
    return SimpleNamespace(parameters=parameters, dev=dev, error=error)


def test_the_simplest_network_has_the_fewest_parameters_then_the_most_decay_then_the_most_dropout() -> None:
    draws = [
        {"hidden": 64, "weight_decay": 0.1, "dropout": 0.5},
        {"hidden": 32, "weight_decay": 0.1, "dropout": 0.1},
        {"hidden": 32, "weight_decay": 0.1, "dropout": 0.4},
        {"hidden": 32, "weight_decay": 0.01, "dropout": 0.5},
        {"hidden": 8, "weight_decay": 0.1, "dropout": 0.5},
    ]
    tried = [trained(64, 0.50), trained(32, 0.50), trained(32, 0.48), trained(32, 0.52), trained(8, 0.40)]
    assert chosen_draw(draws, tried, ONE_STANDARD_ERROR) == (2, [1, 3, 0])  # the smallest is too bad
    assert chosen_draw(draws, tried, BEST) == (3, [2, 1, 0])
    assert chosen_draw(draws[:2], [trained(64, 0.5), trained(32, 0.5)], BEST) == (1, [0])
