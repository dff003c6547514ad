"""The MLflow mirror against a real SQLite database: what it makes, that it converges, and how it fails."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from mirrored import FACTS, LANGUAGES, cell, matrix

from harness.core import paths
from harness.core.errors import ResultError
from harness.study.cells import Cell
from harness.tracking import owner
from harness.tracking.address import TrackingError
from harness.tracking.client import ENVIRONMENT
from harness.tracking.mirror import OWNER, Mirrored, mirror
from harness.tracking.runs import KEY


class Study:
    """One experiment of the shared database, and what MLflow says about it."""

    def __init__(self, uri: str, folder: Path, name: str) -> None:
        from mlflow import MlflowClient

        self.uri, self.name, self.client = uri, name, MlflowClient(tracking_uri=uri, registry_uri=uri)
        self.report = folder / "report.html"
        self.report.write_text("<p>0.4</p>", encoding="utf-8")
        (folder / "tables").mkdir()
        (folder / "tables" / "uar.tex").write_text("0.4", encoding="utf-8")

    def mirror(self, cells: list[Cell], facts: dict[str, Any] | None = None, **tags: str) -> Mirrored:
        artifacts = [self.report, self.report.parent / "tables"]
        return mirror(cells, facts or FACTS, artifacts, uri=self.uri, experiment=self.name, tags=tags)

    @property
    def experiment(self) -> Any:
        return self.client.get_experiment_by_name(self.name)

    def runs(self) -> list[Any]:
        return list(self.client.search_runs([self.experiment.experiment_id]))

    def run(self, name: str) -> Any:
        (found,) = [run for run in self.runs() if run.info.run_name == name]
        return found


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return one database for the module: making its tables takes seconds."""
    os.environ.update({**ENVIRONMENT, **os.environ})  # read when MLflow is first imported
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'new' / 'mlflow.db'}"


