"""The transfer matrix: a cell has a value or a reason, on paper as in memory."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import ResultError
from harness.study.cells import Cell, cells_to_csv, ratio, read_cells


def cell(**facts: Any) -> Cell:
    where = {"space": "emotion4", "view": "multimodal", "recipe": "r", "source": "meld", "target": "m3ed"}
    how = {"protocol": "single_source", "selection": "source_dev", "metric": "uar"}
    return Cell(**{**where, **how, **facts})


def test_a_cell_has_a_value_or_a_reason() -> None:
    assert cell(value=0.0).reason == ""
    assert cell(reason="not_linked").value is None
    for facts in ({}, {"value": 0.5, "reason": "not_linked"}):
        with pytest.raises(ResultError, match=r"cell meld->m3ed uar: a cell has a value or a reason"):
            cell(**facts)


def test_a_cell_knows_its_name_and_whether_it_is_on_the_diagonal() -> None:
    assert cell(value=0.5).name == "meld->m3ed"
    assert not cell(value=0.5).is_in_domain
    assert cell(value=0.5, target="meld").is_in_domain


@pytest.mark.parametrize(
    ("value", "in_domain", "floor", "low", "expected"),
    [
        (0.5, 0.5, 0.25, 0.4, 1),
        (0.25, 0.5, 0.25, 0.4, 0),
        (0.375, 0.5, 0.25, 0.4, 0.5),
        (0.2, 0.5, 0.25, 0.4, -0.2),
        (0.6, 0.5, 0.25, 0.26, 1.4),
        (0.5, 0.5, 0.25, 0.25, None),
        (0.5, 0.26, 0.25, 0.2, None),
    ],
)
def test_ratio(value: float, in_domain: float, floor: float, low: float, expected: float | None) -> None:
    found = ratio(value, in_domain, floor, low)
    assert found is None if expected is None else found == pytest.approx(expected)


def test_cells_round_trip(tmp_path: Path) -> None:
    numbers = {"low": 0.4, "high": 0.6, "sd_seeds": 0.0, "replicates": 5, "n": 100, "n_classes": 4, "clusters": 30}
    full = cell(value=0.123456, **numbers, coverage=1.0, floor=0.25, gap=-0.1, ratio=0.0, warnings='a; "b", c')
    cells = [full, cell(reason="not_linked"), cell(value=0.0, source="中", metric="recall/happy")]
    (tmp_path / "cells.csv").write_text(cells_to_csv(cells), encoding="utf-8")
    assert read_cells(tmp_path / "cells.csv") == cells


def test_the_csv_can_be_read_without_this_code() -> None:
    (row,) = csv.DictReader(io.StringIO(cells_to_csv([cell(value=1 / 3, n=7)])))
    assert row["value"] == "0.333333"
    assert row["n"] == "7"
    assert row["low"] == ""
    assert list(row)[:5] == ["space", "view", "recipe", "source", "target"]


def test_a_rounded_zero_has_no_sign() -> None:
    (row,) = csv.DictReader(io.StringIO(cells_to_csv([cell(value=-1e-9, gap=-0.0000006)])))
    assert row["value"] == "0.000000"
    assert row["gap"] == "-0.000001"


def test_nan_is_never_a_score(tmp_path: Path) -> None:
    for facts in ({"value": math.nan}, {"value": 0.5, "ratio": math.nan}):
        with pytest.raises(ResultError, match="NaN is never a score"):
            cells_to_csv([cell(**facts)])
    path = tmp_path / "cells.csv"
    path.write_text(cells_to_csv([cell(value=0.5)]).replace("0.500000", "nan"))
    with pytest.raises(ResultError, match=r"cells\.csv: damaged"):
        read_cells(path)


def test_no_cells_are_a_header(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text(cells_to_csv([]))
    assert read_cells(tmp_path / "cells.csv") == []


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"cells\.csv: cannot be read .*run `dvc repro score`"):
        read_cells(tmp_path / "cells.csv")


def test_columns_of_another_version_are_refused(tmp_path: Path) -> None:
    for text in ("", "space,value\n", cells_to_csv([]).replace("gap_low", "gap_lo")):
        (tmp_path / "cells.csv").write_text(text)
        with pytest.raises(ResultError, match="its columns are not those of this version; run `dvc repro score`"):
            read_cells(tmp_path / "cells.csv")


@pytest.mark.parametrize("damage", [lambda text: text[:-40], lambda text: text.replace("0.500000", "half")])
def test_a_damaged_row_is_refused(tmp_path: Path, damage: Any) -> None:
    (tmp_path / "cells.csv").write_text(damage(cells_to_csv([cell(value=0.5, n=3)])))
    with pytest.raises(ResultError, match=r"cells\.csv: damaged .*run `dvc repro score`"):
        read_cells(tmp_path / "cells.csv")
