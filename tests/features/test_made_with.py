"""What `auto` stands for is part of the key of features: bf16 of a GPU is not fp32 of a CPU."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import tiny

from harness.core.engine_settings import EngineSettings
from harness.core.errors import SettingError
from harness.core.pieces import Needs
from harness.core.plugins import find
from harness.corpora.media.clips import Guard
from harness.encoders import _hub, hf_speech
from harness.features import extract, plan


def digest(options: dict[str, Any]) -> tuple[str, dict[str, str]]:
    made_by = plan._made_by("x", "hf_speech", options, "native", "zh", "float32", [], {})
    return made_by["digest"], made_by["made_with"]


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda there: monkeypatch.setattr(torch.cuda, "is_available", lambda: there)


def test_a_store_of_a_gpu_is_another_one_than_that_of_a_cpu(gpu: Any) -> None:
    options = {"model": str(tiny("hubert_layer"))}
    found = {}
    for there in (False, True):
        gpu(there)
        found[there] = digest(options)
    assert found[False][1] == {"precision": "fp32", "device": "cpu"}
    assert found[True][1] == {"precision": "bf16", "device": "cuda"}
    assert found[False][0] != found[True][0]


def test_features_that_name_their_device_stay_current_everywhere(gpu: Any) -> None:
    options = {"model": str(tiny("hubert_layer")), "device": "cuda"}
    found = []
    for there in (False, True):
        gpu(there)
        found.append(digest(options))
    assert found[0] == found[1]
    gpu(False)
    with pytest.raises(SettingError, match="device is 'cuda', and no GPU is seen here"):
        hf_speech.encoder(**options)


@pytest.mark.parametrize(("option", "value"), [("precision", "fp16"), ("device", "tpu")])
def test_what_is_no_value_is_told(option: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{option} is '{value}'; it is one of "):
        _hub.made_with({option: value})


class GpusElsewhere:
    """An engine whose workers have GPUs, while this machine has none."""

    settings = EngineSettings(memory=7)

    class Workers:
        """Two GPUs beside eight cores."""

        def gpus(self) -> float:
            return 2.0

        def cpus_beside(self, gpus: float) -> int:
            return int(4 * gpus)

    workers = Workers()


def test_what_auto_stands_for_is_decided_once_and_not_by_each_worker(gpu: Any) -> None:
    gpu(False)
    options = {"model": str(tiny("hubert_layer"))}
    made = {
        device: plan._made_by("x", "hf_speech", options, "native", "zh", "float32", [], of_device)
        for device, of_device in (("cpu", {}), ("cuda", {"device": "cuda"}))
    }
    assert made["cuda"]["made_with"] == {"precision": "bf16", "device": "cuda"}
    assert made["cpu"]["digest"] != made["cuda"]["digest"]
    store = plan.Wanted("x", "c", "native", "hf_speech", options, "float32", {}, {}, made["cuda"], Guard(), 0.5)
    engine: Any = GpusElsewhere()
    needs, threads = extract._needs(store, engine)
    assert (needs, threads) == (Needs(2, 0.5, 7), 2)
    (shard,) = extract._shards(store, threads)
    assert json.loads(shard.options) == {**options, "device": "cuda", "precision": "bf16"}


def test_an_encoder_that_shares_no_gpu_runs_on_cores(gpu: Any) -> None:
    made_by = {"digest": "0", "language": "zh"}
    engine: Any = GpusElsewhere()
    without = plan.Wanted("x", "c", "native", "hf_speech", {}, "float32", {}, {}, made_by, Guard(), 0)
    other = plan.Wanted("x", "c", "native", "logmel", {}, "float32", {}, {}, made_by, Guard(), 1)
    assert extract._needs(without, engine) == extract._needs(other, engine) == (Needs(1, 0, 7), 0)


def test_a_model_folder_is_read_once_until_a_file_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_text(name)
    read: list[Any] = []
    monkeypatch.setattr(
        _hub.hashlib, "file_digest", lambda file, _: read.append(file.name) or hashlib.sha256(file.read())
    )
    options = {"model": str(tmp_path)}
    first = _hub.resolved(options)
    assert _hub.resolved(options) == first
    assert len(read) == 2
    (tmp_path / "config.json").write_text("another one")
    assert _hub.resolved(options) != first
    assert len(read) == 3


def test_pictures_are_prepared_by_packages_that_the_key_names() -> None:
    for file in ("hf_image", "hf_video"):
        assert {"torchvision", "transformers"} <= set(find("encoder", file).PACKAGES)


@pytest.mark.parametrize("file", ["hf_text", "hf_speech", "hf_image", "hf_video"])
def test_whether_an_encoder_is_ready_is_asked_without_loading_it(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hub, "network", lambda *_: pytest.fail("loaded"))
    module = find("encoder", file)
    module.ready(model=str(tiny("hubert_layer")), layer=[-1, -2])
    with pytest.raises(SettingError, match="there is no folder /no/such/model"):
        module.ready(model="/no/such/model")


@pytest.mark.parametrize(
    ("file", "options", "num_gpus", "engine_has", "expected"),
    [
        ("hf_text", {}, 1, "cuda", {"device": "cuda"}),
        ("hf_text", {}, 0.5, None, {}),  # this machine is looked at
        ("hf_text", {}, 0, "cuda", {"device": "cpu"}),  # its pieces see no GPU
        ("hf_text", {}, 0, None, {"device": "cpu"}),
        ("hf_text", {"device": "cuda"}, 1, "cpu", {}),  # as the row says
        ("logmel", {}, 1, "cuda", {}),
    ],
)
def test_a_row_that_takes_no_gpu_is_made_on_cores_wherever_there_is_one(
    file: str, options: dict[str, Any], num_gpus: float, engine_has: str | None, expected: dict[str, str]
) -> None:
    assert plan.device_of(file, options, num_gpus, engine_has) == expected
