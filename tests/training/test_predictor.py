"""What replicates say: normalised once for all that have the same normaliser, and never more rows than memory holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from harness.core import exact, gpu_use
from harness.core.plugins import find, names
from harness.study.labels import space
from harness.study.params.plugin_options import OF_TRAINING
from harness.training import network, network_batched, predictor, replicates
from harness.training.batches import Feed
from harness.training.feature_rows import Examples, FeatureRows
from harness.training.predictor import Predictor
from harness.training.replicates import Trial

SPACE = space("emotion4")
SETTINGS = {"hidden": 8, "lr": 0.01, "weight_decay": 0.0, "batch": 32, "epochs": 2, "patience": 2}
RECIPE = {"normalise": "source_std", "balanced": True, "settings": SETTINGS}


def rows(n: int, seed: int = 0) -> FeatureRows:
    chance = np.random.default_rng(seed)
    return FeatureRows.of(text=chance.normal(size=(n, 6)).astype(np.float32))


@pytest.fixture(scope="module")
def trained() -> list[Any]:
    """Three seeds of one fold."""
    y = np.arange(80) % 4
    data = replicates.TrainingData(Examples(rows(80), y, None), Examples(rows(40, 1), y[:40], None), RECIPE)
    return replicates.train(find("fusion", "mlp"), data, SPACE, RECIPE, [Trial(seed, SETTINGS) for seed in (1, 2, 3)])


def test_rows_are_normalised_once_for_replicates_with_one_normaliser(
    trained: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    feed_of = predictor.feed_of
    monkeypatch.setattr(predictor, "feed_of", lambda *of: made.append(of) or feed_of(*of))
    module, x = find("fusion", "mlp"), rows(30, 2)
    together = Predictor(module, x, SPACE, RECIPE)
    said = [together.predict(of.arrays, of.chosen) for of in trained]
    assert len(made) == 1
    other = {name: array + (name == "norm.text.mean") for name, array in trained[0].arrays.items()}
    moved = together.predict(other, trained[0].chosen)
    assert len(made) == 2, "another normaliser"
    for of, scores in zip(trained, said, strict=True):
        np.testing.assert_array_equal(scores, predictor.predict(module, of.arrays, x, SPACE, RECIPE, of.chosen))
    np.testing.assert_array_equal(moved, predictor.predict(module, other, x, SPACE, RECIPE, trained[0].chosen))


def test_all_replicates_of_a_batch_together_hold_what_one_may(monkeypatch: pytest.MonkeyPatch) -> None:
    module, given = find("fusion", "tfn"), []
    settings = {"size": 3, "hidden": 4}
    models = [network.start(module, {"a": 6}, SPACE, settings, seed)[0] for seed in (1, 2, 3)]
    stack, buffers = torch.func.stack_module_state(models)
    models[0].at_once = 12
    feed = Feed(FeatureRows.of(a=rows(50).parts["text"]), "none", {})
    batch = feed.batch
    monkeypatch.setattr(feed, "batch", lambda which: given.append(len(which)) or batch(which))
    scores = network_batched._scores(models[0], {name: of.detach() for name, of in stack.items()}, buffers, feed, SPACE)
    assert max(given) == 4, "12 rows for three replicates"
    assert scores.shape == (3, 50, 4)
    for at, model in enumerate(models):
        np.testing.assert_allclose(scores[at], network.scores_of(model, feed, SPACE), atol=1e-6)


@pytest.mark.parametrize("name", names("fusion"))
def test_a_setting_of_a_model_has_the_name_of_no_setting_of_training(name: str) -> None:
    own = set(getattr(find("fusion", name), "SETTINGS", {}))
    assert not own & {*OF_TRAINING, "alignment", "alignment_weight", "align"}


def test_fp32_on_a_gpu_is_fp32() -> None:
    before = torch.are_deterministic_algorithms_enabled()
    try:
        exact.set_exact.cache_clear()
        exact.set_exact()
        assert not torch.backends.cudnn.allow_tf32
        assert not torch.backends.cuda.matmul.allow_tf32
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(before)


def test_a_gpu_that_torch_cannot_use_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(gpu_use, "DEVICES", (tmp_path / "nvidia0",))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert gpu_use.unused_gpu() == ""
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu_use.unused_gpu().startswith(f"this machine has a GPU ({tmp_path / 'nvidia0'}), and torch ")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpu_use.unused_gpu() == "", "it was hidden on purpose"
