"""Mirror a study into MLflow: flat runs, one per cell, and one summary run named `matrix`.

    dvc repro track
    mlflow ui --backend-store-uri sqlite:///mlflow.db

The mirror converges: after it, the active runs of a study are exactly what `cells.csv` says, whatever was there
before. A run carries the digests of its identity (`harness.key`) and of its content (`harness.content`), and is
finished last; a finished run with both as they should be is left alone, every other one of ours is deleted (MLflow
keeps deleted runs until `mlflow gc`) and made anew. So a second mirror changes nothing and a killed one continues.
Labels that say nothing about the numbers (study, commit, lock) are renewed in place.

A cell without any value gets no run: in a table it is a row of blanks, and on a comparison page it bends every axis.
All cells with a reason are listed in `reasons.csv` of the summary run; a cell that lacks only some metrics says so in
its tags `reason.<metric>`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.study.cells import Cell, in_matrix
from harness.tracking.address import TrackingError, artifact_location, check, hint
from harness.tracking.records import NOTE, SUMMARY, Record, primary, records, summary
from harness.tracking.views import key, views

KEY, CONTENT = "harness.key", "harness.content"
ENVIRONMENT = {  # read by MLflow; what the user has set stays
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
LOGGERS = ("alembic", "mlflow.store.db.utils")
BATCH = 100  # the most params MLflow takes a request
COMPARED = 30  # runs on the comparison page; more are unreadable
PAGE = 1000
DATASET_DIGEST = 12  # what the page shows of a dataset's digest; MLflow keeps 36 at most


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What a mirror did. `compare_hint` is text to print: how to open the pages, and their addresses."""

    created: int
    unchanged: int
    removed: int
    experiment_id: str
    compare_hint: str


def mirror(
    cells: list[Cell],
    facts: Mapping[str, Any],
    artifacts: Sequence[Path],
    *,
    uri: str,
    experiment: str,
    tags: Mapping[str, str],
) -> Mirrored:
    """Make the active runs of this study in MLflow say what the cells say; progress is shown on standard error.

    Args:
        cells: the rows of `cells.csv`.
        facts: the content of `study.json`; a key that is missing there is missing in MLflow.
        artifacts: files and folders for the summary run.
        uri: a tracking server (`http://...`) or a database (`sqlite:///mlflow.db`).
        experiment: its name; made if there is none.
        tags: further labels for every run.

    Raises:
        TrackingError: MLflow cannot be reached or written.
        ResultError: a cell or an artifact is damaged.
    """
    # Newest first is how MLflow lists runs: made backwards, they stand there in the order of cells.csv.
    wanted = [*reversed(records(cells, facts)), summary(cells, facts, artifacts)]
    labels = _labels(facts, experiment, tags)
    from rich.console import Console
    from rich.progress import track

    with _errors_in_one_line(uri):
        client = _client(uri)
        experiment_id = _experiment(client, uri, experiment, facts, cells)
        runs_before = _ours(client, experiment_id, labels["study"])
        kept = _current(runs_before, wanted)
        runs: dict[str, str] = {}
        for record in track(wanted, "MLflow", console=Console(stderr=True), transient=True):
            run = kept.get(record.key)
            runs[record.key] = run.info.run_id if run else _create(client, experiment_id, record, labels)
            if run:
                _relabel(client, run, labels)
        stale = [run for run in runs_before if run.info.run_id not in runs.values()]
        for run in stale:
            client.delete_run(run.info.run_id)
    scored = [cell for cell in cells if cell.value is not None]
    whole, best = (key(scored[0].space, primary(scored, facts), best_of) if scored else "" for best_of in (False, True))
    pages = hint(uri, experiment_id, whole, best, [runs[record.key] for record in _compared(scored, facts)])
    return Mirrored(len(wanted) - len(kept), len(kept), len(stale), experiment_id, pages)


def _compared(scored: Sequence[Cell], facts: Mapping[str, Any]) -> list[Record]:
    """Return the cells to look at first: those of the first space and of its first recipe."""
    leading = [cell for cell in in_matrix(scored) if cell.space == scored[0].space]
    present = dict.fromkeys(cell.recipe for cell in leading)
    recipe = next((name for name in (*facts.get("recipes", {}), *present) if name in present), "")
    return records([cell for cell in leading if cell.recipe == recipe], facts)[:COMPARED]


def _labels(facts: Mapping[str, Any], experiment: str, tags: Mapping[str, str]) -> dict[str, str]:
    made = facts.get("made", {})
    labels = {
        "study": facts.get("study", experiment),
        "commit": made.get("commit"),
        "mlflow.source.git.commit": made.get("commit"),
        "mlflow.source.name": "dvc repro track",
        "mlflow.source.type": "LOCAL",
        "dvc_lock": made.get("lock_digest"),
        **tags,
    }
    return {name: str(value) for name, value in labels.items() if value}


