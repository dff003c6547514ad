"""A network aligned with a target while it is trained: by its seed alone, by features alone, and of use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from harness.core.errors import SettingError
from harness.core.plugins import find
from harness.study.labels import POLARITY3
from harness.training import replicates
from harness.training.feature_rows import Examples, FeatureRows
from harness.training.predictor import predict
from harness.training.replicates import TrainingData, Trial

MLP: dict[str, Any] = {
    "hidden": 24,
    "layers": 2,
    "dropout": 0.1,
    "lr": 0.002,
    "weight_decay": 0.01,
    "batch": 64,
    "epochs": 24,
    "patience": 24,
}
CHANCE = np.random.default_rng(3)


def world(n: int, target: bool) -> Examples:
    """Three classes on a line among noise; the target is moved across the borders and drawn out."""
    y = np.arange(n) % 3
    x = CHANCE.normal(size=(n, 8))
    x[:, 0] += (y - 1) * 4
    if target:
        x = x * np.array([1.2, 0.5, 2, 1, 1, 1, 1, 1]) + np.array([2.5, 2, -2, 0, 0, 0, 0, 0])
    return Examples(FeatureRows.of(text=x[:, :5].astype(np.float32), audio=x[:, 5:].astype(np.float32)), y)


TRAIN, DEV, ADAPT, TEST = world(600, False), world(300, False), world(600, True), world(600, True)


def recipe(align: str, fusion: str = "mlp", **more: Any) -> dict[str, Any]:
    settings = {**MLP, **({"alignment": align} if align else {}), **more}
    return {"fusion": fusion, "normalise": "source_std", "balanced": True, "settings": settings}


def trained(row: dict[str, Any], unlabelled: FeatureRows | None = ADAPT.x, seed: int = 1) -> replicates.Replicate:
    lesson = TrainingData(TRAIN, DEV, row, unlabelled)
    (found,) = replicates.train(find("fusion", row["fusion"]), lesson, POLARITY3, row, [Trial(seed, row["settings"])])
    return found


def uar_on(rows: Examples, row: dict[str, Any], found: replicates.Replicate) -> float:
    scores = predict(find("fusion", row["fusion"]), found.arrays, rows.x, POLARITY3, row)
    return replicates.dev_score(scores, rows.y, POLARITY3)


@pytest.mark.parametrize("align", ["mmd", "dann"])
def test_alignment_helps_on_the_target_and_is_still_right_on_the_source(align: str) -> None:
    plain, aligned = trained(recipe("")), trained(recipe(align))
    assert uar_on(TEST, recipe(align), aligned) > uar_on(TEST, recipe(""), plain) + 0.1
    assert uar_on(DEV, recipe(align), aligned) == pytest.approx(aligned.dev, abs=1e-9)
    assert aligned.dev > 0.85
    assert set(aligned.arrays) == set(plain.arrays), "the discriminator is no part of the model"
    assert aligned.chosen["epoch"] >= 12, "an epoch before the alignment has begun"


@pytest.mark.parametrize("align", ["mmd", "dann"])
@pytest.mark.parametrize("fusion", ["mlp", "attention"])
def test_a_seed_decides_everything_and_the_target_matters(align: str, fusion: str) -> None:
    row = recipe(align, fusion, epochs=2)
    first, again, other = trained(row), trained(row), trained(row, ADAPT.x.take(slice(0, 100)))
    for part in first.arrays:
        assert_array_equal(first.arrays[part], again.arrays[part])
    assert any((first.arrays[part] != other.arrays[part]).any() for part in first.arrays if part.startswith("model"))


def test_without_align_the_rows_of_the_target_change_nothing() -> None:
    row = recipe("", epochs=2)
    with_rows, without = trained(row), trained(row, None)
    for part in without.arrays:
        assert_array_equal(with_rows.arrays[part], without.arrays[part])


def test_the_steps_that_a_memory_network_aligns_its_slots_to_are_no_alignment_with_a_target() -> None:
    """`align: 10` of mfn, mctn, mfm and graph_mfn (docs/fusion.md) once was taken for the name of one."""
    row = recipe("", epochs=2)
    with_steps = trained({**row, "settings": {**row["settings"], "align": 10}}, None)
    for part, values in trained(row, None).arrays.items():
        assert_array_equal(with_steps.arrays[part], values)


def test_alignment_needs_rows_and_is_not_batched() -> None:
    with pytest.raises(SettingError, match="alignment needs train rows of the target"):
        TrainingData(TRAIN, DEV, recipe("mmd"))
    trials = [Trial(seed, recipe("mmd")["settings"]) for seed in (1, 2)]
    assert replicates.together(find("fusion", "mlp"), trials, True) == [(one,) for one in trials]