@pytest.fixture
def study(uri: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Study:
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    return Study(uri, tmp_path, request.node.name)


def test_one_flat_finished_run_per_cell_and_one_summary(study: Study) -> None:
    done = study.mirror(matrix())
    runs = study.runs()
    assert (done.created, done.unchanged, done.removed) == (10, 0, 0)
    pairs = [f"{source}->{target}" for source in LANGUAGES for target in LANGUAGES]
    assert [run.info.run_name for run in runs] == ["matrix", *pairs]  # as the page lists them
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert not any("mlflow.parentRunId" in run.data.tags for run in runs)
    assert {run.data.tags["study"] for run in runs} == {"emotransfer"}


def test_a_cell_says_its_numbers_settings_and_origin(study: Study) -> None:
    recall = [cell("m3ed", "meld", "recall/happy", value=0.7, low=0.6, n=100)]
    study.mirror([*matrix(), *recall], who="me")
    data = study.run("m3ed->meld").data
    assert data.metrics == {
        **{f"transfer/{metric}": 0.4 for metric in ("uar", "macro_f1")},
        **{f"interval/{metric}_low": 0.3 for metric in ("uar", "macro_f1")},
        **{f"floor/{metric}": 0.25 for metric in ("uar", "macro_f1")},
        **{f"ratio/{metric}": 0.5 for metric in ("uar", "macro_f1")},
        "recall/happy": 0.7,
        "n": 100,
    }
    assert data.params == {
        "space": "emotion4",
        "view": "multimodal",
        "train_view": "multimodal",
        "recipe": "ngrams",
        "source": "m3ed",
        "target": "meld",
        "protocol": "single_source",
        "selection": "source_dev",
        "pair": "across-language",
        "uses.fusion": "linear",
        "uses.settings.c": "0.3, 1",
    }
    expected = {"commit": "3f2a9c1d", "dvc_lock": "9b1f03de", "synthetic": "true", "source_language": "zh", "who": "me"}
    assert expected.items() <= data.tags.items()
    assert "uar 0.400" in data.tags["mlflow.note.content"]


def test_the_summary_holds_means_corpora_and_files(study: Study) -> None:
    done = study.mirror([*matrix("e5"), *matrix()])
    summary = study.run("matrix")
    assert summary.data.metrics["mean/in_domain emotion4 ngrams uar"] == pytest.approx(0.6)
    assert summary.data.metrics["mean/cross_corpus emotion4 e5 uar"] == pytest.approx(0.4)
    assert summary.data.metrics["mean/ratio emotion4 e5 uar"] == pytest.approx(0.5)
    assert {found.dataset.name for found in summary.inputs.dataset_inputs} == set(LANGUAGES)
    assert {found.path for found in study.client.list_artifacts(summary.info.run_id)} == {"report.html", "tables"}
    beside = Path(urlsplit(study.uri).path.removeprefix("/")).parent / "mlartifacts"
    assert (beside / summary.info.run_id / "artifacts" / "tables" / "uar.tex").read_text() == "0.4"
    assert done.created == 19


def test_a_second_mirror_changes_nothing(study: Study) -> None:
    study.mirror(matrix())
    before = [run.to_dictionary() for run in study.runs()]
    done = study.mirror(matrix(), {**FACTS, "made": {**FACTS["made"], "time": "a day later"}})
    assert (done.created, done.unchanged, done.removed) == (0, 10, 0)
    assert [run.to_dictionary() for run in study.runs()] == before


def test_a_changed_cell_replaces_its_run_and_no_other(study: Study) -> None:
    study.mirror(matrix())
    before = {run.info.run_id for run in study.runs()}
    cells = matrix()
    cells[2] = dataclasses.replace(cells[2], value=0.5)
    done = study.mirror(cells)
    assert (done.created, done.unchanged, done.removed) == (2, 8, 2)  # the mean of the summary changes with it
    assert len({run.info.run_id for run in study.runs()} & before) == 8
    assert study.run("m3ed->emotiontalk").data.metrics["transfer/uar"] == 0.5


def test_a_changed_report_replaces_the_summary_only(study: Study) -> None:
    study.mirror(matrix())
    study.report.write_text("<p>0.5</p>", encoding="utf-8")
    assert study.mirror(matrix()).created == 1


def test_a_new_commit_is_noted_in_place(study: Study) -> None:
    study.mirror(matrix())
    done = study.mirror(matrix(), {**FACTS, "made": {**FACTS["made"], "commit": "ffff0000"}})
    assert (done.created, done.unchanged) == (0, 10)
    assert {run.data.tags["commit"] for run in study.runs()} == {"ffff0000"}


def test_runs_of_vanished_cells_go_and_runs_of_others_stay(study: Study) -> None:
    study.mirror(matrix())
    study.mirror(matrix(), {**FACTS, "study": "another"})
    study.client.create_run(study.experiment.experiment_id, run_name="by hand", tags={"study": "emotransfer"})
    done = study.mirror(matrix()[2:])
    assert (done.unchanged, done.removed) == (8, 2)
    left = [run for run in study.runs() if run.data.tags["study"] == "emotransfer"]
    assert sorted(run.info.run_name for run in left if KEY not in run.data.tags) == ["by hand"]
    assert len([run for run in left if KEY in run.data.tags]) == 9
    assert len([run for run in study.runs() if run.data.tags["study"] == "another"]) == 10


@pytest.mark.parametrize("step", ["log_batch", "log_inputs", "set_terminated"])
def test_a_killed_mirror_continues(study: Study, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    whole, calls = getattr(study.client, step), iter([False] * 4 + [True])

    def killed(_: Any, *given: Any, **named: Any) -> Any:
        if next(calls):
            raise KeyboardInterrupt
        return whole(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(type(study.client), step, killed)
        with pytest.raises(KeyboardInterrupt):
            study.mirror(matrix())
    done = study.mirror(matrix())
    assert (done.created, done.unchanged, done.removed) == (6, 4, 1)
    assert all(run.inputs.dataset_inputs and run.data.metrics for run in study.runs())


def test_the_runs_of_another_checkout_of_the_same_name_stay(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    study.mirror(matrix())
    first = owner.owner()
    (tmp_path / "second").mkdir()
    monkeypatch.chdir(tmp_path / "second")
    done = study.mirror(matrix()[2:])
    assert (done.created, done.unchanged, done.removed) == (9, 0, 0)
    assert len(study.runs()) == 19
    assert f"MLflow: 10 runs of a study 'emotransfer' are those of {owner.place().split(':')[0]}:" in caplog.text
    assert f"run once with EMOTRANSFER_TRACK_AS={first}" in caplog.text
    caplog.clear()
    monkeypatch.setenv("EMOTRANSFER_TRACK_AS", first)
    assert (study.mirror(matrix()).unchanged, len(study.runs())) == (10, 19)
    monkeypatch.delenv("EMOTRANSFER_TRACK_AS")
    monkeypatch.chdir(tmp_path / "checkout")
    assert (study.mirror(matrix()).unchanged, len(study.runs())) == (10, 19)


def test_runs_without_an_owner_are_left_alone_where_others_write(
    study: Study, caplog: pytest.LogCaptureFixture
) -> None:
    study.mirror(matrix())
    for run in study.runs():
        study.client.delete_tag(run.info.run_id, OWNER)
    assert (study.mirror(matrix()).created, len(study.runs())) == (10, 20)
    assert "stay as they are; another name (`study` in params.yaml) keeps the two apart" in caplog.text


def test_all_runs_in_a_database_of_the_checkout_are_its_own(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study.mirror(matrix())
    database = Path(study.uri.removeprefix("sqlite:///"))
    monkeypatch.chdir(database.parent)
    done = study.mirror(matrix())
    assert (done.unchanged, len(study.runs())) == (10, 10)
    assert study.run("meld->m3ed").data.tags[OWNER] == owner.owner()


def test_a_moved_checkout_keeps_its_identity_and_a_copy_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    first = owner.owner()
    assert owner.owner() == first
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved")
    assert owner.owner() == first
    shutil.copytree(tmp_path / "moved", tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    second = owner.owner()
    assert second != first
    assert owner.owner() == second
    paths.OWNER.write_text("{")
    assert owner.owner() not in (first, second, "")


def test_a_copied_checkout_writes_its_files_beside_its_own_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "first").mkdir()
    monkeypatch.chdir(tmp_path / "first")
    first = Study(f"sqlite:///{tmp_path}/first/mlflow.db", tmp_path, "copied")
    first.mirror(matrix())
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    files = digests(tmp_path / "first")
    monkeypatch.chdir(tmp_path / "copy")
    (tmp_path / "of_copy").mkdir()
    copy = Study(f"sqlite:///{tmp_path / 'copy' / 'mlflow.db'}", tmp_path / "of_copy", "copied")
    copy.report.write_text("<p>0.5</p>")
    assert copy.mirror(matrix()).created == 10
    assert len(copy.runs()) == 10
    assert copy.experiment.artifact_location == (tmp_path / "copy" / "mlartifacts").as_uri()
    assert digests(tmp_path / "first") == files
    assert copy.mirror(matrix()).unchanged == 10


def digests(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_lost_files_are_written_again(study: Study) -> None:
    study.mirror(matrix())
    summary = Path(urlsplit(study.run("matrix").info.artifact_uri).path)
    (summary / "tables" / "uar.tex").unlink()
    assert (study.mirror(matrix()).unchanged, study.mirror(matrix()).unchanged) == (9, 10)
    shutil.rmtree(summary.parent.parent)
    assert (study.mirror(matrix()).created, study.mirror(matrix()).unchanged) == (1, 10)
    assert (Path(urlsplit(study.run("matrix").info.artifact_uri).path) / "tables" / "uar.tex").read_text() == "0.4"


AT_ONCE = """
import logging
import sys
logging.basicConfig(level=logging.INFO)
sys.path.insert(0, sys.argv[2])
from mirrored import FACTS, matrix
from harness.tracking.mirror import mirror
mirror(matrix(), FACTS, [], uri=sys.argv[1], experiment="x", tags={})
"""


@pytest.mark.slow
def test_two_mirrors_at_once_into_a_new_database_end_right(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    command = [sys.executable, "-c", AT_ONCE, uri, str(Path(__file__).parent.parent / "support")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    (tmp_path / "here").mkdir()
    started = [
        subprocess.Popen(command, cwd=tmp_path / "here", env=environment, stderr=subprocess.PIPE) for _ in range(2)
    ]
    assert [(process.communicate()[1], process.returncode)[1] for process in started] == [0, 0]
    assert len(Study(uri, tmp_path, "x").runs()) == 10


@pytest.mark.slow
def test_a_mirror_that_waited_takes_the_identity_that_the_other_one_drew(tmp_path: Path) -> None:
    """Drawn before the wait, it would be another one, and every run would stand there twice."""
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    command = [sys.executable, "-c", AT_ONCE, uri, str(Path(__file__).parent.parent / "support")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    here = tmp_path / "here"
    (here / paths.WORK).mkdir(parents=True)
    with (here / paths.WORK / "track.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(command, cwd=here, env=environment, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            assert any("waiting for another `track`" in line for line in process.stderr)  # up to that line
            place = [str(here), str(here.stat().st_ino)]
            (here / paths.OWNER).write_text(json.dumps({"id": "drawn first", "place": place}))
            fcntl.flock(lock, fcntl.LOCK_UN)
            process.stderr.read()
    assert process.returncode == 0
    assert {run.data.tags[OWNER] for run in Study(uri, tmp_path, "x").runs()} == {"drawn first"}


def test_two_runs_of_one_cell_become_one(study: Study) -> None:
    study.mirror(matrix())
    once = study.run("meld->m3ed")
    study.client.create_run(study.experiment.experiment_id, run_name="meld->m3ed", tags=once.data.tags)
    assert study.mirror(matrix()).removed == 1
    assert study.run("meld->m3ed")


def test_cells_without_a_value_are_listed_and_make_no_run(study: Study) -> None:
    without = [cell("m3ed", "ch_sims", metric, reason="target_not_annotated") for metric in ("uar", "macro_f1")]
    partly = [cell("m3ed", "meld", "ece", reason="no_probabilities")]
    study.mirror([*matrix(), *without, *partly])
    assert len(study.runs()) == 10
    assert study.run("m3ed->meld").data.tags["reason.ece"] == "no_probabilities"
    summary = study.run("matrix")
    path = study.client.download_artifacts(summary.info.run_id, "reasons.csv")
    listed = Path(path).read_text().splitlines()
    assert len(listed) == 4
    assert listed[1].startswith("emotion4,multimodal,ngrams,m3ed,ch_sims")
    assert listed[1].endswith("target_not_annotated")
    assert summary.data.metrics["cells/with_reason"] == 3


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_not_a_number_is_refused_before_anything_is_logged(study: Study, number: float) -> None:
    with pytest.raises(ResultError, match=r"m3ed->meld uar .*gap is (nan|inf)"):
        study.mirror([cell("m3ed", "meld", value=0.5, gap=number)])
    assert study.experiment is None


def test_a_missing_artifact_is_named(study: Study) -> None:
    study.report.unlink()
    with pytest.raises(ResultError, match=r"report\.html: does not exist; run `dvc repro report`"):
        study.mirror(matrix())


def test_synthetic_corpora_are_marked_everywhere_and_real_ones_nowhere(study: Study) -> None:
    study.mirror(matrix())
    assert {run.data.tags["synthetic"] for run in study.runs()} == {"true"}
    assert study.experiment.tags["synthetic"] == "true"
    assert "SYNTHETIC" in study.experiment.tags["mlflow.note.content"]
    done = study.mirror(matrix(), {**FACTS, "synthetic": False})
    assert done.created == 10
    assert not any("synthetic" in run.data.tags for run in study.runs())
    assert study.experiment.tags["synthetic"] == "false"
    assert "SYNTHETIC" not in study.experiment.tags["mlflow.note.content"]


def test_facts_may_be_empty(study: Study) -> None:
    study.mirror(matrix(), {"nothing": "known"})
    assert study.run("m3ed->meld").data.params["pair"] == "cross-corpus"


def test_the_hint_leads_to_the_runs_of_the_first_recipe(study: Study) -> None:
    done = study.mirror([*matrix("e5"), *matrix()])
    lines = dict(line.split(None, 1) for line in done.compare_hint.splitlines())
    assert lines["start:"].endswith(f"--backend-store-uri {study.uri}")
    assert f"/#/experiments/{done.experiment_id}/runs" in lines["table:"]
    asked = parse_qs(lines["compare:"].partition("?")[2])
    assert json.loads(asked["experiments"][0]) == [done.experiment_id]
    chosen = [study.client.get_run(name) for name in json.loads(asked["runs"][0])]
    assert {run.data.params["recipe"] for run in chosen} == {"ngrams"}  # the first one of the study's recipes
    assert len(chosen) == 9
    view = parse_qs(lines["table:"].partition("?")[2])["viewStateShareKey"][0]
    saved = json.loads(study.experiment.tags[f"mlflow.sharedViewState.{view}"])
    assert "metrics.`transfer/uar`" in json.loads(saved["state"])["selectedColumns"]


def test_a_view_the_user_has_changed_stays(study: Study) -> None:
    done = study.mirror(matrix())
    name = "mlflow.sharedViewState.harness-emotion4-uar"
    study.client.set_experiment_tag(done.experiment_id, name, "mine")
    study.mirror(matrix())
    assert study.experiment.tags[name] == "mine"


def test_a_deleted_experiment_is_not_revived(study: Study) -> None:
    done = study.mirror(matrix()[:2])
    study.client.delete_experiment(done.experiment_id)
    with pytest.raises(TrackingError, match=f"mlflow experiments restore --experiment-id {done.experiment_id}"):
        study.mirror(matrix()[:2])


@pytest.mark.slow
def test_a_fresh_process_prints_nothing_but_its_own_words(tmp_path: Path) -> None:
    code = (
        "from harness.tracking.mirror import mirror\nfrom harness.study.cells import Cell\n"
        "cells = [Cell('emotion4', '', 'ngrams', 'a', 'b', 'p', 's', 'uar', value=0.5)]\n"
        f"print(mirror(cells, {{}}, [], uri='sqlite:///{tmp_path / 'mlflow.db'}', experiment='x', tags={{}}).created)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "2\n"
    assert "INFO" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "mlflow.db", "mlflow.db.lock"]  # no ./mlruns
