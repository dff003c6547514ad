"""What `auto` stands for is part of the key of features: bf16 of a GPU is not fp32 of a CPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_models import tiny

from harness.core.errors import SettingError
from harness.encoders import _hub, hf_speech
from harness.features import plan


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
