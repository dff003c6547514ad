"""The slots of a pretended cluster are busy when all recipes of a study are handed over at once."""

from __future__ import annotations

import pytest

from benchmarks import _simulated_cluster as cluster
from harness.core.engine import Counts, Engine
from harness.core.engine_settings import EngineSettings


def test_one_submission_keeps_64_slots_busy_where_stages_do_not() -> None:
    _, stages = cluster.study(64, has_gpus=False, is_one_submission=False, batch="auto", seed=1)
    _, one = cluster.study(64, has_gpus=False, is_one_submission=True, batch="auto", seed=1)
    assert stages < 0.5
    assert one >= 0.9


def test_both_ways_do_the_same_work() -> None:
    work = []
    for is_one in (False, True):
        seconds, busy = cluster.study(64, has_gpus=True, is_one_submission=is_one, batch=False, seed=1)
        work.append(64 * seconds * busy)
    assert work[1] == pytest.approx(work[0], rel=0.03), "a resample is drawn alone or with others"


def test_every_piece_of_the_plan_ends() -> None:
    workers = cluster.SlotWorkers(64, has_gpus=False)
    engine = Engine(EngineSettings(), workers, Counts(), None)
    engine.run_pieces(cluster._pieces(["r00", "r10"], engine, seed=1), "simulated")
    folds, rows = 36, 20
    first, predictions = folds * (cluster.SEEDS + 1), 2 * rows
    resamples = folds * 5  # pieces of two
    assert engine.counts.done == engine.counts.total == first + predictions + resamples
