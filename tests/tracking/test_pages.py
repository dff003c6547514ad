"""MLflow's pages as a person sees them: a mirrored study, the real server, a real headless browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mirrored import FACTS, LANGUAGES, matrix

from harness.study.cells import Cell
from harness.tracking.address import LOCAL_SERVER, MODE, hint
from harness.tracking.mirror import mirror
from harness.tracking.training import TrainingFacts

pytestmark = pytest.mark.slow
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 150_000  # milliseconds: the machine may have much else to do
RECIPES = ("ngrams", "e5")


def values() -> dict[tuple[str, str, str], float]:
    """Recipe, source and target -> a UAR of its own, cross-corpus under in-domain."""
    cells = [(r, s, t) for r in RECIPES for s in LANGUAGES for t in LANGUAGES]
    return {cell: (0.6 if cell[1] == cell[2] else 0.4) + at / 100 for at, cell in enumerate(cells)}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses that a mirror prints, on a server that is up; the server ends with the tests."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "tables").mkdir()
    (folder / "tables" / "emotion4_uar.tex").write_text("0.4", encoding="utf-8")
    (folder / "report.html").write_text("<h1>Transfer between emotion corpora</h1>", encoding="utf-8")
    cells = [cell for recipe in RECIPES for cell in matrix(recipe)]
    for cell in cells:
        if cell.metric == "uar":
            cell.value = values()[cell.recipe, cell.source, cell.target]
            cell.gap = None if cell.is_in_domain else cell.value - 0.6
    pooled = ("emotion4", "multimodal", "e5", "all", "meld", "pooled", "source_dev", "uar")
    other_view = ("emotion4", "text", "e5", "m3ed", "meld", "single_source", "source_dev", "uar")
    cells += [Cell(*names, value=0.99) for names in (pooled, other_view)]  # neither is the best cross-corpus cell
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    facts = {**FACTS, "recipes": {name: {"settings": {"features": name}} for name in RECIPES}}
    curves = {"train/dev": [(1, 0.25), (2, 0.5)], "train/loss": [(1, 2.0), (2, 1.0)]}
    facts["training"] = {("e5", name, "emotion4"): TrainingFacts(curves, "NVIDIA H100") for name in LANGUAGES}
    artifacts = [folder / "report.html", folder / "tables"]
    found = mirror(cells, facts, artifacts, uri=uri, experiment="pages", tags={})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--backend-store-uri", uri], cwd=folder, start_new_session=True,
        stdout=(folder / "server.log").open("w"), stderr=subprocess.STDOUT,
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
    )  # fmt: skip
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(base, server, folder / "server.log")
        lines = dict(re.findall(r"^(\w+):\s+(.*)$", found.compare_hint, re.MULTILINE))
        yield {**{name: line.replace(LOCAL_SERVER, base) for name, line in lines.items()}, "base": base, "uri": uri}
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait(base: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(120):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"{base}/health", timeout=2).close()
            return
        except OSError:
            time.sleep(1)
    pytest.fail(f"the server did not answer: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium of the system."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install .[dev]")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser on the path ({', '.join(BROWSERS)})")
    with playwright.sync_playwright() as p:
        opened = p.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A new page; an error of its scripts fails the test."""
    one = browser.new_page(viewport={"width": 1600, "height": 1000})
    one.set_default_timeout(PATIENCE)
    yield one
    one.close()


def shown(page: Any, address: str, text: str) -> str:
    """Open an address, wait for a text, and return all text of the page.

    Once: MLflow lays a saved view over the page that is opened first, and a page loaded again has lost it.
    """
    page.goto(address, timeout=PATIENCE)
    page.get_by_text(text, exact=True).first.wait_for()
    page.wait_for_timeout(1500)  # columns follow the first rows
    return str(page.inner_text("body"))


def test_the_table_shows_recipe_pair_and_the_primary_metric_on_a_small_screen(pages: dict[str, str], page: Any) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    text = shown(page, pages["table"], "m3ed->meld")
    for part in ("emotion4 by uar", "SYNTHETIC corpora", "20 matching runs", "within-language", "m3ed->emotiontalk"):
        assert part in text
    assert "Model registry" in text  # the menu of training, not that of language models
    table = page.locator(".ag-root").first.bounding_box()
    ends = []
    for column in ("params.`recipe`", "params.`pair`", "metrics.`transfer/uar`"):
        box = page.locator(f'.ag-header-cell[col-id="{column}"]').bounding_box()
        ends.append(box["x"] + box["width"])
    assert ends == sorted(ends)
    assert ends[-1] <= table["x"] + table["width"]


