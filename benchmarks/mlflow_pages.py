"""A study of 1,000 cells in MLflow: how long its mirror takes, and how long a person waits for the pages.

Pages are timed from the address to what a person looks at, in a headless Chromium of the system; without one the same
question is put to the server alone.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from harness.study.cells import Cell
from harness.tracking.address import LOCAL_SERVER, hint
from harness.tracking.client import ENVIRONMENT
from harness.tracking.mirror import Mirrored, mirror
from harness.tracking.views import key

LANGUAGES = {"emotiontalk": "zh-CN", "ch_sims": "zh", "m3ed": "zh", "iemocap": "en", "meld": "en"}
RECIPES = [f"recipe_{at + 1:02d}" for at in range(40)]
METRICS = ("uar", "macro_f1", "wa", "wf1", "ece", *(f"recall/{name}" for name in ("happy", "sad", "neutral", "anger")))
COMPARED = 30
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 120  # seconds
EXPERIMENT = "emotransfer"
FACTS: dict[str, Any] = {
    "study": "drawn at random",
    "synthetic": True,
    "recipes": {name: {"description": name, "settings": {"text": "e5", "model": name}} for name in RECIPES},
    "corpora": {name: {"language": spoken, "present": True, "digest": name * 20} for name, spoken in LANGUAGES.items()},
    "primary": {"emotion4": "uar"},
}


def run() -> list[str]:
    os.environ.update({**ENVIRONMENT, **os.environ})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uri = f"sqlite:///{folder / 'mlflow.db'}"
        cells = drawn()
        _mirrored([], uri)  # makes the tables of the database
        first, done = _mirrored(cells, uri)
        again, _ = _mirrored(cells, uri)
        size = (folder / "mlflow.db").stat().st_size / 2**20
        each = first / done.created
        lines = [
            f"mirror of {done.created} runs: {first:.0f} s ({1000 * each:.0f} ms a run), {size:.0f} MB of SQLite",
            f"the same again, nothing to do: {again:.1f} s",
        ]
        with served(folder, uri) as base:
            lines += _asked(base, done.experiment_id)
            return lines + _looked_at(addresses(uri, base, done))


def drawn() -> list[Cell]:
    """Return the cells of 40 recipes between five corpora, every number of each drawn at random."""
    chance = np.random.default_rng(1)
    fields = ("value", "low", "high", "floor", "in_domain", "gap", "gap_low", "gap_high", "ratio", "n", "coverage")
    return [
        Cell(
            *("emotion4", "multimodal", recipe, source, target, "single_source", "source_dev", metric),
            **dict(zip(fields, chance.uniform(size=len(fields)).round(6).tolist(), strict=True)),
        )
        for recipe in RECIPES
        for source in LANGUAGES
        for target in LANGUAGES
        for metric in METRICS
    ]


def addresses(uri: str, base: str, done: Mirrored) -> dict[str, str]:
    """Return the pages that a mirror prints, by name, with 30 runs of one source on the comparison page."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    found = client.search_runs([done.experiment_id], "params.source = 'meld'", max_results=COMPARED)
    whole, best = (key("emotion4", "uar", one) for one in (False, True))
    text = hint(uri, done.experiment_id, whole, best, [run.info.run_id for run in found])
    return {name: page.replace(LOCAL_SERVER, base) for name, page in re.findall(r"^(\w+):\s+(.*)$", text, re.MULTILINE)}


@contextmanager
def served(folder: Path, uri: str) -> Iterator[str]:
    """Yield the address of `mlflow server` over a database; it has ended afterwards, with all that it started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", port, "--backend-store-uri", uri]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(f"{base}/health", server)
        yield base
    finally:
        os.killpg(server.pid, 9)
        server.wait()


def _mirrored(cells: list[Cell], uri: str) -> tuple[float, Mirrored]:
    start = time.perf_counter()
    done = mirror(cells, FACTS, [], uri=uri, experiment=EXPERIMENT, tags={})
    return time.perf_counter() - start, done


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(PATIENCE):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(1)
    sys.exit(f"mlflow server does not answer at {address}")


def _asked(base: str, experiment_id: str) -> list[str]:
    """Ask as the table does, for its first page in the order of a metric."""
    question = {
        "experiment_ids": [experiment_id],
        "filter": "params.space = 'emotion4' and params.pair != 'in-domain'",
        "order_by": ["metrics.`transfer/uar` DESC"],
        "max_results": 100,
    }
    request = urllib.request.Request(
        f"{base}/api/2.0/mlflow/runs/search", json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    took = []
    for _ in range(3):
        start = time.perf_counter()
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            answer.read()
        took.append(time.perf_counter() - start)
    return [f"server alone, the best 100 of {len(RECIPES) * 20} runs: {min(took):.2f} s"]


def _looked_at(pages: dict[str, str]) -> list[str]:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        return [f"pages: not timed, they need playwright and one of {', '.join(BROWSERS)}"]
    waits = {
        "table, first visit": ("table", "text=/^[a-z0-9_]+->[a-z0-9_]+$/"),
        "table": ("table", "text=/^[a-z0-9_]+->[a-z0-9_]+$/"),
        "best": ("best", "text=/^[a-z0-9_]+->[a-z0-9_]+$/"),
        "charts": ("charts", "svg.main-svg"),
        f"compare, {COMPARED} runs": ("compare", ".parcoords"),
    }
    lines = []
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        for name, (page, seen) in waits.items():
            lines.append(f"{name}: {_seen(context, pages[page], seen):.1f} s")
        browser.close()
    return lines


def _seen(context: Any, address: str, seen: str) -> float:
    """Return the seconds from the address to the first thing to see, in a new tab."""
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address, timeout=1000 * PATIENCE)
    page.locator(seen).first.wait_for(timeout=1000 * PATIENCE)
    took = time.perf_counter() - start
    page.close()
    return took
