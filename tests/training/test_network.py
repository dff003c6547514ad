"""Gradient descent: it learns, by its seed alone, all of its parameters, and keeps its best epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from harness.core.errors import SettingError
from harness.core.plugins import find
from harness.study.labels import EMOTION4, VALENCE, Space
from harness.study.selected_settings import BEST, ONE_STANDARD_ERROR
from harness.training import network, network_batched
from harness.training.batches import Feed
from harness.training.feature_rows import FeatureRows
from harness.training.network import Taught
from harness.training.replicates import dev_score
from harness.training.selection import DevRows, SelectedModel

SETTINGS: dict[str, Any] = {
    "hidden": 16,
    "layers": 2,
    "dropout": 0.2,
    "lr": 0.01,
    "weight_decay": 0.01,
    "batch": 4,
    "epochs": 5,
    "patience": 5,
}
CHANCE = np.random.default_rng(6)
X = CHANCE.normal(size=(60, 10)).astype(np.float32)
TRUTH: dict[str, Any] = {EMOTION4.name: CHANCE.integers(0, 4, 60), VALENCE.name: CHANCE.uniform(-1, 1, 60)}
NETWORKS = ["mlp"]  # the contract that every one keeps is in tests/fusion/test_contract.py
every_network = pytest.mark.parametrize("name", NETWORKS)
every_space = pytest.mark.parametrize("space", [EMOTION4, VALENCE], ids=lambda space: space.name)


def feed(x: Any) -> Feed:
    return Feed(FeatureRows.of(text=x[:, :6], audio=x[:, 6:]), "none", {})


def examples(space: Space, rows: slice, weight: Any = None) -> Taught:
    truth = TRUTH[space.name][rows]
    return Taught(feed(X[rows]), truth, np.ones(len(truth)) if weight is None else weight)


def trained(
    name: str,
    space: Space,
    seed: int = 1,
    scripted: Scripted | None = None,
    rows: slice = slice(40),
    **settings: Any,
) -> SelectedModel:
    train = examples(space, rows)
    dev = examples(space, slice(40, 60)) if scripted is None else train
    on_dev = scripted or DevRows(dev.y, None, space, BEST)
    return network.train(find("fusion", name), train, dev.feed, on_dev, space, {**SETTINGS, **settings}, seed)


@every_network
@every_space
def test_it_overfits_eight_examples(name: str, space: Space) -> None:
    settings = {**SETTINGS, "dropout": 0, "weight_decay": 0, "epochs": 150, "patience": 150}
    few = examples(space, slice(8))
    on_dev = DevRows(few.y, None, space, BEST)
    found = network.train(find("fusion", name), few, few.feed, on_dev, space, settings, 1)
    scores = network.predict(find("fusion", name), found.arrays, few.feed, space, settings)
    assert found.dev > 0.99
    assert dev_score(scores, few.y, space) == pytest.approx(found.dev, abs=1e-6)


@every_network
@every_space
def test_a_seed_decides_everything(name: str, space: Space) -> None:
    torch.manual_seed(123)
    first = trained(name, space, seed=1)
    torch.manual_seed(456)
    torch.rand(7)
    again = trained(name, space, seed=1)
    assert (first.dev, first.chosen) == (again.dev, again.chosen)
    for part, array in first.arrays.items():
        assert_array_equal(array, again.arrays[part])
    other = trained(name, space, seed=2).arrays
    assert all((array != other[part]).any() for part, array in first.arrays.items())


@every_network
@every_space
def test_training_moves_every_parameter(name: str, space: Space) -> None:
    before = trained(name, space, lr=0.0, epochs=1).arrays
    after = trained(name, space, epochs=1).arrays
    assert all((before[part] != after[part]).any() for part in before)


class Scripted(DevRows):
    """Dev rows whose scores are told, one after the other, with the standard error of the best."""

    def __init__(self, values: Sequence[float], error: float = 0.0, rule: str = BEST) -> None:
        super().__init__(np.zeros(1, dtype=np.int64), None, EMOTION4, rule)
        self.rule = rule  # as of a hundred rows
        self.values, self.told = values, error
        self.seen: list[Any] = []

    def score(self, scores: Any) -> float:
        self.seen.append(scores.copy())
        return self.values[len(self.seen) - 1]

    def error(self, scores: Any) -> float:
        best = int(np.argmax(self.values[: len(self.seen)]))
        assert_array_equal(scores, self.seen[best], err_msg="the error asked for is not that of the best")
        return self.told


@every_network
def test_the_best_epoch_is_kept_and_the_first_of_equals(name: str) -> None:
    on_dev = Scripted([0.1, 0.7, 0.3, 0.7, 0.2])
    found = trained(name, EMOTION4, scripted=on_dev)
    assert (found.dev, found.chosen, len(on_dev.seen)) == (0.7, {"epoch": 2}, 5)
    again = network.predict(find("fusion", name), found.arrays, feed(X[:40]), EMOTION4, SETTINGS)
    np.testing.assert_allclose(again, on_dev.seen[1], atol=1e-6)
    assert np.abs(again - on_dev.seen[4]).max() > 1e-3


@every_network
@pytest.mark.parametrize(
    ("error", "rule", "selected", "tied"),
    [
        (0.05, ONE_STANDARD_ERROR, 3, [("epoch=best", 4)]),  # 2 is too far from the best, 3 near enough
        (0.05, BEST, 4, [("epoch=first", 3)]),
        (0.0, ONE_STANDARD_ERROR, 4, []),
        (9.0, ONE_STANDARD_ERROR, 1, [("epoch=best", 4)]),
        (9.0, BEST, 4, [("epoch=first", 1)]),
    ],
)
def test_the_first_epoch_within_one_standard_error_of_the_best_is_selected(
    name: str, error: float, rule: str, selected: int, tied: list[tuple[str, int]]
) -> None:
    on_dev = Scripted([0.1, 0.5, 0.66, 0.7, 0.68], error, rule)
    found = trained(name, EMOTION4, scripted=on_dev)
    assert (found.chosen, found.dev, found.error) == ({"epoch": selected}, on_dev.values[selected - 1], error)
    assert [(one.name, one.chosen["epoch"]) for one in found.tied] == tied
    for arrays, epoch in [(found.arrays, selected), *((one.arrays, one.chosen["epoch"]) for one in found.tied)]:
        again = network.predict(find("fusion", name), arrays, feed(X[:40]), EMOTION4, SETTINGS)
        np.testing.assert_allclose(again, on_dev.seen[epoch - 1], atol=1e-6)


@every_network
def test_patience_ends_the_training(name: str) -> None:
    on_dev = Scripted([0.5, 0.4, 0.4, 0.4, 0.9])
    found = trained(name, EMOTION4, scripted=on_dev, patience=3)
    assert (found.dev, found.chosen, len(on_dev.seen)) == (0.5, {"epoch": 1}, 4)


@every_network
@every_space
def test_predictions_are_probabilities_or_lie_inside_the_scale(name: str, space: Space) -> None:
    arrays = trained(name, space).arrays
    scores = network.predict(find("fusion", name), arrays, feed(X * 100), space, SETTINGS)
    assert scores.dtype == np.float32
    if space is EMOTION4:
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
        assert (scores >= 0).all()
    else:
        assert scores.shape == (60, 1)
        assert (np.abs(scores) <= 1).all()
    alone = network.predict(find("fusion", name), arrays, feed(X[3:4] * 100), space, SETTINGS)
    np.testing.assert_allclose(alone, scores[3:4], atol=1e-5, err_msg="dropout is on, or rows mix")


@every_network
def test_a_row_without_weight_teaches_nothing(name: str) -> None:
    truth = TRUTH[EMOTION4.name][:40].copy()
    weight = np.ones(40)
    weight[:10] = 0
    dev = examples(EMOTION4, slice(40, 60))
    runs = []
    for wrong in (0, 3):
        truth[:10] = wrong
        train = Taught(feed(X[:40]), truth.copy(), weight)
        on_dev = DevRows(dev.y, None, EMOTION4)
        runs.append(network.train(find("fusion", name), train, dev.feed, on_dev, EMOTION4, SETTINGS, 1).arrays)
    for part in runs[0]:
        assert_array_equal(runs[0][part], runs[1][part])


@every_space
def test_a_training_that_diverges_is_an_error_and_not_a_model(space: Space) -> None:
    with pytest.raises(SettingError, match=r"the model mlp diverged in epoch \d+ \(lr 1e\+30\); lower its lr"):
        trained("mlp", space, lr=1e30)


@every_network
@every_space
def test_replicates_trained_as_one_are_those_trained_alone(name: str, space: Space) -> None:
    """Without dropout nothing is drawn but the first parameters and the order of rows: the same in both."""
    module, train, dev = find("fusion", name), examples(space, slice(40)), examples(space, slice(40, 60))
    shared = {**SETTINGS, "dropout": 0, "clip": 0.5}
    settings = [{**shared, "lr": lr, "weight_decay": decay} for lr, decay in ((0.01, 0.1), (0.003, 0.0), (0.01, 0.1))]
    seeds = [1, 2, 3]
    on_dev = DevRows(dev.y, None, space, BEST)
    together = network_batched.train(module, train, dev.feed, on_dev, space, settings, seeds)
    for found, own, seed in zip(together, settings, seeds, strict=True):
        alone = network.train(module, train, dev.feed, on_dev, space, own, seed)
        assert (found.dev, found.chosen) == (pytest.approx(alone.dev, abs=1e-4), alone.chosen)
        for part, value in alone.arrays.items():
            np.testing.assert_allclose(found.arrays[part], value, atol=2e-4, err_msg=part)


@every_network
def test_each_of_the_replicates_trained_as_one_stops_by_itself(name: str) -> None:
    class OfEither(Scripted):
        def error(self, scores: Any) -> float:
            return self.told

    on_dev = OfEither([0.9, 0.1, 0.5, 0.2, 0.5, 0.3, 0.4, 0.2])  # two replicates; the first is out after epoch 3
    train, dev = examples(EMOTION4, slice(40)), examples(EMOTION4, slice(40))
    settings = {**SETTINGS, "patience": 2}
    module = find("fusion", name)
    found = network_batched.train(module, train, dev.feed, on_dev, EMOTION4, [settings] * 2, [1, 2])
    assert [(one.dev, one.chosen) for one in found] == [(0.9, {"epoch": 1}), (0.4, {"epoch": 4})]
    again = network.predict(module, found[0].arrays, feed(X[:40]), EMOTION4, SETTINGS)
    np.testing.assert_allclose(
        again, on_dev.seen[0], atol=1e-5, err_msg="the parameters kept are not those of its epoch"
    )


def test_a_dropped_modality_leaves_one_at_least() -> None:
    torch.manual_seed(1)
    present = torch.tensor([[True, True], [True, False], [False, True]]).repeat(400, 1)
    _, kept = network.dropped(None, present, {"drop_modality": 0.7})
    assert kept.any(dim=1).all()
    assert not (kept & ~present).any()
    # of two, one is dropped alone in 21 of 100; where both would be (49 of 100), both stay
    np.testing.assert_allclose(kept[::3].float().mean(dim=0), 0.79, atol=0.06)
    assert network.dropped(None, present, {})[1] is present
