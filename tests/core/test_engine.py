"""Work side by side: the same results as one after the other, and errors that keep their text."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.core import engine, processes
from harness.core.engine_settings import worker_count
from harness.core.errors import (
    HarnessError,
    NameUnknownError,
    ReleaseError,
    ResultError,
    SettingError,
    UnknownLabelError,
)
from harness.core.files import write_text
from harness.core.shortage import shortage


@dataclass(frozen=True)
class Job:
    """A piece of work: what to write, or how to fail."""

    folder: Path
    number: int
    error: str = ""


def work(job: Job) -> None:
    write_text(job.folder / f"{job.number}.txt", f"{job.number**2} in {os.environ.get('OMP_NUM_THREADS')} thread")


def fail(job: Job) -> None:
    if job.error:
        raise ERRORS[job.error]
    work(job)


def die(job: Job) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


ERRORS = {
    "SettingError": SettingError("lr is too large"),
    "ResultError": ResultError("x.parquet: damaged"),
    "NameUnknownError": NameUnknownError("metric", "uarr", ["uar", "wa"]),
    "ReleaseError": ReleaseError("/data/x.csv", "is empty", row=3, expected="a header", todo="mend it"),
    "UnknownLabelError": UnknownLabelError("/data/x.csv", "joi", ["joy", "anger"], row=7),
    "ZeroDivisionError": ZeroDivisionError("a bug keeps its type"),
}


@pytest.fixture(autouse=True)
def four_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in processes.THREAD_VARIABLES:
        monkeypatch.setenv(variable, "4")


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_two_processes_give_what_one_gives(tmp_path: Path) -> None:
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        engine.run(work, [Job(folder, number) for number in range(5)], workers, "test")
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert contents(tmp_path / "2")["3.txt"] == "9 in 1 thread"


def test_no_jobs_are_done_at_once(tmp_path: Path) -> None:
    engine.run(die, [], 2, "test")


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_of_a_job_surfaces_as_itself(name: str, tmp_path: Path) -> None:
    expected = ERRORS[name]
    for workers in (1, 2):
        with pytest.raises(type(expected)) as caught:
            engine.run(fail, [Job(tmp_path, 0, name), Job(tmp_path, 1)], workers, "test")
        assert type(caught.value) is type(expected)
        assert str(caught.value) == str(expected)
    if isinstance(expected, ReleaseError):
        assert isinstance(caught.value, ReleaseError)
        assert (caught.value.path, caught.value.row) == (expected.path, expected.row)


def test_what_was_finished_before_an_error_stays(tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        engine.run(fail, [Job(tmp_path, 0), Job(tmp_path, 1, "SettingError"), Job(tmp_path, 2)], 1, "test")
    assert set(contents(tmp_path)) == {"0.txt"}


def test_a_worker_that_dies_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"^test: a worker process died .*finished pieces are kept.*engine\.workers"):
        engine.run(die, [Job(tmp_path, number) for number in range(3)], 2, "test")


SLEEPERS = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from harness.core import engine, processes
from test_engine import sleep
if __name__ == "__main__":
    engine.run(sleep, [Path(sys.argv[1]) / name for name in "ab"], 2, "test")
"""


def sleep(path: Path) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(60)


def is_alive(process: int) -> bool:
    """Whether it runs; a dead one may wait for somebody to ask how it ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_workers_end_with_the_process_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "sleepers.py"
    script.write_text(SLEEPERS)
    (tmp_path / "out").mkdir()
    started = subprocess.Popen([sys.executable, str(script), str(tmp_path / "out"), str(Path(__file__).parent)])
    deadline = time.monotonic() + 60
    while len(workers := [path.read_text() for path in (tmp_path / "out").iterdir()]) < 2 or not all(workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    started.kill()
    started.wait()
    while any(is_alive(int(worker)) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


KILLED_AT_ONCE = """
import os, signal, sys, threading, time
from multiprocessing import forkserver
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from harness.core import engine, processes
from test_engine import say
def kill_the_first():
    children, seen = None, ""
    while not seen:
        server = forkserver._forkserver._forkserver_pid
        children = server and Path(f"/proc/{server}/task/{server}/children")
        seen = children.read_text().split() if children and children.exists() else ""
    time.sleep(float(sys.argv[2]))
    os.kill(int(seen[0]), signal.SIGKILL)
if __name__ == "__main__":
    processes.prepare(["json"])
    threading.Thread(target=kill_the_first, daemon=True).start()
    try:
        with engine.opened({"kind": "local", "workers": 2}) as workers:
            workers.run(say, list(range(8)), "test")
    except engine.WorkerDied as error:
        print("told:", error)
"""


def say(number: int) -> int:
    time.sleep(0.5)
    return number


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("delay", ["0", "0.001", "0.003", "0.02"])
def test_a_worker_that_dies_while_others_are_started_hangs_nothing(tmp_path: Path, delay: str) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED_AT_ONCE)
    command = [sys.executable, str(script), str(Path(__file__).parent), delay]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1].startswith("told: test: a worker process died"), done.stderr
    assert done.returncode == 0


INTERRUPTED = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it runs in the background ignore it
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from harness.core import engine, processes
from test_engine import sleep
if __name__ == "__main__":
    processes.prepare(["slow_to_import"])
    print("prepared", flush=True)
    try:
        engine.run(sleep, [Path(sys.argv[1]) / name for name in "ab"], 2, "test")
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("when", ["while libraries are loaded", "while work is done"])
def test_ctrl_c_ends_all_processes_at_once_and_without_a_word_of_theirs(tmp_path: Path, when: str) -> None:
    script, out = tmp_path / "interrupted.py", tmp_path / "out"
    script.write_text(INTERRUPTED)
    slow = "import time\ntime.sleep(2)" if when == "while libraries are loaded" else ""
    (tmp_path / "slow_to_import.py").write_text(slow)
    out.mkdir()
    started = subprocess.Popen(
        [sys.executable, str(script), str(out), str(Path(__file__).parent), str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert started.stdout is not None
    assert started.stdout.readline() == "prepared\n"
    deadline = time.monotonic() + 60
    while not slow and len([path for path in out.iterdir() if path.read_text()]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.3)
    os.killpg(started.pid, signal.SIGINT)
    told, errors = started.communicate(timeout=30)
    assert (told.splitlines()[-1], errors) == ("interrupted", "")
    while any(is_alive(int(path.read_text())) for path in out.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def starve(job: object) -> None:
    try:
        raise MemoryError("Unable to allocate 3 GiB")
    except MemoryError as error:
        raise ResultError("x.npy: damaged; delete it") from error


@pytest.mark.parametrize("workers", [1, 2])
def test_short_memory_of_a_worker_is_told_as_that(workers: int) -> None:
    with pytest.raises(HarnessError) as caught:
        engine.run(starve, [1, 2], workers, "test")
    told = str(shortage(caught.value))
    assert re.match(r"not enough memory for test, piece [12] \(Unable to allocate 3 GiB\); finished pieces", told)


def test_auto_is_one_worker_per_core_this_process_may_use() -> None:
    assert worker_count("auto") == len(os.sched_getaffinity(0))
    assert worker_count(3) == 3


@pytest.mark.parametrize("setting", [0, -1, "two", "4", None, 1.5, True])
def test_any_other_number_of_workers_is_refused(setting: object) -> None:
    with pytest.raises(SettingError, match=r"engine\.workers is .*; it is a positive number or auto"):
        worker_count(setting)  # type: ignore[arg-type]
