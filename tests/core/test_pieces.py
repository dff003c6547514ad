"""The order of pieces, what follows from them, and what is told of them while they run."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import ray_jobs

from harness.core import engine, journal
from harness.core.epochs import tell
from harness.core.errors import HarnessError, ResultError, SettingError
from harness.core.files import hold
from harness.core.log import log
from harness.core.piece_call import PieceCall, do, do_elsewhere, wait_for
from harness.core.pieces import FEATURES, RESULTS, Needs, Piece, PieceQueue


def piece(name: str, cost: float = 1.0, kind: str = "", urgency: int = 0, needs: Needs = Needs()) -> Piece:  # noqa: B008
    return Piece(str, name, name, needs, cost=cost, kind=kind, urgency=urgency)


def order(queue: PieceQueue, has_room: Any = lambda needs: True) -> list[str]:
    names = []
    while (taken := queue.take(has_room)) is not None:
        names.append(taken.name)
    return names


def test_the_longest_begin_first_and_equal_ones_as_they_came() -> None:
    queue = PieceQueue()
    queue.add([piece("b", 2), piece("a", 5), piece("c", 2), piece("d", 1)])
    assert len(queue) == 4
    assert order(queue) == ["a", "b", "c", "d"]
    assert len(queue) == 0


def test_what_results_or_many_pieces_wait_for_begins_before_all_others() -> None:
    queue = PieceQueue()
    queue.add([piece("long", 9), piece("features", 1, urgency=FEATURES), piece("predict", 1, urgency=RESULTS)])
    assert order(queue) == ["predict", "features", "long"]


def test_the_first_pieces_of_a_kind_tell_how_long_the_others_take() -> None:
    queue = PieceQueue()
    queue.add([piece("quick", 10, "quick"), piece("slow", 2, "slow")])
    queue.ended(piece("", 1, "quick"), 0.1)
    queue.ended(piece("", 1, "slow"), 5.0)
    assert order(queue) == ["slow", "quick"], "2 x 5 s is longer than 10 x 0.1 s"


def test_a_kind_of_which_nothing_has_ended_is_taken_for_the_mean_of_all() -> None:
    queue = PieceQueue()
    queue.add([piece("known", 10, "known"), piece("new", 2, "new")])
    queue.ended(piece("", 1, "known"), 0.1)
    queue.ended(piece("", 1, "other"), 9.9)
    assert order(queue) == ["new", "known"]


def test_a_piece_waits_for_a_machine_that_has_room_and_lets_others_pass() -> None:
    queue, gpu = PieceQueue(), Needs(1, 0.5)
    queue.add([piece("on a GPU", 9, needs=gpu), piece("on a CPU", 1)])
    assert order(queue, lambda needs: not needs.gpus) == ["on a CPU"]
    assert queue.needs() == {gpu}
    assert order(queue) == ["on a GPU"]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_follows_from_a_piece_is_done_too_and_counted(workers: int, caplog: Any) -> None:
    found: list[int] = []

    def then(number: int) -> list[Piece]:
        found.append(number)
        return [Piece(int, "0", "more", size=2, then=lambda of: found.append(of) or ())] if number == 2 else []

    with engine.opened({"kind": "local", "workers": workers}) as opened:
        begun = [Piece(int, "1", "one", then=then), Piece(int, "2", "two", then=then, expects=2)]
        opened.run_pieces(begun, "test")
        assert (opened.counts.total, opened.counts.done, opened.counts.failed) == (3, 3, 0)
    assert sorted(found) == [0, 1, 2]
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == "test: 4 pieces of work"
    assert lines[-1].startswith("test: 4 of 4 in ")


def test_after_an_error_no_other_piece_is_begun_and_those_that_run_end(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="lr is too large"), engine.opened({"kind": "local", "workers": 2}) as opened:
        opened.run(ray_jobs.fail, [0, 1, *range(2, 40)], "test")
    assert opened.counts.failed == 1
    assert opened.counts.done < 20


def test_a_bug_in_a_worker_shows_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError) as caught, engine.opened({"kind": "local", "workers": 2}) as opened:
        opened.run(ray_jobs.bug, [0, 1], "test", name=lambda job: f"piece {job}")
    assert "piece 0, on " in str(caught.value.__cause__)
    assert "return 1 / number" in str(caught.value.__cause__)


@pytest.mark.parametrize("workers", [1, 2])
def test_code_that_leaves_the_program_is_one_line(workers: int) -> None:
    with pytest.raises(HarnessError, match=r"left the program: sys.exit\(3\) in .*ray_jobs\.py, line \d+"):
        engine.run(ray_jobs.leave, [3, 3], workers, "test")


def warn(text: str) -> str:
    log.warning(text)
    return text


def test_a_warning_of_a_worker_is_told(caplog: pytest.LogCaptureFixture) -> None:
    engine.run(warn, ["a file is damaged", "b"], 2, "test")
    assert {record.getMessage() for record in caplog.records if record.levelno == logging.WARNING} == {
        "a file is damaged", "b"
    }  # fmt: skip


class OddError(Exception):
    """An error that another process cannot make again."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def odd(_: int) -> None:
    raise OddError(1, 2)


