"""What is seen of a stage: numbers of its pieces, and what their journals say of the training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.core.engine import Counts, Engine, EngineSettings
from harness.tracking.live import thinned
from harness.tracking.live_progress import StageLook, StageProgress, name_of_metric


class NoWorkers:
    """Workers that only say how busy their GPUs are."""

    def __init__(self, use: dict[str, float]) -> None:
        self.use = use

    def gpu_use(self) -> dict[str, float]:
        return self.use


def progress_of(folder: Path, use: dict[str, float] | None = None) -> StageProgress:
    workers: Any = NoWorkers(use or {})
    return StageProgress(Engine(EngineSettings(), workers, Counts(total=9, done=4, failed=1, retried=2), folder))


def tell(folder: Path, *lines: dict[str, Any]) -> None:
    with (folder / "node1.7.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"node": "node1", "time": 1.0, **line}) + "\n" for line in lines)


def began(number: int, name: str = "transfer text_mlp (iemocap, emotion4)") -> dict[str, Any]:
    return {"event": "began", "piece": number, "name": name}


def epoch(number: int, seed: int, dev: float | None, loss: float | None) -> dict[str, Any]:
    line = {"event": "epoch", "piece": number, "name": "", "seed": seed, "epoch": 1, "dev": dev, "loss": loss}
    return {**line, "device": f"NVIDIA {number}"}


def ended(number: int) -> dict[str, Any]:
    return {"event": "ended", "piece": number, "name": ""}


def test_counts_become_metrics(tmp_path: Path) -> None:
    look = progress_of(tmp_path).look({})
    expected = {"pieces/total": 9, "pieces/done": 4, "pieces/failed": 1, "pieces/retried": 2, "pieces/running": 0}
    assert expected.items() <= look.metrics.items()
    assert look.step == 0
    assert look.tags == {}


def test_dev_and_loss_are_means_of_the_newest_epochs_of_each_piece_and_seed(tmp_path: Path) -> None:
    progress = progress_of(tmp_path)
    other = began(3, "protocols few_shot (text_e5, emotion4, k=5)")
    tell(tmp_path, began(1), began(2), other, epoch(1, 1, 0.1, 9.0), epoch(1, 1, 0.4, 2.0), epoch(1, 2, 0.6, 4.0))
    tell(tmp_path, epoch(2, 1, 0.8, None), epoch(3, 1, 0.9, 1.0))
    look = progress.look({})
    means = {name: value for name, value in look.metrics.items() if name.startswith(("dev", "loss"))}
    assert means == pytest.approx(
        {
            "dev/text_mlp": (0.4 + 0.6 + 0.8) / 3,
            "loss/text_mlp": 3.0,
            "dev/few_shot text_e5": 0.9,
            "loss/few_shot text_e5": 1,
        }
    )
    assert look.metrics["pieces/running"] == 3
    assert look.tags == {"device": "NVIDIA 1, NVIDIA 2, NVIDIA 3"}


def test_a_piece_that_began_and_ended_between_two_looks_is_seen_once(tmp_path: Path) -> None:
    progress = progress_of(tmp_path)
    tell(tmp_path, began(1), epoch(1, 1, 0.4, 2.0), ended(1))
    assert progress.look({}).metrics["dev/text_mlp"] == 0.4
    later = progress.look({})
    assert "dev/text_mlp" not in later.metrics
    assert later.metrics["pieces/running"] == 0


def test_a_piece_that_is_begun_again_runs_once(tmp_path: Path) -> None:
    progress = progress_of(tmp_path)
    tell(tmp_path, began(1), epoch(1, 1, 0.4, 2.0), began(1))
    look = progress.look({})
    assert look.metrics["pieces/running"] == 1
    assert "dev/text_mlp" not in look.metrics


def test_nothing_runs_at_the_end_though_a_journal_lacks_its_last_line(tmp_path: Path) -> None:
    progress = progress_of(tmp_path)
    tell(tmp_path, began(1))
    assert progress.look({}, last=True).metrics["pieces/running"] == 0


def test_pieces_per_hour_are_those_of_the_last_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("harness.tracking.live_progress.time.monotonic", lambda: now[0])
    progress = progress_of(tmp_path)
    rates = []
    for minute, done in ((0, 4), (10, 14), (20, 34), (30, 34)):
        now[0], progress.engine.counts.done = 60.0 * minute, done
        rates.append(progress.look({}).metrics["pieces/per_hour"])
    assert rates == pytest.approx([0, 60, 120, 0])


def test_gpus_are_named_by_their_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.tracking.live_progress.os.uname", lambda: type("U", (), {"nodename": "here"}))
    use = progress_of(tmp_path, {"gpu0": 30.0, "10.0.0.2/gpu1": 99.0}).gpus()
    assert use == {"system/here/gpu0_utilization": 30.0, "system/10.0.0.2/gpu1_utilization": 99.0}


@pytest.mark.parametrize(
    ("piece", "name"),
    [
        ("transfer text_e5_mlp (iemocap, emotion4, fold 3)", "text_e5_mlp"),
        ("protocols few_shot (text_e5, emotion4, k=5)", "few_shot text_e5"),
        ("features e5 meld, utterances from 1,024", "e5 meld_ utterances from 1_024"),
        ("", "_"),
    ],
)
def test_a_metric_is_named_by_the_piece(piece: str, name: str) -> None:
    assert name_of_metric(piece) == name


@pytest.mark.parametrize(("count", "steps"), [(4, [0, 1, 2, 3]), (5, [0, 2, 4]), (6, [1, 3, 5])])
def test_of_too_many_looks_every_second_is_forgotten_and_never_the_newest(count: int, steps: list[int]) -> None:
    looks = [StageLook(float(step), step, {}, {}) for step in range(count)]
    assert [look.step for look in thinned(looks, 4)] == steps
