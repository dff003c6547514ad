"""Predictions of somebody else for tests: right answers to a small study of three corpora, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from small_studies import params_of, stage

from harness.core import paths
from harness.core.files import read_json
from harness.core.plugins import find
from harness.study import manifest, splits
from harness.study.cells import Cell, read_cells

NAME = "oracle_of_delphi"
CORPORA = ("meld", "iemocap", "emotiontalk")  # an official split, folds, and no valence


def prepare(folder: Path) -> dict[str, Any]:
    """Make the corpora in the current folder, which is `folder`, and return params.yaml without a recipe."""
    quick = {"statistics": {"resamples": 100}, "metrics": {"classes": ["uar"], "scale": ["ccc"]}}
    params = params_of(folder, CORPORA, (), ("emotion4", "polarity3", "valence"), **quick)
    find("verb", "synth").run(params)
    for corpus in CORPORA:
        stage("prepare", params, corpus)
    row = {"file": "given.csv", "description": "a priestess", "inputs": ["text"]}
    return {**params, "external": {NAME: row}}


def truths(corpus: str, space: str) -> dict[str, Any]:
    """Return id -> label of all utterances of a corpus, a wrong or middling one where there is none."""
    rows = manifest.read_labels(paths.labels(corpus))
    found = {name: manifest.label_of(row, space) for name, row in rows.items()}
    return {name: ("neutral" if space != "valence" else 0.0) if one is None else one for name, one in found.items()}


def split_of(corpus: str) -> dict[str, str]:
    return splits.target_rows(manifest.read_utterances(paths.utterances(corpus)))


def right(corpus: str, space: str = "emotion4", **more: Any) -> list[dict[str, Any]]:
    """Return right answers for all test rows of a corpus, as rows of a file."""
    label = "value" if space == "valence" else "label"
    said, split = truths(corpus, space), split_of(corpus)
    return [
        {"corpus": corpus, "id": name, "space": space, label: one, **more}
        for name, one in said.items()
        if split.get(name) == "test"
    ]


def labelled(rows: list[dict[str, Any]]) -> list[int]:
    """Return the places of the rows that have a label."""
    labels = manifest.read_labels(paths.labels(rows[0]["corpus"]))
    return [at for at, row in enumerate(rows) if manifest.label_of(labels[row["id"]], row["space"]) is not None]


def give(rows: list[dict[str, Any]], path: str = "given.csv") -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})
    if path.endswith("parquet"):
        pq.write_table(table, path)
    else:
        pa.csv.write_csv(table, path)
    return table


def take(params: dict[str, Any], rows: list[dict[str, Any]], **more: Any) -> dict[tuple[str, str, str], dict[str, str]]:
    """Write a file, run the stage, and return its cells by space, source and target."""
    params["external"][NAME] |= more
    give(rows, params["external"][NAME]["file"])
    stage("external", params, NAME)
    planned = read_json(paths.plan(NAME), "")["cells"]
    return {(cell["space"], cell["source"], cell["target"]): cell for cell in planned}


def scored(params: dict[str, Any]) -> dict[tuple[str, str], Cell]:
    """Run `score`, and return the cells by space and name."""
    stage("score", params)
    found = read_cells(paths.CELLS)
    assert {cell.recipe for cell in found} == {NAME}
    return {(cell.space, cell.name): cell for cell in found}
