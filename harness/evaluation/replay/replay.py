"""Make one cell again in a temporary folder, from the same inputs; the study is read and never changed.

replay.py   which cell is meant, and how it is made again
compare.py  what is equal, and what is not
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core import engine, memory, paths
from harness.core.errors import HarnessError, NameUnknownError, ResultError
from harness.core.plugins import find
from harness.evaluation.matrix.cells import EXTERNAL
from harness.study import cell_plans, predictions
from harness.study.labels import space
from harness.training import matrix_row, matrix_row_finish, matrix_rows, model_files, protocol_case, protocol_case_plan
from harness.training.corpus_features import corpus_features, with_modalities
from harness.training.matrix_row import CellRow, TrainingChoices
from harness.training.protocol_case import CasePiece

ENDING = ".parquet"
WAYS = "<recipe>/<source>/<space>/<target>, or protocols/<row>/<recipe>/<space>/<case>"


@dataclass(frozen=True, slots=True)
class NamedCell:
    """A cell by the path of its predictions: of the matrix, or of a row of `protocols`."""

    protocol: str  # empty: of the matrix
    recipe: str
    space: str
    source: str
    target: str
    file: Path
    by_fold: bool
    settings: Mapping[str, Any]  # of its recipe when it was made
    variant: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)  # of the row of `protocols` when it was made


def find_cell(params: Mapping[str, Any], text: str) -> NamedCell:
    """Return the cell that a path means.

    Args:
        params: params.yaml.
        text: `<recipe>/<source>/<space>/<target>` or `protocols/<row>/<recipe>/<space>/<case>`, with or without
            `predictions/` before and `.parquet` behind.

    Raises:
        NameUnknownError: there is no such cell.
        ResultError: the cell has a reason in place of predictions.
        HarnessError: its predictions were made elsewhere.
    """
    path = text.removesuffix(ENDING).removeprefix("./")
    parts, options = path.split("/"), {}
    if parts[0] == paths.PROTOCOLS.name and len(parts) == 5:
        rows = params.get("protocols") or {}
        if parts[1] not in rows and not paths.case_plan(parts[1]).exists():
            raise NameUnknownError("row of protocols in params.yaml", parts[1], rows)
        plan = cell_plans.of_protocol(parts[1])
        by_name = {planned["file"].removesuffix(ENDING): planned for planned in plan["cells"] if "file" in planned}
        cell = _known_cell(by_name, path)
        settings = cell_plans.of_recipe(params, cell["recipe"])["settings"]
        protocol, options = parts[1], plan["options"]
    else:
        parts = parts[1:] if parts[0] == paths.PREDICTIONS.name else parts
        known = [*params["recipes"], *(params.get("external") or {})]
        if len(parts) != 4 or parts[0] not in known:
            raise NameUnknownError(f"cell ({WAYS})", text, [f"{name}/..." for name in known])
        plan = cell_plans.of_recipe(params, parts[0])
        every = {f"{parts[0]}/{o['source']}/{o['space']}/{o['target']}": o for o in plan["cells"]}
        cell, settings, protocol = _known_cell(every, "/".join(parts)), plan["settings"], ""
    if "file" not in cell:
        raise ResultError(f"{path}: has no predictions to make again: {cell['reason']}")
    if settings["fusion"] == EXTERNAL:
        raise HarnessError(f"{path}: was predicted elsewhere; only who made {settings.get('file')} can make it again")
    recipe, by_fold = cell.get("recipe", parts[0]), cell.get("by_fold", cell["source"] == cell["target"])
    where = (cell["space"], cell["source"], cell["target"], Path(cell["file"]), by_fold, settings)
    return NamedCell(protocol, recipe, *where, cell.get("variant", ""), options)


def _known_cell(known: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any]:
    if name not in known:
        raise NameUnknownError("cell", name, known)
    return known[name]


def changes(params: Mapping[str, Any], cell: NamedCell) -> list[str]:
    """Return what is not as it was when the cell was made, in words; each is one digest, so it cannot say more."""
    changes = []
    if cell.settings != params["recipes"].get(cell.recipe):
        changes.append(f"recipe {cell.recipe} reads differently in params.yaml now; it is made again as it was")
    if cell.protocol:
        if cell.options != (params.get("protocols") or {}).get(cell.protocol):
            row = f"protocols.{cell.protocol}"
            changes.append(f"{row} reads differently in params.yaml now; it is made again as it was")
        if not predictions.is_current(cell.file, protocol_case.key_of(_case(params, cell))):
            changes.append("code, packages, options, seeds, features or labels are not those it was made from")
        return changes
    job = _job(params, cell)
    if not job.path.exists():
        return [*changes, f"{job.path} is gone; only predictions are compared"]
    model = model_files.read(job.path)
    if model.key != job.key:
        changes.append("code, packages, seeds, features or labels of the source are not those its model was made from")
    elif not predictions.is_current(cell.file, matrix_row_finish.key_of(job, model, cell.target)):
        changes.append(f"{job.path} or the features of {cell.target} are not those its predictions were made from")
    return changes


def made_again(params: Mapping[str, Any], cell: NamedCell) -> list[predictions.Predictions]:
    """Train and predict the cell in a folder that is deleted afterwards, and return its predictions."""
    with _elsewhere(with_models=bool(cell.protocol)):
        if cell.protocol:
            protocol_case.work(CasePiece(_case(params, cell)))
        else:
            with engine.opened({**params["engine"], "kind": "local"}) as workers:
                matrix_rows.work([_job(params, cell)], workers, f"replay {cell.recipe}")
        return predictions.read(cell.file, space(cell.space))


def _job(params: Mapping[str, Any], cell: NamedCell) -> CellRow:
    recipe = with_modalities(dict(cell.settings), params["encoders"])
    training = TrainingChoices.of(params)
    own = corpus_features(cell.source, recipe)
    of_model = training.of_model(find("fusion", str(recipe["fusion"])))
    key = matrix_row.key_of(recipe, own, cell.space, training)
    return CellRow(cell.recipe, recipe, cell.source, cell.space, (cell.target,), of_model, key)


def _case(params: Mapping[str, Any], cell: NamedCell) -> protocol_case.ProtocolCase:
    then = {
        **params,
        "recipes": {**params["recipes"], cell.recipe: dict(cell.settings)},
        "protocols": {**(params.get("protocols") or {}), cell.protocol: dict(cell.options)},
    }
    for job in protocol_case_plan.planned(then, cell.protocol):
        if job.path == cell.file and not job.case.reason:
            return job
    raise HarnessError(f"{cell.file}: corpora, spaces or labels no longer give this case; run `dvc repro protocols`")


@contextmanager
def _elsewhere(with_models: bool) -> Iterator[None]:
    """Work in a new folder in which the study's data can be read, and nothing of the study be written."""
    study = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="replay-") as name:
        folder = Path(name)
        folder.joinpath("data").mkdir()
        for path in study.joinpath("data").iterdir():
            if path.name != paths.WORK.name:
                folder.joinpath("data", path.name).symlink_to(path.resolve())
        if with_models and study.joinpath(paths.MODELS).exists():
            folder.joinpath(paths.MODELS).symlink_to(study / paths.MODELS)
        try:
            with chdir(folder):
                yield
        finally:
            memory.forget()
