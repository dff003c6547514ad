"""The live run of a stage, on a real server with a real Postgres: what it shows, and that it never holds a stage up."""

from __future__ import annotations

import itertools
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import live_study
import pytest
from live_pieces import Lesson, learn
from mlflow_servers import MlflowServer, free_port, postgres, refusing
from small_studies import CHECKOUT

from harness.core import processes
from harness.core.errors import ResultError
from harness.tracking import live
from harness.tracking.at_work import at_work
from harness.tracking.client import ENVIRONMENT
from harness.tracking.runs import mirrored

os.environ.update({**ENVIRONMENT, **os.environ})  # read when MLflow is first imported
NAME = "transfer text_mlp"
SHORT = [Lesson(4, 0.05)] * 6


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of its own, and a publisher that is in more of a hurry."""
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    monkeypatch.setattr(live, "EVERY", 0.3)
    processes.prepare([])
    return tmp_path


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    said: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("emotransfer").addHandler(handler)
    yield said
    logging.getLogger("emotransfer").removeHandler(handler)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with postgres() as database:
        server = MlflowServer(tmp_path_factory.mktemp("server"), database)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def work(study: str, lessons: Sequence[Lesson], workers: int = 3) -> list[int]:
    """Do lessons as a stage does its pieces."""
    params = {"study": study, "tracking": {"live": True}, "engine": {"kind": "local", "workers": workers}}
    with at_work(params, NAME) as engine:
        return engine.run(learn, lessons, "test", name=lambda of: f"{NAME} (iemocap, emotion4, {of.epochs})")


def client_of(uri: str) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def the_run(uri: str, study: str) -> Any:
    client = client_of(uri)
    (run,) = client.search_runs([client.get_experiment_by_name(f"{study}-live").experiment_id])
    return run


def history(uri: str, run: Any, metric: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in client_of(uri).get_metric_history(run.info.run_id, metric)]


def complete(run: Any, pieces: int) -> bool:
    numbers = {"total": pieces, "done": pieces, "failed": 0, "retried": 0, "running": 0}
    shown = {name: run.data.metrics[f"pieces/{name}"] for name in numbers}
    return run.info.status == "FINISHED" and shown == numbers


@pytest.mark.slow
def test_a_run_shows_the_pieces_and_their_training(
    server: MlflowServer, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    assert work("shown", [Lesson(12, 0.2)] * 6) == [12] * 6
    run = the_run(server.uri, "shown")
    assert complete(run, 6)
    assert run.info.run_name == NAME
    assert run.data.tags["device"] == "cpu"
    assert (run.data.tags["engine"], run.data.tags["slots"], run.data.tags["study"]) == ("local", "3", "shown")
    dev = [value for _, value in history(server.uri, run, "dev/text_mlp")]
    assert 0 < min(dev) < max(dev) <= 1.2
    assert 1 / 12 <= run.data.metrics["loss/text_mlp"] <= 1
    assert max(value for _, value in history(server.uri, run, "pieces/running")) == 3
    assert run.data.metrics["pieces/per_hour"] > 0
    assert mirrored(client_of(server.uri), run.info.experiment_id, "") == []  # `track` leaves it alone
    assert warnings == []


@pytest.mark.slow
def test_a_stage_whose_server_is_killed_and_comes_back_ends_well_and_lacks_nothing(
    folder: Path, server: MlflowServer
) -> None:
    live_study.write(folder / "checkout", "killed", seeds=20, workers=3)
    hurry = "import sys; from harness.tracking import live; live.EVERY = 0.3; from harness.cli import main"
    stage = subprocess.Popen(
        [sys.executable, "-c", f"{hurry}; sys.exit(main(['transfer', 'text_mlp']))"], cwd=folder / "checkout",
        env={**os.environ, "MLFLOW_TRACKING_URI": server.uri, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    wait_for_a_run(server.uri, "killed", 1)
    server.kill()
    time.sleep(2)
    assert stage.poll() is None, "it was to be killed while the stage works"
    server.start()
    said, _ = stage.communicate(timeout=300)
    assert stage.returncode == 0, said
    assert "2 cell rows, 4 of 4 cells predicted" in said
    warned = [line for line in said.splitlines() if line.endswith("; the live run goes on once it answers")]
    assert len(warned) == 1
    assert f"MLflow at {server.uri}: " in warned[0]
    run = the_run(server.uri, "killed")
    assert complete(run, int(run.data.metrics["pieces/total"]))
    assert run.data.metrics["pieces/total"] >= 40
    steps = sorted({step for step, _ in history(server.uri, run, "pieces/done")})
    gaps = [after - before for before, after in itertools.pairwise(steps)]
    assert max(gaps) <= 2, "what was seen while the server was away was sent later"


@pytest.mark.slow
@pytest.mark.parametrize(("status", "retries", "warned"), [(403, "1", 1), (500, "0", 1), (500, "1", 0), (0, "1", 0)])
def test_a_server_that_refuses_every_second_request_gets_everything(
    server: MlflowServer, warnings: list[str], monkeypatch: pytest.MonkeyPatch, status: int, retries: str, warned: int
) -> None:
    study = f"refused-{status}-{retries}"
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", retries)  # where MLflow's own client asks again, all is well
    with refusing(server.uri, status) as uri:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        work(study, SHORT)
    assert complete(the_run(server.uri, study), 6)
    assert len(warnings) == warned


@pytest.mark.slow
def test_a_database_is_written_without_a_server(
    server: MlflowServer, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.database)
    work("direct", SHORT)
    assert complete(the_run(server.uri, "direct"), 6)
    assert warnings == []


def test_what_is_no_mlflow_at_all_is_one_warning(warnings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LAST", 1.0)
    with refusing("http://127.0.0.1:9", 200) as uri:  # answers, with words that mean nothing
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        assert work("else", SHORT) == [4] * 6
    assert len(warnings) == 1
    assert uri in warnings[0]


@pytest.mark.slow
def test_a_batch_that_is_sent_again_changes_nothing(server: MlflowServer) -> None:
    from mlflow.entities import Metric

    client = client_of(server.uri)
    run = client.create_run(client.create_experiment("again")).info.run_id
    batch = [Metric("a", 1.0, 1000, 0), Metric("b", 2.0, 1000, 0)]
    client.log_batch(run, batch)
    client.log_batch(run, [*batch, Metric("a", 3.0, 2000, 1)])
    assert [point.value for point in client.get_metric_history(run, "a")] == [1.0, 3.0]
    assert [point.value for point in client.get_metric_history(run, "b")] == [2.0]


def test_without_a_server_the_stage_ends_as_ever(warnings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LAST", 3.0)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    began = time.monotonic()
    assert work("away", SHORT) == [4] * 6
    assert time.monotonic() - began < 15
    assert len(warnings) == 1
    assert "refused; the live run goes on" in warnings[0]


def test_a_server_that_hangs_does_not_hold_the_stage_up(warnings: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(live, "LAST", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        assert work("hanging", SHORT) == [4] * 6
        assert time.monotonic() - began < 10
    for thread in threading.enumerate():  # it is told that nobody listens any more, and ends before the next test
        if thread.name == "MLflow":
            thread.join(60)
    assert len(warnings) == 1


@pytest.mark.slow
def test_the_database_of_the_checkout_is_made_where_there_is_none(
    folder: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(live, "LAST", 60.0)  # MLflow makes its tables for seconds
    work("sqlite", SHORT, workers=1)
    run = the_run(f"sqlite:///{folder / 'checkout' / 'mlflow.db'}", "sqlite")
    assert complete(run, 6)
    assert run.data.metrics["dev/text_mlp"] > 0
    assert (folder / "checkout" / "mlartifacts").as_uri() in run.info.artifact_uri
    assert warnings == []


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with tables: making them takes seconds."""
    from harness.tracking.new_database import make_whole

    uri = f"sqlite:///{tmp_path_factory.mktemp('database') / 'mlflow.db'}"
    make_whole(uri)
    return uri


