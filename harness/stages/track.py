"""Mirror the results to MLflow; nothing else writes there, and nothing is lost when it is down."""

from __future__ import annotations

import os
from typing import Any

from harness import layout, tracking
from harness.files import read_json, write_json
from harness.study import provenance
from harness.tracking_address import shown
from harness.transfer import read_cells

DEFAULT_URI = "sqlite:///mlflow.db"


def run(params: dict[str, Any]) -> None:
    """Bring the study's runs in MLflow up to date with results/, and write results/tracked.json.

    The address is MLFLOW_TRACKING_URI, or the database mlflow.db in the checkout.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    made = provenance(params)
    facts = {**read_json(layout.STUDY, "dvc repro score"), "made": made}
    artifacts = [layout.REPORT, layout.REPORT_MD, layout.CELLS, layout.STUDY, layout.TABLES]
    mirrored = tracking.mirror(
        [cell for cell in read_cells(layout.CELLS) if not cell.variant],  # of few-shot curves and the like: the report
        facts,
        artifacts,
        uri=uri,
        experiment=params["tracking"]["experiment"],
        tags={"study": params["study"], "commit": made["commit"], "dvc_lock": made["lock_digest"]},
    )
    place = shown(uri)  # without a password
    write_json(layout.TRACKED, {"uri": place, "experiment_id": mirrored.experiment_id})
    print(
        f"MLflow ({place}): {mirrored.created} runs written, {mirrored.unchanged} unchanged, "
        f"{mirrored.removed} superseded\n{mirrored.compare_hint}"
    )
