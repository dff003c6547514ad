"""Studies of several modalities in a world of known truth: what fusion gains, what is missing, what a search tries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_studies import stage
from worlds import LINEAR, recipe, study

from harness.core import paths
from harness.features import store as features
from harness.study import manifest, predictions
from harness.study.labels import EMOTION4
from harness.training import (
    matrix_row,
    matrix_row_pieces,
    model_files,
)

NETWORK = {"hidden": 16, "dropout": 0.0, "lr": 0.01, "weight_decay": 0.01, "batch": 64, "epochs": 6, "patience": 6}


ROWS = {
    "text": recipe(text=True),
    "audio": recipe(audio=True),
    "video": recipe(video=True),
    "all": recipe(True, True, True),
}


def uar(recipe_name: str, source: str, target: str) -> float:
    """Score a cell by the stage's own metric, on test rows."""
    path = paths.prediction(recipe_name, source, "emotion4", target)
    labels = manifest.read_labels(paths.labels(target))
    found = predictions.read(path, EMOTION4)
    values = []
    for one in found:
        rows = [at for at, split in enumerate(one.splits) if split == "test"]
        truth = [manifest.label_of(labels[one.ids[at]], "emotion4", "multimodal") for at in rows]
        known = [(EMOTION4.classes.index(str(t)), int(one.scores[at].argmax())) for at, t in zip(rows, truth) if t]  # noqa: B905
        recalls = [np.mean([p == t for t, p in known if t == c]) for c in {t for t, _ in known}]
        values.append(float(np.mean(recalls)))
    return float(np.mean(values))


@pytest.mark.slow
def test_fusion_gains_where_sound_and_picture_tell_and_only_there(tmp_path: Path, monkeypatch: Any) -> None:
    cells = [("emotiontalk", "meld"), ("meld", "emotiontalk"), ("meld", "meld"), ("emotiontalk", "emotiontalk")]
    gains = {}
    for told in (1.0, 0.0):
        folder = tmp_path / str(told)
        folder.mkdir()
        monkeypatch.chdir(folder)
        study(folder, ROWS, told, utterances=900)
        best = [max(uar(name, *cell) for name in ("text", "audio", "video")) for cell in cells]
        gains[told] = [uar("all", *cell) - one for cell, one in zip(cells, best, strict=True)]
    assert np.mean(gains[1.0]) > 0.06
    assert min(gains[1.0]) > 0
    assert np.mean(gains[0.0]) < 0.02, "features that say nothing made it better"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("fusion", ["linear", "attention"])
def test_an_utterance_without_a_face_is_scored_by_what_there_is(folder: Path, fusion: str) -> None:
    settings = LINEAR["settings"] if fusion == "linear" else NETWORK
    study(folder, {"all": recipe(True, True, True, fusion=fusion, settings=settings)}, lost=0.3)
    store = features.read(paths.features("seen", "meld", "native"))
    (first, *_) = predictions.read(paths.prediction("all", "emotiontalk", "emotion4", "meld"), EMOTION4)
    without = [at for at, name in enumerate(first.ids) if name in store.failed]
    assert len(without) > 15
    assert len(first.ids) == sum(row.split != "train" for row in manifest.read_utterances(paths.utterances("meld")))
    scores = np.asarray(first.scores)[without]
    assert np.isfinite(scores).all()
    assert len({tuple(np.round(row, 6)) for row in scores.tolist()}) > 10, "they were all given the same"


def test_a_corpus_without_any_face_is_no_target_with_the_reason(folder: Path) -> None:
    params = study(folder, {"all": recipe(True, True, True)})
    ids = list(manifest.read_labels(paths.labels("meld")))
    nothing = dict.fromkeys(ids, "no_face")
    features.write(
        paths.features("seen", "meld", "native"), [], np.zeros((0, 12), np.float32), nothing, {"digest": "0" * 64}
    )
    stage("transfer", params, "all")
    cells = json.loads(paths.plan("all").read_text())["cells"]
    assert {(c["source"], c["target"]): c.get("reason") for c in cells} == {
        ("emotiontalk", "emotiontalk"): None,
        ("emotiontalk", "meld"): "target_no_video",
        ("meld", "emotiontalk"): "source_no_video",
        ("meld", "meld"): "source_no_video",
    }


def test_a_search_tries_the_same_draws_everywhere_and_keeps_the_best(folder: Path) -> None:
    settings = {**NETWORK, "hidden": [8, 16, 32], "lr": {"low": 1e-4, "high": 0.05, "log": True}, "draws": 4}
    params = study(folder, {"all": recipe(True, True, fusion="concat", settings=settings)})
    rows = json.loads(paths.plan("all").read_text())["rows"]
    assert len(rows) == 2
    budgets = [sorted((one["hidden"], one["lr"]) for one in row["tried"]) for row in rows]
    assert budgets[0] == budgets[1]
    assert len(budgets[0]) == 4
    for row in rows:
        best = max(row["tried"], key=lambda one: one["dev"])
        assert [one["seed"] for one in row["replicates"]] == [1, 2]
        for one in row["replicates"]:
            assert (one["chosen"]["hidden"], one["chosen"]["lr"]) == (best["hidden"], best["lr"])
        assert row["replicates"][0]["dev"] == best["dev"], "the first seed was trained twice"
    before = paths.model("all", "meld", "emotion4").stat().st_mtime_ns
    stage("transfer", params, "all")
    assert paths.model("all", "meld", "emotion4").stat().st_mtime_ns == before


def test_replicates_that_are_there_are_not_trained_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed stage leaves finished replicates in data/work; the model made with them is the same."""
    params = study(folder, {"all": recipe(True, True, fusion="concat", settings=NETWORK)})
    whole = paths.model("all", "meld", "emotion4").read_bytes()
    paths.model("all", "meld", "emotion4").unlink()
    trained: list[int] = []
    real = matrix_row_pieces.training.train

    def counted(module: Any, lesson: Any, space: Any, row: Any, trials: Any) -> Any:
        trained.extend(trial.seed for trial in trials)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return real(module, lesson, space, row, trials)

    monkeypatch.setattr(matrix_row_pieces.training, "train", counted)
    with pytest.raises(KeyboardInterrupt):
        stage("transfer", params, "all")
    assert len(list(paths.WORK.glob("*/*.safetensors"))) == 1
    stage("transfer", params, "all")
    assert trained == [1, 2, 2]
    assert paths.model("all", "meld", "emotion4").read_bytes() == whole
    assert not list(paths.WORK.glob("*/*.safetensors"))


def test_replicates_trained_as_one_batch_go_through_the_same_stage(folder: Path) -> None:
    params = study(folder, {"all": recipe(True, True, fusion="concat", settings=NETWORK)})
    alone = [one.dev for one in model_files.read(paths.model("all", "meld", "emotion4")).replicates]
    params["engine"] = {**params["engine"], "batch": True}
    paths.model("all", "meld", "emotion4").unlink()
    stage("transfer", params, "all")
    together = [one.dev for one in model_files.read(paths.model("all", "meld", "emotion4")).replicates]
    assert together == pytest.approx(alone, abs=0.02)


def test_an_encoder_in_the_slot_of_another_modality_is_refused(folder: Path) -> None:
    from harness.core.errors import SettingError

    wrong = {**recipe(audio=True), "text": "heard", "audio": "none"}
    with pytest.raises(SettingError, match="text: heard is an encoder of audio; name it under `audio` or `also`"):
        study(folder, {"wrong": wrong})
    assert matrix_row.OF_TESTING
