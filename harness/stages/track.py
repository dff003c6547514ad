"""Mirror the results to MLflow; nothing else writes there, and nothing is lost when it is down."""

from __future__ import annotations

import os
from typing import Any

from harness.core import paths
from harness.core.default_study import default_study
from harness.core.files import read_json, write_json
from harness.core.log import log
from harness.study.cells import read_cells
from harness.study.provenance import provenance
from harness.tracking import mirror
from harness.tracking.address import shown


def run(params: dict[str, Any]) -> None:
    """Bring the study's runs in MLflow up to date with results/, and write results/tracked.json.

    The address is MLFLOW_TRACKING_URI, or the database mlflow.db in the checkout, which all its studies share.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or _database()
    made = provenance(params)
    facts = {**read_json(paths.STUDY, "dvc repro score"), "made": made}
    artifacts = [paths.REPORT, paths.REPORT_MD, paths.CELLS, paths.STUDY, paths.TABLES]
    mirrored = mirror.mirror(
        [cell for cell in read_cells(paths.CELLS) if not cell.variant],  # of few-shot curves and the like: the report
        facts,
        artifacts,
        uri=uri,
        experiment=params["study"],
        tags={"study": params["study"], "commit": made["commit"], "dvc_lock": made["lock_digest"]},
    )
    place = shown(uri)  # without a password
    write_json(paths.TRACKED, {"uri": place, "experiment_id": mirrored.experiment_id})
    log.info(
        f"MLflow ({place}): {mirrored.created} runs written, {mirrored.unchanged} unchanged, "
        f"{mirrored.removed} superseded\n{mirrored.compare_hint}"
    )


def _database() -> str:
    checkout = default_study()
    return f"sqlite:///{checkout / 'mlflow.db'}" if checkout else "sqlite:///mlflow.db"
