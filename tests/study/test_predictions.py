"""Predictions on disk: what was written comes back, what was damaged does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_array_equal

from harness.core import sealed
from harness.core.errors import ResultError
from harness.study import predictions
from harness.study.labels import EMOTION4, EMOTION7, VALENCE, Space
from harness.study.predictions import Predictions

KEY = "ab" * 32
CHANCE = np.random.default_rng(9)


def made(columns: int) -> list[Predictions]:
    return [
        Predictions(fold, seed, [f"{fold}_{n}", "话"], ["dev", "test"], CHANCE.random((2, columns), dtype=np.float32))
        for n, (fold, seed) in enumerate([("Ses02", 1), ("Ses01", 1), ("Ses02", 2)])
    ]


def written(path: Path, space: Space = EMOTION4, columns: int = 4) -> list[Predictions]:
    replicates = made(columns)
    predictions.write(path, KEY, space, replicates)
    return replicates


@pytest.mark.parametrize(("space", "columns"), [(EMOTION4, 4), (EMOTION7, 7), (VALENCE, 1)])
def test_round_trip_in_the_order_written(tmp_path: Path, space: Space, columns: int) -> None:
    path = tmp_path / "a" / "p.parquet"
    before = written(path, space, columns)
    after = predictions.read(path, space)
    assert [(one.fold, one.seed, one.ids, one.splits) for one in after] == [
        (one.fold, one.seed, one.ids, one.splits) for one in before
    ]
    for old, new in zip(before, after, strict=True):
        assert_array_equal(new.scores, old.scores)
        assert new.scores.dtype == np.float32
    assert predictions.is_current(path, KEY)
    assert not predictions.is_current(path, "cd" * 32)
    assert [file.name for file in path.parent.iterdir()] == ["p.parquet"]


def test_variants_lie_beside_the_replicates_and_are_read_on_demand(tmp_path: Path) -> None:
    path, selected = tmp_path / "p.parquet", made(4)
    names = ["c=0.01", "c=0.1", "resample=1"]
    others = [replace(one, variant=name) for one, name in zip(made(4), names, strict=True)]
    mixed = [row for pair in zip(others, selected, strict=True) for row in pair]
    predictions.write(path, KEY, EMOTION4, mixed)
    for found, wanted in (
        (predictions.read(path, EMOTION4), selected),
        (predictions.read(path, EMOTION4, True), others),
    ):
        assert [(one.fold, one.seed, one.ids, one.variant) for one in found] == [
            (one.fold, one.seed, one.ids, one.variant) for one in wanted
        ]
        for one, other in zip(found, wanted, strict=True):
            assert_array_equal(one.scores, other.scores)
    predictions.write(path, KEY, EMOTION4, selected)
    assert predictions.read(path, EMOTION4, variants=True) == []


def test_variants_of_one_replicate_are_told_apart(tmp_path: Path) -> None:
    one, path = made(4)[0], tmp_path / "p.parquet"
    predictions.write(path, KEY, EMOTION4, [one, replace(one, variant="c=1"), replace(one, variant="c=2")])
    assert [found.variant for found in predictions.read(path, EMOTION4, variants=True)] == ["c=1", "c=2"]


def test_the_file_can_be_read_without_this_code_and_holds_no_truth(tmp_path: Path) -> None:
    written(tmp_path / "p.parquet")
    table = pq.read_table(tmp_path / "p.parquet")
    assert table.column_names == ["id", "split", "fold", "seed", "variant", "p_happy", "p_sad", "p_neutral", "p_anger"]
    assert table["seed"].to_pylist() == [1, 1, 1, 1, 2, 2]


def test_a_scale_has_one_column() -> None:
    assert predictions.score_columns(VALENCE) == ["value"]


def test_without_a_file_nothing_is_current(tmp_path: Path) -> None:
    assert not predictions.is_current(tmp_path / "p.parquet", KEY)
    with pytest.raises(ResultError, match=r"p\.parquet: is not there; run `dvc repro`"):
        predictions.read(tmp_path / "p.parquet", EMOTION4)


@pytest.mark.parametrize("column", ["id", "split", "fold", "seed", "variant", "p_sad"])
def test_a_column_that_is_not_there_is_named(tmp_path: Path, column: str) -> None:
    path = tmp_path / "p.parquet"
    written(path)
    table = pq.read_table(path).drop_columns([column])
    sealed.write(path, KEY, lambda seal: predictions._parquet([table], {"seal": seal}))
    with pytest.raises(ResultError, match=rf"p\.parquet: damaged .*{column}.*delete it and run `dvc repro`"):
        predictions.read(path, EMOTION4)


@pytest.mark.parametrize("keep", [0, 3, 200, -1, -100])
def test_a_truncated_file_is_named(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "p.parquet"
    written(path)
    path.write_bytes(path.read_bytes()[:keep])
    assert not predictions.is_current(path, KEY)
    with pytest.raises(ResultError, match=r"p\.parquet: damaged .*delete it and run `dvc repro`"):
        predictions.read(path, EMOTION4)


def test_bytes_that_changed_in_the_middle_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    written(path)
    content = bytearray(path.read_bytes())
    content[20:60] = bytes(40)
    path.write_bytes(bytes(content))
    with pytest.raises(ResultError, match=r"p\.parquet: damaged"):
        predictions.read(path, EMOTION4)


def test_predictions_of_another_space_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "p.parquet", VALENCE, 1)
    with pytest.raises(ResultError, match=r"p\.parquet: damaged .*p_happy"):
        predictions.read(tmp_path / "p.parquet", EMOTION4)


def test_a_parquet_file_of_somebody_else_is_refused_and_made_again(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    written(path)
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    assert not predictions.is_current(path, KEY)
    with pytest.raises(
        ResultError, match=r"p\.parquet: damaged \(its seal is missing\); delete it and run `dvc repro`"
    ):
        predictions.read(path, EMOTION4)


def test_scores_that_were_swapped_under_the_old_metadata_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    written(path)
    table = pq.read_table(path)
    facts = pq.read_metadata(path).metadata
    swapped = table.set_column(4, "p_happy", table["p_sad"]).set_column(5, "p_sad", table["p_happy"])
    with pq.ParquetWriter(path, swapped.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(swapped)
        writer.add_key_value_metadata({predictions.FIELD: facts[predictions.FIELD.encode()]})
    assert pq.read_metadata(path).metadata == facts
    assert not predictions.is_current(path, KEY)
    with pytest.raises(ResultError, match="its bytes are not those that were written"):
        predictions.read(path, EMOTION4)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_score_that_is_not_a_finite_number_is_refused(tmp_path: Path, value: float) -> None:
    replicates = made(4)
    replicates[1].scores[1, 2] = value
    with pytest.raises(ResultError, match=r"p\.parquet: a score is not a finite number"):
        predictions.write(tmp_path / "p.parquet", KEY, EMOTION4, replicates)
    assert not list(tmp_path.iterdir())


def test_the_same_predictions_are_the_same_bytes(tmp_path: Path) -> None:
    replicates = made(4)
    for name in ("a", "b"):
        predictions.write(tmp_path / name, KEY, EMOTION4, replicates)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
