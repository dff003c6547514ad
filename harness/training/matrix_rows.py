"""Work through rows of the matrix: replicates side by side, then model files and predictions."""

from __future__ import annotations

from typing import Any

from harness.core import engine
from harness.training import (
    matrix_row,
    matrix_row_finish,
    matrix_row_pieces,
    replicates,
)
from harness.training.matrix_row import CellRow


def work(jobs: list[CellRow], settings: dict[str, Any], label: str) -> None:
    """Train what is not current, all replicates of all cell rows side by side, then predict."""
    workers, batching = engine.worker_count(settings["workers"]), settings["batch"]
    if any(not replicates.selects(job.module) for job in jobs) and replicates.on_gpu():
        workers = 1  # replicates go side by side on the GPU itself
    waiting = [job for job in jobs if not matrix_row.is_trained(job)]
    with engine.kept():
        for stage in (matrix_row_pieces.first_pieces, matrix_row_pieces.more_pieces):
            pieces = [piece for job in waiting for piece in stage(job, batching)]
            engine.run(matrix_row_pieces.train, pieces, workers, label, [len(piece.trials) for piece in pieces])
        engine.run(
            matrix_row_finish.finish, [(job, batching, job in waiting) for job in jobs], workers, f"{label}: predict"
        )
