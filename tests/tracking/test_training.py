"""Curves and devices of a training: means by hand, the run that carries them, and that a mirror with them converges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mirrored import FACTS, cell, matrix

from harness.core import paths
from harness.core.errors import ResultError
from harness.study.cells import Cell
from harness.tracking.mirror import mirror
from harness.tracking.records import records
from harness.tracking.training import TrainingFacts, of_recipes

CURVES = {"train/dev": [(1, 0.25), (2, 0.5)], "train/loss": [(1, 2.0), (2, 1.0)], "train/replicates": [(1, 2), (2, 1)]}


def replicate(dev: list[float | None], loss: list[float | None], device: str) -> dict[str, Any]:
    curve = {"epoch": list(range(1, len(dev) + 1)), "dev": dev, "loss": loss}
    return {"fold": "all", "seed": 1, "curve": curve, "made_on": {"device": device, "batched": 1}}


def write_plan(recipe: str, *rows: dict[str, Any]) -> None:
    plan = {"recipe": recipe, "settings": {}, "selection": "best", "cells": [], "rows": list(rows)}
    paths.plan(recipe).parent.mkdir(parents=True)
    paths.plan(recipe).write_text(json.dumps(plan), encoding="utf-8")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    return tmp_path


def test_a_curve_is_the_mean_of_the_replicates_that_trained_an_epoch() -> None:
    replicates = [
        replicate([0.2, 0.4, 0.6], [3.0, 2.0, None], "NVIDIA H100"),
        replicate([0.4, None], [1.0, 1.0], "cpu"),
        {"fold": "all", "seed": 3, "made_on": {"device": "cpu"}},
    ]
    write_plan("mlp", {"source": "meld", "space": "emotion4", "replicates": replicates})
    found = of_recipes({"recipes": {"mlp": {}}}, ["mlp", "mlp", "of_others"])
    assert list(found) == [("mlp", "meld", "emotion4")]
    training = found["mlp", "meld", "emotion4"]
    assert training.device == "NVIDIA H100, cpu"
    curves = {name: dict(curve) for name, curve in training.curves.items()}
    assert curves == {
        "train/dev": pytest.approx({1: 0.3, 2: 0.4, 3: 0.6}),
        "train/loss": pytest.approx({1: 2.0, 2: 1.5}),
        "train/replicates": {1: 2, 2: 2, 3: 1},
    }


def test_a_model_without_epochs_has_a_device_alone() -> None:
    linear = {"fold": "all", "seed": 0, "made_on": {"device": "cpu"}}
    write_plan("ngrams", {"source": "meld", "space": "emotion4", "replicates": [linear]})
    assert of_recipes({"recipes": {"ngrams": {}}}, ["ngrams"]) == {
        ("ngrams", "meld", "emotion4"): TrainingFacts({}, "cpu")
    }


def test_a_plan_that_is_missing_is_an_error() -> None:
    with pytest.raises(ResultError, match="dvc repro transfer@mlp"):
        of_recipes({"recipes": {"mlp": {}}}, ["mlp"])


def facts(**curves: Any) -> dict[str, Any]:
    return {**FACTS, "training": {("ngrams", "meld", "emotion4"): TrainingFacts(curves or CURVES, "NVIDIA H100")}}


def test_the_in_domain_run_carries_the_curves_and_every_run_of_the_models_the_device() -> None:
    found = {record.name: record for record in records(matrix(), facts())}
    assert {name for name, record in found.items() if record.curves} == {"meld->meld"}
    of_meld = {"meld->meld", "meld->m3ed", "meld->emotiontalk"}
    assert {name: record.tags["device"] for name, record in found.items() if "device" in record.tags} == dict.fromkeys(
        of_meld, "NVIDIA H100"
    )


def test_of_several_views_the_one_that_was_trained_on_carries_the_curves() -> None:
    def of_view(view: str, protocol: str = "single_source") -> Cell:
        return Cell("emotion4", view, "ngrams", "meld", "meld", protocol, "source_dev", "uar", value=0.5)

    cells = [of_view("text"), of_view("multimodal"), of_view("multimodal", "few_shot")]
    found = records(cells, facts())
    assert [(record.params["view"], bool(record.curves)) for record in found] == [
        ("text", False),
        ("multimodal", True),
        ("multimodal", False),
    ]
    assert "device" not in found[2].tags  # a protocol trains models of its own


def test_a_mirror_with_curves_converges_and_a_changed_curve_makes_a_new_run(here: Path) -> None:
    from mlflow import MlflowClient

    uri = f"sqlite:///{here / 'mlflow.db'}"
    (here / "report.html").write_text("<p>0.4</p>", encoding="utf-8")
    client = MlflowClient(tracking_uri=uri)

    def mirrored(**curves: Any) -> tuple[int, int]:
        cells = [cell("meld", "meld", value=0.5), cell("meld", "m3ed", value=0.4)]
        done = mirror(cells, facts(**curves), [here / "report.html"], uri=uri, experiment="curves", tags={})
        return done.created, done.unchanged

    def curve(metric: str) -> list[tuple[int, float]]:
        (run,) = client.search_runs(["1"], "attributes.run_name = 'meld->meld'")
        return [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, metric)]

    assert mirrored() == (3, 0)
    assert {name: curve(name) for name in CURVES} == CURVES
    assert mirrored() == (0, 3)
    long = [(epoch, 1 / epoch) for epoch in range(1, 1201)]  # more than MLflow takes in a request
    assert mirrored(**{"train/loss": long}) == (1, 2)
    assert curve("train/loss") == long
