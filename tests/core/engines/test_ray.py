"""Pieces on a cluster of Ray: what they see, and that nothing is lost of what machines lose."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_studies import CHECKOUT, SUPPORT

pytest.importorskip("ray")

import ray_jobs
from ray_nodes import RayNodes, two_nodes, until

from harness.core import engine, plugins
from harness.core.errors import HarnessError, SettingError
from harness.core.pieces import Needs, Piece

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture(scope="module")
def nodes() -> Iterator[RayNodes]:
    """Two nodes that no test ends."""
    with two_nodes() as started:
        yield started


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (CHECKOUT, SUPPORT))))
    return tmp_path


def at(nodes: RayNodes, **section: Any) -> dict[str, Any]:
    return {"kind": "ray", "address": nodes.address, "latency_wait": 10, **section}


def marks(folder: Path) -> Path:
    (folder / "marks").mkdir()
    return folder / "marks"


def test_pieces_use_all_nodes_and_see_no_more_than_they_need(nodes: RayNodes, folder: Path) -> None:
    with engine.opened(at(nodes)) as workers:
        without = workers.run(ray_jobs.look, [0.3] * 6, "test", needs=Needs(1))
        with_half = workers.run(ray_jobs.look, [0.3] * 8, "test", needs=Needs(0.5, 0.5))
        assert workers.workers.gpus() == 2
        assert workers.workers.cpus_beside(1) == 1
        assert (workers.slots(Needs(1)), workers.slots(Needs(0.25, 0.25)), workers.slots(Needs(0.5, 1))) == (2, 8, 2)
    for told in (without, with_half):
        assert len({of.node for of in told}) == 2
        assert {of.threads for of in told} == {"1"}
        assert {of.folder for of in told} == {str(folder)}
    assert {of.gpus for of in without} == {""}, "a piece without a GPU sees none"
    assert {of.gpus for of in with_half} == {"0"}
    for node in {of.node for of in with_half}:
        assert len({of.pid for of in with_half if of.node == node}) <= 2, "a process serves many pieces"


def test_a_lost_worker_s_piece_is_done_again(nodes: RayNodes, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with engine.opened(at(nodes)) as workers:
        assert workers.run(ray_jobs.die_once, [marks(folder)], "test", name=lambda _: "the piece") == ["done"]
        assert workers.counts.retried == 1
    (told,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told.startswith("the piece: lost on ")
    assert told.endswith(" (its process died); it is begun again")


def test_a_piece_that_always_dies_is_named_with_its_node(nodes: RayNodes, folder: Path, capfd: Any) -> None:
    with (
        pytest.raises(engine.WorkerDied) as caught,
        engine.opened(at(nodes, max_retries=2)) as workers,
    ):
        workers.run(ray_jobs.die, [marks(folder)], "test", name=lambda _: "transfer x (meld, emotion4, seed 1)")
    told = str(caught.value)
    assert told.startswith("transfer x (meld, emotion4, seed 1): lost 3 times, last on ")
    assert "(its process died); finished pieces are kept" in told
    assert len(list((folder / "marks").iterdir())) == 3
    assert "raylet" not in "".join(capfd.readouterr()), "what Ray prints of it is kept out"


def test_a_piece_may_ask_never_to_be_begun_again(nodes: RayNodes, folder: Path) -> None:
    with pytest.raises(engine.WorkerDied, match=r"^test, piece 1: lost once"), engine.opened(at(nodes)) as workers:
        workers.run(ray_jobs.die, [marks(folder)], "test", needs=Needs(retries=0))
    assert len(list((folder / "marks").iterdir())) == 1


def test_a_piece_that_takes_too_long_is_ended_and_begun_again(nodes: RayNodes, folder: Path, caplog: Any) -> None:
    with engine.opened(at(nodes, timeout=2)) as workers:
        assert workers.run(ray_jobs.hang_once, [marks(folder)], "test") == ["done"]
    assert "(it took longer than engine.timeout); it is begun again" in caplog.text


OUT_OF_MEMORY = """
import ray_jobs
from harness.core import engine
try:
    with engine.opened({"kind": "ray", "address": "local", "workers": 1, "max_retries": 0}) as workers:
        workers.run(ray_jobs.eat, [2.0], "test", name=lambda _: "transfer x (meld, emotion4, seed 1)")
except engine.WorkerDied as error:
    print(error)
