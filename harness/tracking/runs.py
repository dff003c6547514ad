"""The runs of a mirror in MLflow: which there are, which say what they should, and how one is made."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.tracking.records import Record

KEY, CONTENT = "harness.key", "harness.content"
BATCH = 100  # the most params MLflow takes a request
METRICS = 900  # with these params, for it takes 1000 of both together
PAGE = 1000
DATASET_DIGEST = 12  # what the page shows of a dataset's digest; MLflow keeps 36 at most


def mirrored(client: Any, experiment_id: str, query: str) -> list[Any]:
    """Return the active runs of an experiment that a mirror made and that a query finds (empty: all)."""
    runs: list[Any] = []
    token = None
    while token is None or token:
        page = client.search_runs([experiment_id], filter_string=query, max_results=PAGE, page_token=token)
        runs += [run for run in page if KEY in run.data.tags]
        token = page.token or ""
    return runs


def current(client: Any, runs: Sequence[Any], wanted: Sequence[Record]) -> dict[str, Any]:
    """Return key -> run for the runs that are finished and say what they should, and whose files are there."""
    records_of = {record.key: record for record in wanted}
    current = {}
    for run in runs:
        record = records_of.get(run.data.tags[KEY])
        same = record is not None and run.data.tags.get(CONTENT) == record.content()
        if record and same and run.info.status == "FINISHED" and _has_files(client, run, record):
            current[record.key] = run
    return current


def _has_files(client: Any, run: Any, record: Record) -> bool:
    folders = {str(Path(name).parent) for name in (*record.files, *record.texts)}
    there = {
        file.path
        for folder in folders
        for file in client.list_artifacts(run.info.run_id, None if folder == "." else folder)
    }
    return all(str(Path(name)) in there for name in (*record.files, *record.texts))


def create(client: Any, experiment_id: str, record: Record, labels: Mapping[str, str]) -> str:
    """Make one run and return its id; it is finished last, so a finished run is whole.

    Every call is one transaction or several, and each waits four times for the disk on SQLite: there are no more than
    it takes.
    """
    from mlflow.entities import Metric, Param

    tags = {**labels, **record.tags, KEY: record.key, CONTENT: record.content()}
    info = client.create_run(experiment_id, run_name=record.name, tags=tags).info
    metrics = [Metric(name, value, info.start_time, 0) for name, value in record.metrics.items()]
    metrics += [Metric(name, value, info.start_time, at) for name, of in record.curves.items() for at, value in of]
    params = [Param(name, value) for name, value in record.params.items()]
    for at in range(max(math.ceil(len(metrics) / METRICS), math.ceil(len(params) / BATCH))):
        some = metrics[at * METRICS : (at + 1) * METRICS], params[at * BATCH : (at + 1) * BATCH]
        client.log_batch(info.run_id, *some)
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


def relabel(client: Any, run: Any, labels: Mapping[str, str]) -> None:
    """Renew the labels of a run that say nothing about its numbers."""
    from mlflow.entities import RunTag

    changed = [RunTag(name, value) for name, value in labels.items() if run.data.tags.get(name) != value]
    if changed:
        client.log_batch(run.info.run_id, tags=changed)
