"""dvc.yaml: what it says of the code, and what really runs again when something changes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
import yaml
from repos import Repo
from small_studies import CHECKOUT

from harness.core.imports import closure
from harness.core.plugins import names, source
from harness.stages.code import sources
from harness.study.encoder_rows import presets
from harness.study.params.rows import NO_MODALITY, SLOTS

DVC = yaml.safe_load((CHECKOUT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PARAMS = yaml.safe_load((CHECKOUT / "params.yaml").read_text(encoding="utf-8"))


def body(stage: str) -> dict:
    return DVC[stage].get("do", DVC[stage])


def test_a_stage_depends_on_the_digest_of_its_code() -> None:
    for stage in set(DVC) - {"code", "params", "outside"}:
        assert f"data/code/{stage}" in body(stage)["deps"]
        templates = [path for path in closure(*sources(stage)) if path.name == "templates.py"]
        assert ("harness/report/templates" in body(stage)["deps"]) == bool(templates), "digests are of Python alone"
    assert "data/code/encoder/${item.encoder}" in body("features")["deps"]
    assert "data/code/fusion/${item.fusion}" in body("transfer")["deps"]
    assert DVC["code"]["deps"] == ["harness", "data/params/checked"], "no stage begins before params.yaml is checked"
    assert DVC["params"]["deps"] == ["params.yaml", "data/links"], "a clone without links fills its gaps"


def test_a_stage_is_named_as_its_file() -> None:
    assert sorted(DVC) == names("stage")
    for stage in DVC:
        assert body(stage)["cmd"].startswith(f"python -m harness {stage}")


def test_a_label_map_is_in_no_stage_after_prepare() -> None:
    for stage in set(DVC) - {"prepare"}:
        assert not [dep for dep in body(stage)["deps"] if dep.startswith("adapters")]
    assert not [path for path in closure(source("stage", "features")) if path.parent.name == "adapters"]


def test_every_row_of_params_names_a_file() -> None:
    for corpus, row in PARAMS["corpora"].items():
        assert (row or {}).get("adapter", corpus) in names("corpus")
    for row in (*PARAMS["encoders"].values(), *presets().values()):
        assert row["encoder"] in names("encoder")
    for recipe in PARAMS["recipes"].values():
        assert recipe["fusion"] in names("fusion")
        assert {recipe[slot] for slot in SLOTS} <= {*PARAMS["encoders"], NO_MODALITY}
    assert {metric for kind in PARAMS["metrics"].values() for metric in kind} <= set(names("metric"))


def test_the_graph_stays_small_enough_for_dvc() -> None:
    corpora, encoders, recipes = (len(PARAMS[key]) for key in ("corpora", "encoders", "recipes"))
    rows = sum(len(PARAMS[key] or {}) for key in ("protocols", "external"))
    assert corpora + encoders + recipes + rows + len([stage for stage in DVC if body(stage) is DVC[stage]]) < 50


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    made = Repo(tmp_path_factory.mktemp("checkout"))
    assert "report" in made.repro("report")
    return made


@pytest.mark.slow
def test_a_second_repro_runs_nothing(repo: Repo) -> None:
    assert repo.repro("report") == set()


@pytest.mark.slow
def test_one_changed_recipe_runs_alone(repo: Repo) -> None:
    repo.edit("params.yaml", "description: n-grams of the text as said", "description: n-grams, as said")
    assert repo.repro() == {"params", "transfer@text_ngrams", "score"}


@pytest.mark.slow
def test_a_changed_label_map_extracts_no_feature_again(repo: Repo) -> None:
    repo.edit("adapters/meld.py", '"disgust": "disgust"', '"disgust": "anger"')
    ran = repo.repro()
    assert {"prepare@meld", "transfer@text_ngrams", "transfer@text_ngrams_zh", "score"} <= ran
    assert not [stage for stage in ran if stage.startswith("features")]


@pytest.mark.slow
def test_a_comment_runs_nothing_again_but_the_digests(repo: Repo) -> None:
    repo.edit("harness/encoders/ngrams.py", "MODALITY =", "# a remark\nMODALITY =")
    repo.edit("harness/core/files.py", '"""Write UTF-8 text whole."""', '"""Write a text in UTF-8, whole."""')
    assert repo.repro() == {"code"}


@pytest.mark.slow
def test_an_edited_encoder_runs_again_and_what_it_feeds(repo: Repo) -> None:
    before = repo.digests("predictions")
    repo.edit("harness/encoders/ngrams.py", "SHARD =", "EDITED = True\nSHARD =")
    ran = repo.repro("transfer")
    assert {"code", "features@ngrams", "transfer@text_ngrams"} <= ran
    assert not [stage for stage in ran if stage.startswith(("prepare", "external"))]
    after = repo.digests("predictions")
    assert before.keys() == after.keys()


def block(page: str, language: str, number: int = 0) -> str:
    """Return a code block of a page in docs/, so that what the page says is what is tried."""
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)[number]


@pytest.mark.slow
def test_a_corpus_is_one_file_and_one_row(repo: Repo) -> None:
    models = repo.digests("models")
    times = {name: (repo.folder / name).stat().st_mtime_ns for name in models}
    stores = {path: path.stat().st_mtime_ns for path in repo.folder.glob("data/features/ngrams/*/*/*")}
    (repo.folder / "adapters" / "tiny.py").write_text(block("add-a-corpus.md", "python"), encoding="utf-8")
    words = (("joy", "开心"), ("grief", "难过"))
    rows = [f"{s}\t{e}\t{w}今天{n}" for s in ("train", "dev", "test") for n in range(8) for e, w in words]
    (repo.folder / "release").mkdir()
    (repo.folder / "release" / "tiny.tsv").write_text("\n".join(rows), encoding="utf-8")
    (repo.folder / "release" / "SYNTHETIC.json").write_text('{"synthetic": true}')
    repo.edit("params.yaml", "  emotiontalk: {}\n", "  emotiontalk: {}\n  tiny: {}\n")
    repo.run(sys.executable, "-m", "harness", "link", "tiny", "release")
    ran = repo.repro()
    assert {"prepare@tiny", "features@ngrams"} <= ran
    assert {path: path.stat().st_mtime_ns for path in stores} == stores, "no feature of another corpus was extracted"
    assert {name: (repo.folder / name).stat().st_mtime_ns for name in times} == times, "no other model was trained"
    assert "tiny" in repo.run(sys.executable, "-m", "harness", "show", "--space", "emotion4")


@pytest.mark.slow
def test_an_encoder_a_model_a_metric_and_a_protocol_are_one_file_and_one_row_each(repo: Repo) -> None:
    for page, room, name in (
        ("add-an-encoder.md", "encoders", "shape"),
        ("add-a-model.md", "fusion", "relu"),
        ("add-a-metric.md", "metrics", "gmean"),
        ("add-a-protocol.md", "protocols", "learning_curve"),
    ):
        (repo.folder / "harness" / room / f"{name}.py").write_text(block(page, "python"), encoding="utf-8")
    pages = ("add-an-encoder.md", "add-a-model.md", "add-a-protocol.md")
    rows = [yaml.safe_load(block(page, "yaml")) for page in pages]
    params = yaml.safe_load((repo.folder / "params.yaml").read_text(encoding="utf-8"))
    for new in rows:
        for section, added in new.items():
            params[section].update(added)
    params["metrics"]["classes"].append("gmean")
    text = yaml.safe_dump(params, allow_unicode=True, sort_keys=False)
    (repo.folder / "params.yaml").write_text(text, encoding="utf-8")
    times = {path: path.stat().st_mtime_ns for path in repo.folder.glob("models/*/*/*.safetensors")}
    ran = repo.repro("report")
    trained = {"transfer@text_shape", "transfer@text_relu", "protocols@learning_curve"}
    assert ran == {"params", "code", "features@shape", *trained, "score", "analyse", "foresee", "report"}
    assert times
    assert {path: path.stat().st_mtime_ns for path in times} == times
    cells = (repo.folder / "results" / "cells.csv").read_text(encoding="utf-8")
    assert re.search(
        r"emotion4,multimodal,text_relu,meld,emotiontalk,single_source,source_dev_one_standard_error,gmean,\d", cells
    )
    assert re.search(
        r"emotion4,multimodal,text_ngrams,meld,emotiontalk,learning_curve,source_dev_one_standard_error,gmean,\d", cells
    )
    assert "G-mean" in repo.run(sys.executable, "-m", "harness", "show", "--space", "emotion4", "--metric", "gmean")
    for page in (repo.folder / "results" / name for name in ("report.html", "report.md")):
        text = page.read_text(encoding="utf-8")
        assert "geometric mean of the recalls of the classes that occur in the truth" in text
        assert "How many labelled rows of a source does it take?" in text
        assert "the source has fewer labelled train rows (" in text
        assert "source_has_" not in text
    assert "### G-mean" in text, "it has its matrices"
    table = (repo.folder / "results" / "tables" / "learning_curve-emotion4-text_ngrams.csv").read_text(encoding="utf-8")
    assert table.startswith("source,target,single source,n=50,interval,- single source")


@pytest.mark.slow
def test_killed_during_transfer_it_resumes_to_the_same_bytes(repo: Repo) -> None:
    repo.repro("transfer")
    undisturbed = repo.digests("models", "predictions")
    for top in ("models", "predictions"):
        shutil.rmtree(repo.folder / top)
    shutil.rmtree(repo.folder / ".dvc" / "cache")
    process = subprocess.Popen(
        ["dvc", "repro", "transfer"], cwd=repo.folder, env=repo.environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(repo.folder.glob("models/*/*/*.safetensors")):
        assert time.monotonic() < deadline
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    survivors = {path: path.stat().st_mtime_ns for path in repo.folder.glob("models/*/*/*.safetensors")}
    assert 0 < len(survivors) < len([name for name in undisturbed if name.endswith(".safetensors")])
    repo.repro("transfer")
    assert repo.digests("models", "predictions") == undisturbed
    assert {path: path.stat().st_mtime_ns for path in survivors} == survivors, "finished pieces are kept"
