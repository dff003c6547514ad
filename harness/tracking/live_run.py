"""The live run in MLflow: made, written and ended by steps that can be repeated, since any of them may fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.core.engine import Engine
from harness.core.errors import HarnessError
from harness.core.journal import FOLDER
from harness.core.log import log
from harness.study.provenance import commit
from harness.tracking import owner
from harness.tracking.address import TrackingError, artifact_location, check, is_database, page_of
from harness.tracking.alone import alone
from harness.tracking.client import client_of, told_in_one_line
from harness.tracking.experiment import refuse_deleted
from harness.tracking.live_progress import StageLook
from harness.tracking.new_database import make_whole
from harness.tracking.records import NOTE
from harness.tracking.runs import PAGE

ABOUT = (
    "What the stage does while it runs; a step is a second. `dev` and `loss` are means of the newest epochs of the "
    "pieces at work, so they jump when other pieces begin. The results are in the experiment of the study's name."
)
LIVE, PLACE = "harness.live", "harness.place"  # no `harness.key`: `track` leaves these runs alone
MOST = 1000  # metrics that MLflow takes in a request
RUNNING, FINISHED, FAILED, KILLED = "RUNNING", "FINISHED", "FAILED", "KILLED"


class LiveRun:
    """The run of one stage in the experiment `<study>-live`; every method may raise a TrackingError.

    A batch that MLflow took although its answer was lost can be sent again: MLflow leaves out what it has.

    Args:
        uri: a server or a database.
        study: its name.
        name: of the stage and its row.
        engine: that does the work.
        tell: what is called with an error that was got over.
    """

    def __init__(self, uri: str, study: str, name: str, engine: Engine, tell: Callable[[TrackingError], None]) -> None:
        self.uri, self.study, self.name, self.tell = uri, study, name, tell
        self.began = time.time()
        if engine.journal is None:
            raise ValueError("the engine keeps no journal")
        self.mark = engine.journal.name  # of this driver alone
        self.tags = _tags(study, name, self.mark, engine)
        self._client: Any = None
        self._experiment = self._id = ""

    def log(self, looks: Sequence[StageLook]) -> None:
        """Write what was seen."""
        from mlflow.entities import Metric, RunTag

        self._begin()
        metrics = [
            Metric(name, value, int(look.time * 1000), look.step)
            for look in looks
            for name, value in look.metrics.items()
        ]
        tags = [RunTag(name, value) for name, value in _changed(looks).items()]
        for at in range(0, len(metrics), MOST):
            self._ask(self._client.log_batch, self._id, metrics[at : at + MOST])
        if tags and any(self.tags.get(tag.key) != tag.value for tag in tags):
            self._ask(self._client.log_batch, self._id, tags=tags)
            self.tags |= {tag.key: tag.value for tag in tags}

    def end(self, status: str, when: float) -> None:
        """Say that it is over."""
        self._begin()
        self._ask(self._client.set_terminated, self._id, status, int(when * 1000))

    def _begin(self) -> None:
        """Make the run, and what must be there before it, unless it is there."""
        if self._id:
            return
        if self._client is None:
            check(self.uri)
            self._client = self._opened()
        if not self._experiment:
            self._experiment = self._of_study()
        self._id = self._made()
        log.info(f"MLflow shows it live: {page_of(self.uri, self._experiment, self._id)}")

    def _opened(self) -> Any:
        with told_in_one_line(self.uri):
            if not is_database(self.uri):
                return client_of(self.uri)
            with alone(self.uri):  # two processes that make the tables of one database at once break each other
                make_whole(self.uri)
                client = client_of(self.uri)
                client.search_experiments(max_results=1)
                return client

    def _of_study(self) -> str:
        name = f"{self.study}-live"
        note = (
            "What stages do while they run, one run each. The results of the study are in the experiment of its name."
        )
        tags = {NOTE: note, "mlflow.experimentKind": "custom_model_development"}
        if found := self._found(name):
            return found
        try:
            with told_in_one_line(self.uri):
                return str(self._client.create_experiment(name, artifact_location(self.uri), tags))
        except TrackingError:  # maybe it was made meanwhile, or by this very request, whose answer was lost
            found = self._found(name)
        return found or str(self._ask(self._client.create_experiment, name, artifact_location(self.uri), tags))

    def _found(self, name: str) -> str:
        experiment = self._ask(self._client.get_experiment_by_name, name)
        if experiment is None:
            return ""
        refuse_deleted(experiment, self.uri)
        return str(experiment.experiment_id)

    def _made(self) -> str:
        """Return the run, made if there is none; one that was made twice, since an answer was lost, is deleted."""
        found = self._mine()
        if not found:
            self._ask(self._client.create_run, self._experiment, int(self.began * 1000), self.tags, self.name)
            found = self._mine()
        if not found:
            raise TrackingError(self.uri, "a run that was made is not found there")
        first, *more = (run.info.run_id for run in found)
        for run in more:
            self._ask(self._client.delete_run, run)
        self._close_killed()
        return str(first)

    def _mine(self) -> list[Any]:
        return list(self._ask(self._client.search_runs, [self._experiment], f"tags.`{LIVE}` = '{self.mark}'"))

    def _close_killed(self) -> None:
        """Close the runs of drivers in this folder that were killed: their journals are gone, and nobody else does."""
        query = f"attributes.status = '{RUNNING}'"
        for run in self._ask(self._client.search_runs, [self._experiment], query, max_results=PAGE):
            mark = run.data.tags.get(LIVE, "")
            is_ours = mark not in ("", self.mark) and run.data.tags.get(PLACE) == owner.place()
            if is_ours and not (FOLDER / mark).exists():
                self._ask(self._client.set_terminated, run.info.run_id, KILLED)

    def _ask(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Ask MLflow, and once more if it refuses: where it refuses every second request, all go through."""
        try:
            with told_in_one_line(self.uri):
                return call(*arguments, **named)
        except TrackingError as error:
            self.tell(error)
        with told_in_one_line(self.uri):
            return call(*arguments, **named)


def _tags(study: str, name: str, mark: str, engine: Engine) -> dict[str, str]:
    made_from = commit()
    tags = {
        LIVE: mark,
        PLACE: owner.place(),
        NOTE: ABOUT,
        "study": study,
        "commit": made_from,
        "mlflow.source.git.commit": made_from,
        "mlflow.source.name": name,
        "mlflow.source.type": "LOCAL",
        "engine": engine.settings.kind,
        "slots": _slots(engine),
    }
    return {tag: value for tag, value in tags.items() if value}


def _slots(engine: Engine) -> str:
    """Return how many pieces that need no GPU run at once, or nothing where no machine takes any."""
    try:
        return str(engine.slots(engine.settings.of_model()))
    except HarnessError:
        return ""


def _changed(looks: Sequence[StageLook]) -> Mapping[str, str]:
    return {name: value for look in looks for name, value in look.tags.items()}
