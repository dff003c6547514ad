"""Mirror the results to MLflow; nothing else writes there, and nothing is lost when it is down."""

from __future__ import annotations

from typing import Any

from harness.core import paths
from harness.core.files import read_json, write_json
from harness.core.log import log
from harness.study.cells import read_cells
from harness.study.provenance import provenance
from harness.tracking import mirror, training
from harness.tracking.address import shown
from harness.tracking.store_state import uri_of_study


def run(params: dict[str, Any]) -> None:
    """Bring the study's runs in MLflow up to date with results/, and write results/tracked.json.

    The address is MLFLOW_TRACKING_URI, or the database mlflow.db in the checkout, which all its studies share.
    """
    uri = uri_of_study()
    made = provenance(params)
    cells = [
        cell for cell in read_cells(paths.CELLS) if not cell.variant
    ]  # of few-shot curves and the like: the report
    trained = training.of_recipes(params, (cell.recipe for cell in cells))
    facts = {**read_json(paths.STUDY, "dvc repro score"), "made": made, "training": trained}
    artifacts = [paths.REPORT, paths.REPORT_MD, paths.CELLS, paths.STUDY, paths.TABLES]
    mirrored = mirror.mirror(
        cells,
        facts,
        artifacts,
        uri=uri,
        experiment=params["study"],
        tags={"study": params["study"], "commit": made["commit"], "dvc_lock": made["lock_digest"]},
    )
    place = shown(uri)  # without a password
    runs = mirrored.created + mirrored.unchanged
    facts_of_place = {"uri": place, "experiment_id": mirrored.experiment_id, "runs": runs, "files": mirrored.files}
    write_json(paths.TRACKED, facts_of_place)
    log.info(
        f"MLflow ({place}): {mirrored.created} runs written, {mirrored.unchanged} unchanged, "
        f"{mirrored.removed} superseded\n{mirrored.compare_hint}"
    )
