"""The experiment of a study in MLflow: made if there is none, with its description and saved views up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.core.log import log
from harness.study.cells import Cell
from harness.tracking.address import ARTIFACTS, TrackingError, artifact_location
from harness.tracking.records import NOTE, SUMMARY, primary
from harness.tracking.runs import mirrored
from harness.tracking.views import views


def experiment_of(client: Any, uri: str, name: str, facts: Mapping[str, Any], cells: Sequence[Cell]) -> str:
    """Return the id of the experiment, made if there is none, with its description up to date."""
    synthetic = bool(facts.get("synthetic"))
    note = (
        f"{'**SYNTHETIC corpora: the numbers show that the pipeline works and nothing else.** ' if synthetic else ''}"
        "How well emotion recognition carries over from one corpus to another. One run per source and target corpus; "
        f"the run `{SUMMARY}` holds the means, the report and the tables."
    )
    tags = {
        "mlflow.experimentKind": "custom_model_development",
        NOTE: note,
        "synthetic": str(synthetic).lower(),
    }
    if cells:
        tags["mlflow.experiment.primaryMetric.name"] = f"transfer/{primary(cells, facts)}"
    saved = views([cell for cell in cells if cell.value is not None], facts)
    experiment = client.get_experiment_by_name(name)
    if experiment is not None and not experiment.experiment_id:
        raise TrackingError(uri, "the server does not answer as MLflow does (an experiment without an id)")
    location = artifact_location(uri)
    if experiment is not None and location is not None and _lies_elsewhere(experiment.artifact_location, location):
        tags = {**experiment.tags, **tags}
        _set_aside(client, experiment)
        experiment = None
    if experiment is None:
        return str(client.create_experiment(name, artifact_location=location, tags={**saved, **tags}))
    refuse_deleted(experiment, uri)
    tags |= {
        tag: view for tag, view in saved.items() if tag not in experiment.tags
    }  # a view the user has changed stays
    for tag, value in tags.items():
        if experiment.tags.get(tag) != value:
            client.set_experiment_tag(experiment.experiment_id, tag, value)
    return str(experiment.experiment_id)


def refuse_deleted(experiment: Any, uri: str) -> None:
    """Raise a TrackingError if somebody has deleted an experiment, which keeps its name."""
    if experiment.lifecycle_stage != "active":
        raise TrackingError(
            uri,
            f"experiment {experiment.name!r} was deleted there; bring it back with `mlflow experiments restore "
            f"--experiment-id {experiment.experiment_id}`, or give the study another name (`study` in params.yaml)",
        )


def _lies_elsewhere(location: str, here: str) -> bool:
    """Tell whether a mirror in another place has chosen where files go; what a user has chosen is right."""
    return location != here and location.startswith("file:") and location.endswith(f"/{ARTIFACTS}")


def _set_aside(client: Any, experiment: Any) -> None:
    """Give an experiment another name whose files lie elsewhere: the checkout was moved, or is a copy of another one.

    MLflow writes the files of a run where its experiment was made, which may be another checkout.
    """
    name = f"{experiment.name} (files in {experiment.artifact_location})"
    number = 1
    while client.get_experiment_by_name(name) is not None:
        number += 1
        name = f"{experiment.name} (files in {experiment.artifact_location}, {number})"
    for run in mirrored(client, experiment.experiment_id, ""):
        client.delete_run(run.info.run_id)
    client.rename_experiment(experiment.experiment_id, name)
    log.info(f"MLflow: the files of experiment {experiment.name!r} lay elsewhere; it is now called {name!r}")