def test_an_error_that_cannot_travel_keeps_its_words() -> None:
    outcome = do_elsewhere(PieceCall(odd, 0, "test"))
    assert type(outcome.error) is RuntimeError
    assert str(outcome.error) == "OddError: 1 and 2"
    assert "raise OddError(1, 2)" in outcome.trace


def test_apart_is_never_this_process() -> None:
    (other,) = engine.run(process, [0], 1, "test", needs=Needs(apart=True))
    (own,) = engine.run(process, [0], 1, "test")
    assert own == os.getpid() != other


def process(_: int) -> int:
    return os.getpid()


def visible(_: int) -> str | None:
    time.sleep(0.3)
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def test_local_processes_use_all_gpus_and_each_sees_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,7")
    with engine.opened({"kind": "local", "workers": 2}) as opened:
        assert opened.slots(Needs(1, 0.5)) == 4
        assert opened.workers.cpus_beside(1) == 1
        on_gpu = opened.run(visible, [0] * 6, "test", needs=Needs(1, 0.5))
        on_cpu = opened.run(visible, [0] * 2, "test", needs=Needs(1))
        with pytest.raises(SettingError, match="this machine has 2 GPUs, and a piece is to have 3"):
            opened.slots(Needs(1, 3))
    assert set(on_gpu) == {"4", "7"}
    assert set(on_cpu) == {""}


def test_pieces_of_different_shares_never_have_more_than_the_gpus_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    whole, quarter, cpu = Needs(1, 1), Needs(1, 0.25), Needs(1)
    with engine.opened({"kind": "local", "workers": 2}) as opened:
        workers = opened.workers
        for number in range(5):
            assert workers.has_room(quarter)
            workers.submit(Piece(visible, 0, "quarter", quarter), number)
        assert not workers.has_room(whole), "5 quarters leave less than a whole one"
        workers.submit(Piece(visible, 0, "quarter", quarter), 5)
        assert not workers.has_room(cpu), "the cores are taken, too"
        while workers.running():
            workers.wait("test")
        assert workers.has_room(whole)
        assert workers.has_room(cpu)


def test_without_a_gpu_networks_are_trained_on_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with engine.opened({"kind": "local", "workers": 1}) as opened:
        assert opened.slots(Needs(1, 0.25)) == 1
        assert opened.run(process, [0], "test", needs=Needs(1, 0.25)) == [os.getpid()]


def train(epochs: int) -> int:
    for epoch in range(epochs):
        tell({"epoch": epoch + 1, "dev": 0.5, "loss": 1.0, "seed": 1, "device": "cpu"})
    return epochs


def test_a_journal_tells_of_pieces_and_epochs(tmp_path: Path) -> None:
    reader = journal.JournalReader(tmp_path)
    assert reader.new() == []
    assert do(PieceCall(train, 2, "transfer x", 7, journal=tmp_path), "node1", "id1").result == 2
    lines = reader.new()
    assert [line["event"] for line in lines] == ["began", "epoch", "epoch", "ended"]
    assert {(line["piece"], line["name"], line["node"], line["node_id"]) for line in lines} == {
        (7, "transfer x", "node1", "id1")
    }
    assert [line.get("epoch") for line in lines] == [None, 1, 2, None]
    assert reader.new() == [], "each line is read once"


def test_half_a_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    reader, path = journal.JournalReader(tmp_path), tmp_path / "n.1.jsonl"
    whole = json.dumps({"event": "began", "piece": 1}) + "\n"
    path.write_text(whole + whole[:9])
    assert len(reader.new()) == 1
    path.write_text(whole + whole + "no json\n")
    assert reader.new() == [{"event": "began", "piece": 1}]


HOLDER = """
import sys, time
from pathlib import Path
from harness.core.files import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_journals_of_drivers_that_were_killed_are_swept_and_those_of_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("killed", "alive"):
        (journal.FOLDER / name).mkdir(parents=True)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(journal.FOLDER / "alive" / journal.HELD)], stdout=subprocess.PIPE
    )
    try:
        assert other.stdout is not None
        other.stdout.readline()
        with journal.kept() as folder:
            assert {path.name for path in journal.FOLDER.iterdir() if path.is_dir()} == {"alive", folder.name}
        assert not folder.exists()
    finally:
        other.kill()
        other.wait()


def test_a_file_is_held_once(tmp_path: Path) -> None:
    with hold(tmp_path / "x"), pytest.raises(OSError, match="unavailable"), hold(tmp_path / "x"):
        pass


def test_a_file_is_waited_for_until_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with pytest.raises(ResultError, match=r"x: was written by another process and is not seen on n after 0.1 s"):
        wait_for(path, 0.1, "n")
    path.write_text("four")
    wait_for(path, 0, "n")