def test_an_error_ends_the_run_as_failed(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
    with pytest.raises(ResultError, match="diverged"):
        work("failing", [Lesson(2, 0.05), Lesson(1, 0.05, error="the model diverged")])
    run = the_run(database, "failing")
    assert run.info.status == "FAILED"
    assert run.data.metrics["pieces/failed"] == 1


@pytest.mark.slow
def test_ctrl_c_ends_the_run_as_killed_and_one_that_was_killed_hard_is_closed(
    folder: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import signal

    for runs, ended_by in enumerate((signal.SIGKILL, signal.SIGINT), 1):
        hears = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # a shell may have it ignored
        script = f"{hears}; import test_live, live_pieces; test_live.work('ended', [live_pieces.Lesson(1000, 0.1)] * 3)"
        process = subprocess.Popen(
            [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); {script}"],
            env={**os.environ, "MLFLOW_TRACKING_URI": database, "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT}/tests/support"},
            cwd=folder / "checkout", start_new_session=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for_a_run(database, "ended", runs)
        os.kill(process.pid, ended_by)
        try:
            process.wait(60)
        finally:
            process.kill()
    client = client_of(database)
    found = client.search_runs([client.get_experiment_by_name("ended-live").experiment_id])
    assert [run.info.status for run in found] == ["KILLED", "KILLED"]


def wait_for_a_run(uri: str, study: str, number: int) -> None:
    client = client_of(uri)
    for _ in range(300):
        experiment = client.get_experiment_by_name(f"{study}-live")
        runs = client.search_runs([experiment.experiment_id]) if experiment else []
        if len(runs) == number and runs[0].info.status == "RUNNING" and runs[0].data.metrics:
            return
        time.sleep(0.1)
    pytest.fail(f"there is no run number {number}")