"""


def test_a_piece_that_is_short_of_memory_says_so() -> None:
    rows = (line.partition(":") for line in Path("/proc/meminfo").read_text().splitlines())
    kilobytes = {name: int(value.split()[0]) for name, _, value in rows}
    used = 1 - kilobytes["MemAvailable"] / kilobytes["MemTotal"]
    allowed = used + 1e6 / kilobytes["MemTotal"]
    if allowed > 0.9:
        pytest.skip("this machine is short of memory")
    environment = {**os.environ, "RAY_memory_usage_threshold": f"{allowed:.3f}", "RAY_memory_monitor_refresh_ms": "100"}
    done = subprocess.run(
        [sys.executable, "-c", OUT_OF_MEMORY], capture_output=True, text=True, check=True, env=environment
    )
    told = done.stdout.splitlines()[-1]
    assert told.startswith("transfer x (meld, emotion4, seed 1): lost once, last on ")
    assert re.search(r"\(out of memory: [0-9.]+ of [0-9.]+ GB\); finished pieces are kept", told)
    assert told.endswith("set engine.memory to what a piece needs (bytes), so that fewer run on a machine")


def test_an_error_of_ours_is_one_line_and_a_bug_has_its_traceback(nodes: RayNodes) -> None:
    with pytest.raises(SettingError) as caught, engine.opened(at(nodes)) as workers:
        workers.run(ray_jobs.fail, [0, 1, 2], "test")
    assert (type(caught.value), str(caught.value)) == (SettingError, "lr is too large")
    with pytest.raises(ZeroDivisionError) as bug, engine.opened(at(nodes)) as workers:
        workers.run(ray_jobs.bug, [0], "test")
    assert "in bug\n    return 1 / number" in str(bug.value.__cause__)
    with (
        pytest.raises(HarnessError, match=r"left the program: sys.exit\(3\) in .*ray_jobs\.py"),
        engine.opened(at(nodes)) as workers,
    ):
        workers.run(ray_jobs.leave, [3], "test")


def test_a_file_that_is_seen_late_is_waited_for(nodes: RayNodes, folder: Path) -> None:
    path, seen = folder / "late.txt", []

    def then(_: str) -> list[Piece]:
        return [Piece(ray_jobs.read, path, "read", reads=[path], then=lambda text: seen.append(text) or ())]

    with engine.opened(at(nodes)) as workers:
        workers.run_pieces([Piece(ray_jobs.write_late, path, "write", then=then)], "test")
        assert seen == ["late"]
        path.unlink()
        workers.run_pieces([Piece(ray_jobs.write_late, path, "write", writes=[path])], "test")
        assert path.exists(), "whoever waits for a piece may read what it wrote"
    with (
        pytest.raises(
            HarnessError, match=r"never\.txt: was written by another process and is not seen on .* after 1 s"
        ),
        engine.opened(at(nodes, latency_wait=1)) as workers,
    ):
        workers.run_pieces([Piece(ray_jobs.read, path, "read", reads=[folder / "never.txt"])], "test")


def test_an_impossible_need_is_told_at_once_with_the_largest_node(nodes: RayNodes) -> None:
    began = time.monotonic()
    with pytest.raises(SettingError) as caught, engine.opened(at(nodes)) as workers:
        workers.run(ray_jobs.look, [0.0], "test", needs=Needs(1, 2))
    assert time.monotonic() - began < 30
    both = [Piece(ray_jobs.look, 60.0, "possible"), Piece(ray_jobs.look, 0.0, "impossible", Needs(1, 2))]
    with pytest.raises(SettingError), engine.opened(at(nodes)) as workers:
        workers.run_pieces(both, "test")
    assert str(caught.value).startswith("engine: no node of the cluster has 1 CPU, 2 GPUs for a piece; the largest, ")
    assert "has 1 CPU, 1 GPU" in str(caught.value)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "no-such-host.invalid:6379"])
def test_no_cluster_at_an_address_is_told_at_once(address: str) -> None:
    began = time.monotonic()
    refusal = f"^engine: no Ray cluster at {address} .*ray start --head"
    with pytest.raises(SettingError, match=refusal), engine.opened({"kind": "ray", "address": address}):
        pass
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("address", ["ray://host:10001", "host", "host:port"])
def test_what_is_no_address_is_told(address: str) -> None:
    refusal = "the address of a Ray cluster is host:port"
    with pytest.raises(SettingError, match=refusal), engine.opened({"kind": "ray", "address": address}):
        pass


def test_auto_is_ray_where_its_address_is_set(nodes: RayNodes, monkeypatch: pytest.MonkeyPatch) -> None:
    with engine.opened({"kind": "auto", "workers": 1}) as workers:
        assert workers.settings.kind == "local"
    monkeypatch.setenv("RAY_ADDRESS", nodes.address)
    with engine.opened({"kind": "auto"}) as workers:
        assert workers.slots(Needs(1)) == 2


def lose(nodes: RayNodes, what: signal.Signals, patch: pytest.MonkeyPatch) -> tuple[engine.Counts, float]:
    """Run twelve pieces of half a second, lose node `two` while it works, and return the counts and seconds."""
    module = plugins.find("engine", "ray")
    patch.setattr(module, "LOOK", 1.0)
    patch.setattr(module, "GONE", 2.0)
    began = time.monotonic()
    with engine.opened(at(nodes)) as workers:
        reader = engine.journal.JournalReader(workers.journal)
        seen: list[dict[str, Any]] = []

        def both_have_begun() -> bool:
            seen.extend(line for line in reader.new() if line["event"] == "began")
            return len({line["node_id"] for line in seen}) == 2

        def act() -> None:
            until(both_have_begun)
            nodes.signal_second(what)

        threading.Thread(target=act).start()
        assert len(workers.run(ray_jobs.look, [0.5] * 12, "test")) == 12
        return workers.counts, time.monotonic() - began


def test_the_pieces_of_a_node_that_dies_are_done_on_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with two_nodes() as own:
        counts, _ = lose(own, signal.SIGKILL, monkeypatch)
    assert counts.done == 12
    assert 1 <= counts.retried <= 4


def test_the_pieces_of_a_node_that_hangs_are_done_on_another_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with two_nodes() as own:
        counts, seconds = lose(own, signal.SIGSTOP, monkeypatch)
    assert counts.done == 12
    assert 1 <= counts.retried <= 6
    assert seconds < 100
    assert "engine: node two is lost" in caplog.text


LOSES_ITS_HEAD = """
import sys
import ray_jobs
from harness.core import engine, plugins
plugins.find("engine", "ray").LOOK = 2.0
try:
    with engine.opened({"kind": "ray", "address": sys.argv[1]}) as workers:
        workers.run(ray_jobs.look, [1.0] * 60, "test")
