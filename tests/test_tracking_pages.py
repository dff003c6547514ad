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
from test_tracking import FACTS, LANGUAGES, matrix

from harness.tracking import mirror
from harness.tracking_address import LOCAL_SERVER

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
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    facts = {**FACTS, "recipes": dict.fromkeys(RECIPES, FACTS["recipes"]["ngrams"])}
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
    """Open an address, wait for a text, and return all text of the page."""
    page.goto(address, timeout=PATIENCE)
    page.reload(timeout=PATIENCE)  # an address that differs behind the # alone is not loaded anew
    page.get_by_text(text, exact=True).first.wait_for()
    page.wait_for_timeout(1500)  # columns follow the first rows
    return str(page.inner_text("body"))


def test_the_table_shows_recipe_pair_and_the_primary_metric(pages: dict[str, str], page: Any) -> None:
    text = shown(page, pages["table"], "m3ed->meld")
    for part in ("emotion4 by uar", "SYNTHETIC corpora", "18 matching runs", "transfer/uar", "recipe", "pair"):
        assert part in text
    assert "within-language" in text
    assert "across-language" in text
    assert "m3ed->emotiontalk" in text


def test_the_best_cross_corpus_cells_come_first(pages: dict[str, str], page: Any) -> None:
    text = shown(page, pages["best"], "meld->emotiontalk")
    assert "12 matching runs" in text
    assert "Sort: transfer/uar" in text
    assert "in-domain" not in text.replace("best cross-corpus", "")
    names = re.findall(r"^\w+->\w+$", text, re.MULTILINE)
    away = {cell: value for cell, value in values().items() if cell[1] != cell[2]}
    best = [f"{cell[1]}->{cell[2]}" for cell in sorted(away, key=lambda cell: -away[cell])]
    assert names == best


def test_the_charts_are_those_of_transfer_and_ratio(pages: dict[str, str], page: Any) -> None:
    shown(page, pages["charts"], "m3ed->meld")
    page.get_by_text(re.compile(r"^transfer\s*\(\d+\)$")).first.wait_for()
    text = page.inner_text("body")
    assert re.search(r"ratio\s*\(\d+\)", text)
    assert not re.search(r"floor\s*\(\d+\)", text)
    assert page.locator("svg.main-svg").count() >= 2  # bars are drawn


def test_the_compare_page_sets_source_and_target_against_the_metric(pages: dict[str, str], page: Any) -> None:
    text = shown(page, pages["compare"], "Comparing 9 Runs from 1 Experiment")
    assert "Parallel Coordinates Plot" in text
    page.locator(".parcoords").first.wait_for()
    axes = " ".join(page.locator(".parcoords").first.locator("text").all_text_contents())
    for axis in ("source", "target", "transfer/uar"):
        assert axis in axes


def test_a_run_says_what_it_is_and_of_which_data(pages: dict[str, str], page: Any) -> None:
    run = _run(pages["uri"], "m3ed->meld")
    text = shown(page, f"{pages['base']}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}", "transfer/uar")
    for part in ("m3ed->meld", "transfer/macro_f1", "interval/uar_low", "selection"):
        assert part in text
    assert "m3ed" * 3 in text  # the digest of a dataset
    assert "training" in text.lower()
    assert "source_dev" in text


def test_the_summary_holds_the_report_and_the_tables(pages: dict[str, str], page: Any) -> None:
    run = _run(pages["uri"], "matrix")
    address = f"{pages['base']}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts"
    text = shown(page, address, "report.html")
    assert "tables" in text
    page.get_by_text("report.html", exact=True).first.click()
    page.frame_locator("iframe").first.get_by_text("Transfer between emotion corpora").wait_for()


def _run(uri: str, name: str) -> Any:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    experiment = client.get_experiment_by_name("pages")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], f"attributes.run_name = '{name}'")
    return found[0]
