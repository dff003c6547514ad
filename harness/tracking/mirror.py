"""Mirror a study into MLflow: flat runs, one per cell, and one summary run named `matrix`.

    dvc repro track
    mlflow ui --backend-store-uri sqlite:///mlflow.db

The mirror converges: after it, the active runs of a study in this checkout (owner.py) are exactly what `cells.csv`
says, whatever was there before; those of another checkout are left alone. A run carries the digests of its identity
(`harness.key`) and of its content (`harness.content`), and is finished last; a finished run with both as they should be
and with its files is left alone, every other one of ours is deleted (MLflow keeps deleted runs until `mlflow gc`) and
made anew. So a second mirror changes nothing and a killed one continues. Labels that say nothing about the numbers
(study, commit, lock) are renewed in place.

A cell without any value gets no run: in a table it is a row of blanks, and on a comparison page it bends every axis.
All cells with a reason are listed in `reasons.csv` of the summary run; a cell that lacks only some metrics says so in
its tags `reason.<metric>`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from harness.core.log import log
from harness.study.cells import Cell, in_matrix
from harness.tracking import owner
from harness.tracking.address import hint, is_private
from harness.tracking.alone import alone
from harness.tracking.client import client_of, errors_in_one_line
from harness.tracking.experiment import experiment_of
from harness.tracking.new_database import make_whole
from harness.tracking.records import Record, primary, records, summary
from harness.tracking.runs import create, current, mirrored, relabel
from harness.tracking.views import key

OWNER, PLACE = "harness.owner", "harness.place"
COMPARED = 30  # runs on the comparison page; more are unreadable


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What a mirror did.

    `files` is where the files of the summary run lie. `compare_hint` is text to print: how to open the pages, and their
    addresses.
    """

    created: int
    unchanged: int
    removed: int
    experiment_id: str
    files: str
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
    from rich.console import Console
    from rich.progress import track

    with errors_in_one_line(uri), alone(uri):
        labels = _labels(facts, experiment, tags)  # the first of two mirrors draws the identity of both
        make_whole(uri)
        client = client_of(uri)
        experiment_id = experiment_of(client, uri, experiment, facts, cells)
        runs_before, others = _ours(client, experiment_id, labels, is_private(uri))
        _say_whose(others, labels["study"])
        kept = current(client, runs_before, wanted)
        runs: dict[str, str] = {}
        for record in track(wanted, "MLflow", console=Console(stderr=True), transient=True):
            run = kept.get(record.key)
            runs[record.key] = run.info.run_id if run else create(client, experiment_id, record, labels)
            if run:
                relabel(client, run, labels)
        stale = [run for run in runs_before if run.info.run_id not in runs.values()]
        for run in stale:
            client.delete_run(run.info.run_id)
        files = client.get_run(runs[wanted[-1].key]).info.artifact_uri
    scored = [cell for cell in cells if cell.value is not None]
    whole, best = (key(scored[0].space, primary(scored, facts), best_of) if scored else "" for best_of in (False, True))
    pages = hint(uri, experiment_id, whole, best, [runs[record.key] for record in _compared(scored, facts)])
    return Mirrored(len(wanted) - len(kept), len(kept), len(stale), experiment_id, _path_of(files), pages)


def _path_of(uri: str) -> str:
    """Return the folder that a file URI means, or another URI as it is."""
    return url2pathname(urlsplit(uri).path) if uri.startswith("file:") else uri


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
        OWNER: owner.owner(),
        PLACE: owner.place(),
        "commit": made.get("commit"),
        "mlflow.source.git.commit": made.get("commit"),
        "mlflow.source.name": "dvc repro track",
        "mlflow.source.type": "LOCAL",
        "dvc_lock": made.get("lock_digest"),
        **tags,
    }
    return {name: str(value) for name, value in labels.items() if value}


def _ours(client: Any, experiment_id: str, labels: Mapping[str, str], private: bool) -> tuple[list[Any], list[Any]]:
    """Return the active runs that a mirror of this study made: from this checkout, and from others of its name.

    Args:
        client: of MLflow.
        experiment_id: where.
        labels: tags of this study's runs.
        private: whether nobody else writes there; all are ours then, whoever made them.
    """
    mark = '"' if "'" in labels["study"] else "'"
    runs = mirrored(client, experiment_id, f"tags.study = {mark}{labels['study']}{mark}")
    ours = [run for run in runs if private or run.data.tags.get(OWNER) == labels[OWNER]]
    return ours, [run for run in runs if run not in ours]


def _say_whose(others: Sequence[Any], study: str) -> None:
    """Say of whom the runs of another checkout are that stand in the same experiment under the same name."""
    owners = Counter((run.data.tags.get(OWNER, ""), run.data.tags.get(PLACE, "an earlier version")) for run in others)
    for (name, place), count in sorted(owners.items()):
        how = f"; to take them over, run once with {owner.VARIABLE}={name}" if name else ""
        log.warning(
            f"MLflow: {count} runs of a study {study!r} are those of {place} and stay as they are{how}; another name "
            "(`study` in params.yaml) keeps the two apart"
        )