except engine.WorkerDied as error:
    print(error)
"""


def test_a_cluster_whose_head_is_gone_ends_the_run_in_one_line() -> None:
    with two_nodes() as own:
        driver = subprocess.Popen(
            [sys.executable, "-c", LOSES_ITS_HEAD, own.address], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        until(lambda: list(Path("data/work/live").glob("*/*.jsonl")))
        (head,) = own.cluster.head_node.all_processes["gcs_server"]
        head.process.kill()
        told, _ = driver.communicate(timeout=50)
    assert driver.returncode == 0
    assert told.startswith("engine: the head of the Ray cluster does not answer any more; finished pieces are kept")


def is_allowed(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0
    except OSError:
        return False


def joined(nodes: RayNodes, count: int) -> bool:
    return sum(node["Alive"] for node in nodes.cluster.global_state.node_table()) >= count


def refused(nodes: RayNodes) -> str:
    with pytest.raises(HarnessError) as caught, engine.opened(at(nodes, latency_wait=2)):
        pass
    return str(caught.value)


@pytest.mark.skipif(not is_allowed("unshare", "-m", "true"), reason="no mount namespaces for this user")
def test_a_node_with_another_checkout_is_named(folder: Path) -> None:
    (folder / "data" / "work").mkdir(parents=True)
    (folder / "empty").mkdir()
    mount = f'mount --bind {folder}/empty {folder}/data/work && exec "$@"'
    with two_nodes(second=False) as own:
        own.start("elsewhere", "unshare", "-m", "sh", "-c", mount, "sh")
        until(lambda: joined(own, 2))
        told = refused(own)
    assert told.startswith(f"engine: node elsewhere does not see {folder} as this process does")
    assert "on a shared file system, at the same path" in told


def test_a_node_with_another_version_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    site = folder / "site"
    (site / "numpy-9.9.dist-info").mkdir(parents=True)
    (site / "numpy-9.9.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 9.9\n")
    with two_nodes(second=False) as own:
        own.start("older", PYTHONPATH=str(site))
        until(lambda: joined(own, 2))
        told = refused(own)
    assert told.startswith("engine: node older has numpy 9.9, this process ")
    assert told.endswith("; use one environment")


def test_the_interface_needs_no_ray() -> None:
    script = "import sys, harness.core.engine, harness.training.matrix_rows; print('ray' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stdout == "False\n"


def test_where_ray_is_not_installed_one_line_says_what_to_do() -> None:
    script = (
        "import sys; sys.modules['ray'] = None\n"
        "from harness.core import engine\nfrom harness.core.errors import SettingError\n"
        "try:\n    engine.opened({'kind': 'ray'}).__enter__()\nexcept SettingError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert "pip install 'emotransfer[ray]'" in done.stdout
