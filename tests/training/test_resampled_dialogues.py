"""Resamples of the train dialogues: whole dialogues, the same ones for every recipe, and a spread like real samples."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from harness.core.errors import SettingError
from harness.training.feature_rows import Examples, FeatureRows
from harness.training.replicates import TrainingData
from harness.training.resampled_dialogues import drawn, resampled

RECIPE = {"normalise": "source_std", "settings": {}}
NAMES = np.array([f"d{at // 4}" for at in range(400)])


def test_dialogues_are_drawn_whole_and_in_order() -> None:
    which = drawn(NAMES, 1)
    counts = np.bincount(which, minlength=400).reshape(100, 4)
    assert (counts == counts[:, :1]).all(), "a dialogue is torn apart"
    assert (np.diff(which) >= 0).all()
    assert 0.2 < (counts[:, 0] == 0).mean() < 0.55  # exp(-1) = .37 are left out
    assert counts.max() > 1


def test_a_recipe_that_lacks_dialogues_draws_the_others_alike() -> None:
    part = np.array([name for name in NAMES if int(name[1:]) % 3])
    for number in (1, 2, 3):
        whole = dict(zip(*np.unique(NAMES[drawn(NAMES, number)], return_counts=True), strict=True))
        fewer = dict(zip(*np.unique(part[drawn(part, number)], return_counts=True), strict=True))
        assert fewer == {name: count for name, count in whole.items() if int(name[1:]) % 3}


def test_numbers_draw_differently_and_always_the_same() -> None:
    assert_array_equal(drawn(NAMES, 4), drawn(NAMES, 4))
    assert len(drawn(NAMES, 4)) != len(drawn(NAMES, 5)) or (drawn(NAMES, 4) != drawn(NAMES, 5)).any()


def test_the_spread_of_a_mean_over_resamples_is_its_standard_error() -> None:
    chance = np.random.default_rng(2)
    values = np.repeat(chance.normal(0, 1, 100), 4)
    means = [values[drawn(NAMES, number)].mean() for number in range(1, 401)]
    assert np.std(means) == pytest.approx(values[::4].std() / 10, rel=0.12)


def test_the_normaliser_is_fitted_anew_and_dev_is_as_it_was() -> None:
    chance = np.random.default_rng(3)
    x, y = chance.normal(0, 1, (400, 3)).astype(np.float32), chance.integers(0, 4, 400)
    rows = Examples(FeatureRows.of(text=x), y, NAMES)
    data = TrainingData(rows, rows, RECIPE)
    again = resampled(data, 7, RECIPE)
    which = drawn(NAMES, 7)
    assert_array_equal(again.train.y, y[which])
    assert_array_equal(again.state["text.mean"], TrainingData(rows.take(which), rows, RECIPE).state["text.mean"])
    assert np.abs(again.state["text.mean"] - data.state["text.mean"]).max() > 1e-3
    assert again.dev is data.dev


def test_without_dialogues_nothing_is_resampled() -> None:
    rows = Examples(FeatureRows.of(text=np.ones((4, 1), dtype=np.float32)), np.arange(4))
    with pytest.raises(SettingError, match="without dialogues cannot be resampled"):
        resampled(TrainingData(rows, rows, {**RECIPE, "normalise": "none"}), 1, RECIPE)