def test_the_best_cross_corpus_cells_come_first(pages: dict[str, str], page: Any) -> None:
    text = shown(page, pages["best"], "meld->emotiontalk")
    assert "12 matching runs" in text
    assert "Sort: transfer/uar" in text
    assert "in-domain" not in text.replace("best cross-corpus", "")
    names = re.findall(r"^\w+->\w+$", text, re.MULTILINE)
    away = {cell: value for cell, value in values().items() if cell[1] != cell[2]}
    best = [f"{cell[1]}->{cell[2]}" for cell in sorted(away, key=lambda cell: -away[cell])]
    assert names == best


def test_the_charts_are_bars_and_parallel_coordinates_of_the_primary_metric(pages: dict[str, str], page: Any) -> None:
    page.set_viewport_size({"width": 1600, "height": 2400})  # a chart out of sight is not drawn
    shown(page, pages["charts"], "m3ed->meld")
    page.get_by_text(re.compile(r"^uar\s*\(4\)$")).first.wait_for()
    titles = [page.get_by_text(one, exact=True).last for one in ("transfer/uar", "gap/uar", "ratio/uar")]
    assert all(title.is_visible() for title in titles)
    assert page.get_by_text("macro_f1").count() == 0
    page.locator("svg.main-svg .bars").first.wait_for()
    axes = page.locator("svg text", has_text=re.compile("^(recipe|source|target)$"))
    axes.nth(2).wait_for()
    assert axes.all_text_contents() == ["recipe", "source", "target"]


def test_the_compare_page_sets_source_and_target_against_the_metric(pages: dict[str, str], page: Any) -> None:
    text = shown(page, pages["compare"], "Comparing 9 Runs from 1 Experiment")
    assert "Parallel Coordinates Plot" in text
    assert _axes(page) == ["pair", "source", "target", "transfer/uar"]


@pytest.mark.parametrize(("fixed", "free"), [("source", "target"), ("target", "source")])
def test_runs_of_one_corpus_are_compared_by_recipe_and_the_other(
    pages: dict[str, str], page: Any, fixed: str, free: str
) -> None:
    runs = _runs(pages["uri"], f"params.{fixed} = 'meld' and params.protocol = 'single_source'")
    runs = [run for run in runs if run.data.params["view"] == "multimodal"]
    text = hint(pages["base"], runs[0].info.experiment_id, "", "", [run.info.run_id for run in runs])
    (address,) = re.findall(r"^compare: (.*)$", text, re.MULTILINE)
    shown(page, address, "Comparing 6 Runs from 1 Experiment")
    assert _axes(page) == ["pair", "recipe", free, "transfer/uar"]


def test_a_run_says_what_it_is_and_of_which_data(pages: dict[str, str], page: Any) -> None:
    run = _run(pages["uri"], "m3ed->meld")
    text = shown(page, f"{pages['base']}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}", "transfer/uar")
    for part in ("m3ed->meld", "transfer/macro_f1", "interval/uar_low", "selection"):
        assert part in text
    assert "m3ed" * 3 in text  # the digest of a dataset
    assert "training" in text.lower()
    assert "source_dev" in text


def test_an_in_domain_run_shows_its_training(pages: dict[str, str], page: Any) -> None:
    run = _runs(pages["uri"], "attributes.run_name = 'meld->meld' and params.recipe = 'e5'")[0]
    page.set_viewport_size({"width": 1600, "height": 4000})  # a chart out of sight is not drawn
    address = f"{pages['base']}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/model-metrics"
    page.goto(f"{address}?{MODE}", timeout=PATIENCE)
    page.get_by_text(re.compile(r"^train\s*\(2\)$")).first.wait_for()
    for name in ("dev", "loss"):  # a line says its metric, a bar does not
        page.get_by_text(f"meld->meld (train/{name})", exact=True).wait_for()
    assert run.data.tags["device"] == "NVIDIA H100"


def test_the_summary_holds_the_report_and_the_tables(pages: dict[str, str], page: Any) -> None:
    run = _run(pages["uri"], "matrix")
    address = f"{pages['base']}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts"
    text = shown(page, address, "report.html")
    assert "tables" in text
    page.get_by_text("report.html", exact=True).first.click()
    page.frame_locator("iframe").first.get_by_text("Transfer between emotion corpora").wait_for()


def _axes(page: Any) -> list[str]:
    page.locator(".parcoords .axis-title").first.wait_for()
    return list(page.locator(".parcoords .axis-title").all_text_contents())


def _run(uri: str, name: str) -> Any:
    return _runs(uri, f"attributes.run_name = '{name}'")[0]


def _runs(uri: str, condition: str) -> list[Any]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    experiment = client.get_experiment_by_name("pages")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], condition))
