"""Model files: replicates come back as trained, damage is named, and nothing is unpickled."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors.numpy import load_file, save_file

from harness.core import sealed_arrays
from harness.core.errors import ResultError
from harness.training import model_files
from harness.training.model_files import Trained

KEY = "ab" * 32
REPLICATES = [
    Trained(
        fold,
        seed,
        {
            "norm.mean": np.arange(3, dtype=np.float64) + seed,
            "norm.columns": np.array([1, 5], dtype=np.int64),
            "model.body.0.weight": np.full((2, 3), seed, dtype=np.float32),
            "model.scalar": np.array(2.5, dtype=np.float32),
        },
        0.1 * seed,
        {"epoch": 3.0},
    )
    for fold, seed in (("Ses02", 1), ("Ses01", 1), ("Ses02", 2))
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    model_files.write(tmp_path / "m" / "x.safetensors", KEY, REPLICATES)
    return tmp_path / "m" / "x.safetensors"


def test_round_trip_in_the_order_written(path: Path) -> None:
    read = model_files.read(path).replicates
    assert [(one.fold, one.seed, one.dev, one.chosen) for one in read] == [
        (one.fold, one.seed, one.dev, one.chosen) for one in REPLICATES
    ]
    for old, new in zip(REPLICATES, read, strict=True):
        assert set(new.arrays) == set(old.arrays)
        for name, array in old.arrays.items():
            assert_array_equal(new.arrays[name], array)
            assert (new.arrays[name].dtype, new.arrays[name].shape) == (array.dtype, array.shape)
    assert [file.name for file in path.parent.iterdir()] == ["x.safetensors"]


def test_variants_come_back_and_what_they_share_is_written_once(tmp_path: Path) -> None:
    first = REPLICATES[0]
    tied = replace(first, arrays={**first.arrays, "model.scalar": np.array(9.0)}, variant="c=0.1", dev=0.2, error=0.01)
    again = replace(
        first, arrays={name: array + 1 for name, array in first.arrays.items()}, variant="resample=1", chosen={"c": 1.0}
    )
    file = tmp_path / "x"
    model_files.write(file, KEY, REPLICATES, variants=[tied, again])
    read = model_files.read(file)
    assert [one.variant for one in read.replicates] == [""] * 3
    for old, new in zip((tied, again), read.variants, strict=True):
        assert (new.fold, new.seed, new.dev, new.chosen, new.error, new.variant) == (
            old.fold, old.seed, old.dev, old.chosen, old.error, old.variant,
        )  # fmt: skip
        assert set(new.arrays) == set(old.arrays)
        for name, array in old.arrays.items():
            assert_array_equal(new.arrays[name], array)
    assert sorted(name for name in load_file(file) if name.endswith("|c=0.1")) == ["Ses02|1|model.scalar|c=0.1"]
    assert [one["variant"] for one in read.facts()["variants"]] == ["c=0.1", "resample=1"]


def test_the_facts_are_everything_but_the_arrays(path: Path) -> None:
    facts = model_files.read(path).facts()
    assert facts["key"] == KEY
    assert [(one["fold"], one["seed"]) for one in facts["replicates"]] == [("Ses02", 1), ("Ses01", 1), ("Ses02", 2)]


def test_the_file_can_be_read_without_this_code(path: Path) -> None:
    assert "Ses01|1|model.body.0.weight" in load_file(path)


def test_an_array_that_is_a_view_is_written_as_it_looks(tmp_path: Path) -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4).T[1:]
    model_files.write(tmp_path / "x", KEY, [Trained("all", 1, {"a": array}, 0.5, {})])
    assert_array_equal(model_files.read(tmp_path / "x").replicates[0].arrays["a"], array)


def test_a_replicate_without_arrays_is_still_a_replicate(tmp_path: Path) -> None:
    model_files.write(tmp_path / "x", KEY, [Trained("all", 1, {}, 0.5, {})])
    assert model_files.read(tmp_path / "x").replicates == [Trained("all", 1, {}, 0.5, {})]


def test_the_same_model_is_the_same_bytes(path: Path, tmp_path: Path) -> None:
    model_files.write(tmp_path / "again", KEY, REPLICATES)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_the_command_that_makes_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"x: is not there; run `dvc repro transfer`"):
        model_files.read(tmp_path / "x")


@pytest.mark.parametrize("keep", [0, 4, 100, -1, -20])
def test_a_truncated_file_is_named(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ResultError, match=r"x\.safetensors: damaged .*delete it and run `dvc repro transfer`"):
        model_files.read(path)


def test_the_content_is_that_of_the_arrays(path: Path, tmp_path: Path) -> None:
    other = [replace(one, arrays={**one.arrays, "model.scalar": np.array(2.6, np.float32)}) for one in REPLICATES]
    model_files.write(tmp_path / "x", KEY, other)
    assert model_files.read(tmp_path / "x").content != model_files.read(path).content


def test_a_model_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    for metadata in (None, {"format": "pt"}, {sealed_arrays.FIELD: "{"}):
        save_file({"a": np.zeros(2)}, tmp_path / "x", metadata=metadata)
        with pytest.raises(ResultError, match="x: damaged"):
            model_files.read(tmp_path / "x")


def test_a_pickle_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(pickle.dumps({"a": np.zeros(2)}))
    with pytest.raises(ResultError, match="x: damaged"):
        model_files.read(tmp_path / "x")
