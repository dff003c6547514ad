"""The feature store: rows come back as written, by id, and a store that is not whole is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from harness.core.errors import ResultError
from harness.features import store as features

MADE_BY = {"encoder": "toy", "digest": "abcd" * 16}
IDS = ["a", "b", "话_3"]
DENSE = np.arange(12, dtype=np.float32).reshape(3, 4)
SPARSE = sparse.csr_matrix(np.array([[0, 1, 0, 2], [0, 0, 0, 0], [3, 0, 0, 0]], dtype=np.float32))


def kinds() -> list[Any]:
    return [pytest.param(DENSE, id="dense"), pytest.param(SPARSE, id="sparse")]


def plain(matrix: Any) -> Any:
    return matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix)


def parts(matrix: Any) -> list[str]:
    return ["data.npy", "indices.npy", "indptr.npy"] if sparse.issparse(matrix) else ["rows.npy"]


@pytest.mark.parametrize("matrix", kinds())
def test_round_trip(tmp_path: Path, matrix: Any) -> None:
    failed = {"x": "no_text:zh", "y": 'a "quoted", reason'}
    features.write(tmp_path, IDS, matrix, failed, MADE_BY)
    store = features.read(tmp_path)
    assert_array_equal(plain(store.matrix), plain(matrix))
    assert (store.ids, store.failed, store.width, store.digest) == (IDS, failed, 4, "abcd" * 16)
    assert store.made_by["encoder"] == "toy"
    assert sparse.issparse(store.matrix) == sparse.issparse(matrix)


@pytest.mark.parametrize("matrix", kinds())
def test_rows_come_in_the_order_asked_for(tmp_path: Path, matrix: Any) -> None:
    features.write(tmp_path, IDS, matrix, {}, MADE_BY)
    store = features.read(tmp_path)
    assert_array_equal(plain(store.rows(["话_3", "a", "a"])), plain(matrix)[[2, 0, 0]])
    assert store.rows([]).shape == (0, 4)
    with pytest.raises(ResultError, match="no features for x and 1 more; run `dvc repro`"):
        store.rows(["a", "x", "y"])


@pytest.mark.parametrize("matrix", kinds())
def test_the_rows_lie_in_a_memory_map_that_cannot_be_written_to(tmp_path: Path, matrix: Any) -> None:
    features.write(tmp_path, IDS, matrix, {}, MADE_BY)
    store = features.read(tmp_path)
    held = store.matrix.data if sparse.issparse(matrix) else store.matrix
    assert not held.flags.writeable
    while held is not None and not isinstance(held, np.memmap):
        held = getattr(held, "base", None)
    assert held is not None, "the rows were copied into memory"


@pytest.mark.parametrize("matrix", kinds())
def test_an_empty_store_keeps_its_width(tmp_path: Path, matrix: Any) -> None:
    features.write(tmp_path, [], matrix[:0], {"x": "no_text:zh"}, MADE_BY)
    store = features.read(tmp_path)
    assert (store.ids, store.width, store.matrix.shape) == ([], 4, (0, 4))


def test_half_precision_is_kept(tmp_path: Path) -> None:
    features.write(tmp_path, IDS, DENSE.astype(np.float16), {}, MADE_BY)
    assert features.read(tmp_path).matrix.dtype == np.float16


@pytest.mark.parametrize("matrix", kinds())
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_refused(tmp_path: Path, matrix: Any, value: float) -> None:
    matrix = matrix.copy()
    matrix[0, 1] = value
    with pytest.raises(ResultError, match=r"a feature is not a finite number"):
        features.write(tmp_path, IDS, matrix, {}, MADE_BY)
    assert not list(tmp_path.iterdir())


def test_rows_and_ids_must_match(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="3 rows for 2 utterances"):
        features.write(tmp_path, IDS[:2], DENSE, {}, MADE_BY)


def test_a_store_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    features.write(tmp_path, IDS, DENSE, {}, MADE_BY)
    (tmp_path / features.MADE_BY).unlink()
    with pytest.raises(ResultError, match=r"made_by\.json: is not there; run `dvc repro features`"):
        features.read(tmp_path)


def test_a_store_that_is_replaced_and_fails_on_the_way_is_not_there(tmp_path: Path) -> None:
    features.write(tmp_path, IDS, DENSE, {}, MADE_BY)
    (tmp_path / "rows.npy").unlink()
    (tmp_path / "rows.npy").mkdir()
    with pytest.raises(ResultError, match="cannot be written"):
        features.write(tmp_path, IDS, DENSE, {}, MADE_BY)
    assert not (tmp_path / features.MADE_BY).exists()


@pytest.mark.parametrize("keep", [0, 20, 100, -4])
@pytest.mark.parametrize(
    ("matrix", "part"), [pytest.param(m.values[0], part, id=part) for m in kinds() for part in parts(m.values[0])]
)
def test_a_truncated_array_is_named(tmp_path: Path, matrix: Any, part: str, keep: int) -> None:
    features.write(tmp_path, IDS, matrix, {}, MADE_BY)
    content = (tmp_path / part).read_bytes()
    (tmp_path / part).write_bytes(content[:keep])
    with pytest.raises(ResultError, match=f"{tmp_path.name}: damaged"):
        features.read(tmp_path)


@pytest.mark.parametrize("missing", ["ids.txt", "failed.csv", "rows.npy"])
def test_a_missing_part_is_a_result_error(tmp_path: Path, missing: str) -> None:
    features.write(tmp_path, IDS, DENSE, {}, MADE_BY)
    (tmp_path / missing).unlink()
    with pytest.raises(ResultError, match=f"{tmp_path.name}: damaged .*{missing}.*run `dvc repro features`"):
        features.read(tmp_path)


@pytest.mark.parametrize("matrix", kinds())
def test_ids_and_rows_of_two_stores_do_not_mix(tmp_path: Path, matrix: Any) -> None:
    features.write(tmp_path, IDS, matrix, {}, MADE_BY)
    with (tmp_path / "ids.txt").open("a") as file:
        file.write("one more\n")
    with pytest.raises(ResultError, match=f"{tmp_path.name}: "):
        features.read(tmp_path)


@pytest.mark.parametrize(
    ("matrix", "part"), [pytest.param(m.values[0], part, id=part) for m in kinds() for part in parts(m.values[0])]
)
def test_an_array_of_objects_is_never_unpickled(tmp_path: Path, matrix: Any, part: str) -> None:
    features.write(tmp_path, IDS, matrix, {}, MADE_BY)
    np.save(tmp_path / part, np.array([{"a": 1}, None, 2], dtype=object), allow_pickle=True)
    with pytest.raises(ResultError, match=f"{tmp_path.name}: damaged"):
        features.read(tmp_path)
