"""Training a replicate: weights, selection on source dev, and the way back from disk."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.metrics import balanced_accuracy_score

from harness.core.plugins import find
from harness.study.labels import EMOTION4, EMOTION7, VALENCE, ClassSpace, Space
from harness.study.selected_settings import BEST, ONE_STANDARD_ERROR
from harness.training import model_files, normalisers, replicates
from harness.training.feature_rows import Examples, FeatureRows
from harness.training.predictor import predict
from harness.training.selection import SelectedModel

CHANCE = np.random.default_rng(7)
CENTRES = CHANCE.normal(size=(4, 20))
Y = CHANCE.choice(4, 240, p=[0.6, 0.2, 0.15, 0.05])
DENSE = (CENTRES[Y] + CHANCE.normal(scale=1.5, size=(240, 20)) + 4).astype(np.float32)
COUNTS = sparse.csr_matrix(CHANCE.poisson(np.exp(CENTRES[Y] - 1)).astype(np.float32))
SCALE = np.array([-0.8, -0.2, 0.4, 1.0])[Y] * CHANCE.uniform(0.6, 1, 240)
MLP = {
    "hidden": 8,
    "layers": 1,
    "dropout": 0.1,
    "lr": 0.01,
    "weight_decay": 0.01,
    "batch": 64,
    "epochs": 25,
    "patience": 25,
}
RECIPES: dict[str, dict[str, Any]] = {
    "linear on sparse": {"fusion": "linear", "normalise": "tfidf", "settings": {"c": [0.1, 1, 10]}},
    "linear on dense": {"fusion": "linear", "normalise": "source_std", "settings": {"c": [0.01, 1]}},
    "network": {"fusion": "mlp", "normalise": "target_std", "settings": MLP},
    "network as is": {"fusion": "mlp", "normalise": "none", "settings": MLP},
}
SPACES = [EMOTION4, VALENCE]


def fitted(module: Any, rows: Examples, dev: Examples, space: Space, recipe: Any, seed: int = 1) -> SelectedModel:
    lesson = replicates.TrainingData(rows, dev, recipe)
    (found,) = replicates.train(module, lesson, space, recipe, [replicates.Trial(seed, recipe["settings"])])
    return found


def train(name: str, space: Space, seed: int = 1) -> tuple[Any, dict[str, Any], SelectedModel, Examples]:
    recipe = {**RECIPES[name], "balanced": True}
    module = find("fusion", recipe["fusion"])
    x, y = COUNTS if recipe["normalise"] == "tfidf" else DENSE, Y if isinstance(space, ClassSpace) else SCALE
    dev = Examples(FeatureRows.of(text=x[160:]), y[160:])
    return (
        module,
        recipe,
        fitted(module, Examples(FeatureRows.of(text=x[:160]), y[:160]), dev, space, recipe, seed),
        dev,
    )


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
@pytest.mark.parametrize("name", RECIPES)
def test_a_model_read_from_disk_reproduces_its_dev_score(name: str, space: Space, tmp_path: Path) -> None:
    module, recipe, replicate, dev = train(name, space)
    path = tmp_path / "m.safetensors"
    model_files.write(
        path, "0" * 64, [model_files.Trained("all", 1, replicate.arrays, replicate.dev, replicate.chosen)]
    )
    (read,) = model_files.read(path).replicates
    scores = predict(module, read.arrays, dev.x, space, recipe)
    assert replicates.dev_score(scores, dev.y, space) == pytest.approx(replicate.dev, abs=1e-9)
    assert replicate.dev > (0.35 if space is EMOTION4 else 0.1), "it learned nothing"
    assert read.chosen == replicate.chosen


@pytest.mark.parametrize("name", ["linear on dense", "network"])
def test_dev_rows_and_labels_only_choose(name: str) -> None:
    """With one candidate there is nothing to choose: what dev holds must not reach the parameters."""
    recipe = {**RECIPES[name], "balanced": True}
    recipe["settings"] = {**recipe["settings"], "c": [1], "epochs": 1}
    module = find("fusion", recipe["fusion"])
    found = [
        fitted(
            module,
            Examples(FeatureRows.of(text=DENSE[:160]), Y[:160]),
            Examples(FeatureRows.of(text=x), y),
            EMOTION4,
            recipe,
        ).arrays
        for x, y in ((DENSE[160:], Y[160:]), (DENSE[160:] * 50 + 9, Y[160:] * 0))
    ]
    for part in found[0]:
        assert_array_equal(found[0][part], found[1][part])


def test_own_statistics_replace_those_of_the_source() -> None:
    module, recipe, replicate, dev = train("network", EMOTION4)
    moved = FeatureRows.of(text=dev.x.features_of("text") * 3 + 20)
    own, of_dev = (normalisers.fit_own("target_std", rows) for rows in (moved, dev.x))
    with_own = predict(module, replicate.arrays, moved, EMOTION4, recipe, own=own)
    same = predict(module, replicate.arrays, dev.x, EMOTION4, recipe, own=of_dev)
    assert_allclose(with_own, same, atol=1e-4, err_msg="standardised alike, a shifted corpus looks the same")
    assert np.abs(predict(module, replicate.arrays, moved, EMOTION4, recipe) - with_own).max() > 0.1


@pytest.mark.parametrize("seed", range(5))
def test_balanced_weights_sum_to_n_and_make_classes_count_alike(seed: int) -> None:
    y = np.random.default_rng(seed).choice(7, 90, p=[0.5, 0.2, 0.1, 0.1, 0.1, 0, 0])
    weight = replicates.row_weights(y, EMOTION7, True)
    assert weight.sum() == pytest.approx(90)
    shares = {name: weight[y == name].sum() for name in set(y)}
    support = {name: (y == name).sum() for name in shares}
    enough = [shares[name] for name in shares if support[name] >= 10]
    assert enough == pytest.approx([max(enough)] * len(enough))
    for name, rows in support.items():  # a class of few rows counts as if it had ten
        assert shares[name] == pytest.approx(max(enough) * min(rows / 10, 1))


def test_in_a_few_shot_all_classes_count_alike() -> None:
    y = np.repeat([0, 1, 2, 3], [5, 5, 5, 4])
    weight = replicates.row_weights(y, EMOTION4, True)
    assert [weight[y == name].sum() for name in range(4)] == pytest.approx([19 / 4] * 4)


def test_weights_are_one_without_balance_and_on_a_scale() -> None:
    assert_array_equal(replicates.row_weights(Y, EMOTION4, False), np.ones(240))
    assert_array_equal(replicates.row_weights(SCALE, VALENCE, True), np.ones(240))


class Toy:
    """A model whose dev score is told: probability of the true class of dev is put where the candidate says."""

    def __init__(self, right: list[int]) -> None:
        self.right, self.starts = right, []

    def candidates(self, settings: Any) -> list[dict[str, float]]:
        return [{"c": float(at)} for at in range(len(self.right))]

    def fit(self, x: Any, y: Any, weight: Any, space: Space, candidate: Any, start: Any) -> dict[str, Any]:
        self.starts.append(None if start is None else float(start["right"][1]))
        at = int(candidate["c"])
        return {"right": np.array([self.right[at], at])}

    def predict(self, arrays: Any, x: Any, space: Space) -> Any:
        scores = np.zeros((len(x), 4), dtype=np.float32)
        guess = np.where(np.arange(len(x)) < arrays["right"][0], 0, 1)
        scores[np.arange(len(x)), guess] = 1
        return scores


def of_toy(right: list[int], rule: str, rows: int) -> tuple[Toy, SelectedModel]:
    toy = Toy(right)
    some = Examples(FeatureRows.of(text=np.zeros((rows, 2), dtype=np.float32)), np.zeros(rows, dtype=np.int64))
    recipe = {"normalise": "none", "balanced": False, "settings": {}}
    module: Any = SimpleNamespace(candidates=toy.candidates, fit=toy.fit, predict=toy.predict)
    data = replicates.TrainingData(some, some, recipe, rule=rule)
    (found,) = replicates.train(module, data, EMOTION4, recipe, [replicates.Trial(1, {})])
    return toy, found


@pytest.mark.parametrize(
    ("right", "chosen", "tied"),  # of 100 rows 90 are right: one standard error is sqrt(.9 * .1 / 99) = .030
    [
        ([85, 88, 90, 88], 1, ["c=2", "c=3"]),
        ([80, 86, 90, 90], 2, ["c=3"]),
        ([90, 90, 90], 0, ["c=1", "c=2"]),
        ([10, 20, 90, 30], 2, []),
    ],
)
def test_the_weakest_model_within_one_standard_error_is_selected_and_the_others_are_kept(
    right: list[int], chosen: int, tied: list[str]
) -> None:
    _, found = of_toy(right, ONE_STANDARD_ERROR, 100)
    assert found.error == pytest.approx(0.0302, abs=1e-4)
    assert (found.chosen, found.dev) == ({"c": chosen}, right[chosen] / 100)
    assert [one.name for one in found.tied] == tied
    for one in found.tied:
        assert_array_equal(one.arrays["model.right"], [right[int(one.chosen["c"])], one.chosen["c"]])
        assert one.dev == right[int(one.chosen["c"])] / 100


def test_of_few_dev_rows_the_best_is_selected_and_what_is_tied_is_kept() -> None:
    """Of ten rows one standard error is .1: a few-shot model of the first epoch would be within it."""
    _, found = of_toy([8, 8, 9, 7], ONE_STANDARD_ERROR, 10)
    assert found.chosen == {"c": 2}
    assert [one.name for one in found.tied] == ["c=0", "c=1"]


@pytest.mark.parametrize(("right", "chosen"), [([3, 9, 9, 5], 1), ([4, 3, 2], 0), ([0, 1, 2, 3], 3)])
def test_the_old_rule_takes_the_first_best_on_dev_and_fits_on_from_the_one_before(
    right: list[int], chosen: int
) -> None:
    toy, found = of_toy(right, BEST, 10)
    assert found.chosen == {"c": chosen}
    assert found.dev == right[chosen] / 10
    assert_array_equal(found.arrays["model.right"], [right[chosen], chosen])
    assert toy.starts == [None, *range(len(right) - 1)]


def test_the_dev_score_is_uar_for_classes() -> None:
    scores = np.eye(4, dtype=np.float32)[[0, 0, 1, 2, 2, 2]]
    truth = np.array([0, 1, 1, 2, 2, 0])
    assert replicates.dev_score(scores, truth, EMOTION4) == pytest.approx(
        balanced_accuracy_score(truth, [0, 0, 1, 2, 2, 2])
    )


def test_the_dev_score_of_a_constant_on_a_scale_is_zero_and_not_undefined() -> None:
    flat = np.full((5, 1), 0.3, dtype=np.float32)
    assert replicates.dev_score(flat, np.linspace(-1, 1, 5), VALENCE) == pytest.approx(0)
    assert replicates.dev_score(flat, np.full(5, np.float32(0.3)).astype(np.float64), VALENCE) == 0