@contextmanager
def _errors_in_one_line(uri: str) -> Iterator[None]:
    check(uri)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    for logger in LOGGERS:
        logging.getLogger(logger).setLevel(logging.WARNING)
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise TrackingError(uri, _cause(error)) from error


def _cause(error: BaseException) -> str:
    """Return what the operating system said, where it did: MLflow wraps a refused connection four times."""
    cause, inner = error, error.__cause__ or error.__context__
    while inner is not None:
        cause, inner = inner if isinstance(inner, OSError) else cause, inner.__cause__ or inner.__context__
    return str(cause)


def _client(uri: str) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _experiment(client: Any, uri: str, name: str, facts: Mapping[str, Any], cells: Sequence[Cell]) -> str:
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
    if experiment is None:
        return str(client.create_experiment(name, artifact_location=artifact_location(uri), tags={**tags, **saved}))
    if experiment.lifecycle_stage != "active":
        raise TrackingError(
            uri,
            f"experiment {name!r} was deleted there; bring it back with `mlflow experiments restore --experiment-id "
            f"{experiment.experiment_id}`, or give the study another name (`study` in params.yaml)",
        )
    tags |= {
        tag: view for tag, view in saved.items() if tag not in experiment.tags
    }  # a view the user has changed stays
    for tag, value in tags.items():
        if experiment.tags.get(tag) != value:
            client.set_experiment_tag(experiment.experiment_id, tag, value)
    return str(experiment.experiment_id)


def _ours(client: Any, experiment_id: str, study: str) -> list[Any]:
    """Return the active runs that a mirror of this study made."""
    mark = '"' if "'" in study else "'"
    runs: list[Any] = []
    token = None
    while token is None or token:
        page = client.search_runs(
            [experiment_id], filter_string=f"tags.study = {mark}{study}{mark}", max_results=PAGE, page_token=token
        )
        runs += [run for run in page if KEY in run.data.tags]
        token = page.token or ""
    return runs


def _current(runs: Sequence[Any], wanted: Sequence[Record]) -> dict[str, Any]:
    """Return key -> run for the runs that are finished and say what they should."""
    contents = {record.key: record.content() for record in wanted}
    finished = [run for run in runs if run.info.status == "FINISHED"]
    tagged = [(run.data.tags[KEY], run.data.tags.get(CONTENT), run) for run in finished]
    return {key: run for key, content, run in tagged if content and contents.get(key) == content}


def _create(client: Any, experiment_id: str, record: Record, labels: Mapping[str, str]) -> str:
    """Make one run and return its id; it is finished last, so a finished run is whole.

    Every call is one transaction or several, and each waits four times for the disk on SQLite: there are no more than
    it takes.
    """
    from mlflow.entities import Metric, Param

    tags = {**labels, **record.tags, KEY: record.key, CONTENT: record.content()}
    info = client.create_run(experiment_id, run_name=record.name, tags=tags).info
    metrics = [Metric(name, value, info.start_time, 0) for name, value in record.metrics.items()]
    params = [Param(name, value) for name, value in record.params.items()]
    for at in range(0, max(len(metrics), len(params)), BATCH):
        client.log_batch(info.run_id, metrics[at : at + BATCH], params[at : at + BATCH])
    for inside, path in record.files.items():
        client.log_artifact(info.run_id, str(path), str(Path(inside).parent) if "/" in inside else None)
    for inside, text in record.texts.items():
        client.log_text(info.run_id, text, inside)
    if record.datasets:
        client.log_inputs(info.run_id, datasets=_datasets(record))
    client.set_terminated(info.run_id)
    return str(info.run_id)


def _datasets(record: Record) -> list[Any]:
    """Return the corpora of a run; those of a cell say whether they were learned from or tested on."""
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

    files = []
    for name, digest in record.datasets.items():
        dataset = Dataset(name, digest[:DATASET_DIGEST], "local", json.dumps({"corpus": name, "digest": digest}))
        learned = "training" if name == record.params.get("source") else "evaluation"
        files.append(DatasetInput(dataset, [InputTag(MLFLOW_DATASET_CONTEXT, learned)] if record.params else []))
    return files


def _relabel(client: Any, run: Any, labels: Mapping[str, str]) -> None:
    from mlflow.entities import RunTag

    changed = [RunTag(name, value) for name, value in labels.items() if run.data.tags.get(name) != value]
    if changed:
        client.log_batch(run.info.run_id, tags=changed)
