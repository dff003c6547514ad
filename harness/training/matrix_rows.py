"""Rows of the matrix as pieces of work: replicates side by side, then the model file and the predictions of each row.

A row is predicted as soon as its own pieces are done. Whether the seeds of a network are trained as one batch is
decided here, once, by whoever hands the pieces out: a worker that decided by its own machine would look for other
files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from harness.core import paths
from harness.core.engine import Engine
from harness.core.engine_settings import EngineSettings
from harness.core.pieces import RESULTS, Needs, Piece
from harness.training import matrix_row, matrix_row_finish, matrix_row_pieces, replicates
from harness.training.corpus_features import corpus_features
from harness.training.matrix_row import CellRow, folds_of
from harness.training.matrix_row_finish import RowToFinish
from harness.training.matrix_row_pieces import Told, TrainingPiece

Then = Callable[[CellRow], Iterable[Piece]]
FULL = 4  # small pieces for each that runs at once, with which no machine is idle for long
BATCHES = 2  # of seeds, for each that runs at once: with fewer the longest decides (docs/benchmarks.md)
EPOCHS = 20  # that a network takes, at a guess
SECONDS_OF_ROW = 3e-5  # of a network, a row and an epoch, at a guess; the first pieces that end correct it
SECONDS_OF_NUMBER = 2e-8  # of a linear model, a feature of a row and a candidate, at a guess
FRAMES = 50  # times longer is a network of frames, at a guess


def work(jobs: Sequence[CellRow], engine: Engine, label: str) -> None:
    """Train what is not current, all replicates of all cell rows side by side, and predict."""
    engine.run_pieces(list(pieces(jobs, engine)), label)


def pieces(jobs: Sequence[CellRow], engine: Engine, then: Then | None = None) -> Iterator[Piece]:
    """Yield the pieces with which cell rows begin; the others follow from them.

    Args:
        jobs: cell rows, of one recipe or several.
        engine: that will run them.
        then: returns the pieces that can begin once a cell row has its model and its predictions.
    """
    waiting = [job for job in jobs if not matrix_row.is_trained(job)]
    # of all rows, also those that are done: a run that goes on cuts the work as the first one did
    batched = is_batched(engine, sum(_batches(job) for job in jobs))
    folds = sum(len(folds_of(job)) for job in jobs)
    for job in jobs:
        if job in waiting:
            together = resamples_together(job.training.resamples, folds, engine.slots(engine.settings.of_model()))
            yield from RowPieces(job, engine.settings, batched, together, then).begin()
        else:
            yield _finish(RowToFinish(job), engine.settings, then)


def is_batched(engine: Engine, batches: int) -> bool:
    """Tell whether the seeds of a network are trained as one batch.

    With `engine.batch: auto` where networks are trained on GPUs, and there are enough batches to keep all busy: else
    the longest one decides when the last one ends.

    Args:
        engine: that trains them.
        batches: how many batches there would be.
    """
    setting = engine.settings.batch
    if isinstance(setting, bool):
        return setting
    if not batches or not engine.workers.gpus():
        return False
    return batches > BATCHES * engine.slots(engine.settings.of_network())


def resamples_together(resamples: int, folds: int, slots: int) -> int:
    """Return how many resamples of a fold one piece trains: so many that enough pieces are left for all machines."""
    of_fold = -(-FULL * slots // max(folds, 1))
    return max(resamples // of_fold, 1)


def needs_of(job: CellRow, settings: EngineSettings) -> Needs:
    """Return what training or predicting with the model of a cell row needs."""
    return settings.of_model() if replicates.selects(job.module) else settings.of_network()


def _batches(job: CellRow) -> int:
    """Return how many batches of seeds there would be: of a search two a fold, the draws and then the other seeds."""
    if replicates.selects(job.module):
        return 0
    return len(folds_of(job)) * (1 if len(job.draws()) == 1 else 2)


@dataclass(slots=True)
class _Fold:
    """The pieces of a fold that have not ended, and what its first pieces have told."""

    waiting: int
    told: dict[int, list[Told]]
    is_more: bool = False


class RowPieces:
    """The pieces of one cell row, each followed by what it makes possible.

    Args:
        job: the cell row.
        settings: what pieces need.
        batched: whether the seeds of a network are trained as one batch.
        together: how many resamples one piece trains.
        then: returns the pieces that can begin once the row has its model and its predictions.
    """

    def __init__(
        self, job: CellRow, settings: EngineSettings, batched: bool, together: int, then: Then | None = None
    ) -> None:
        self.job, self.settings, self.batched, self.together, self.then = job, settings, batched, together, then
        self.first = matrix_row_pieces.first_pieces(job, batched)
        self.more: list[TrainingPiece] = []
        self._folds = {fold.name: _Fold(0, {}) for fold in folds_of(job)}
        for piece in self.first:
            self._folds[piece.fold].waiting += 1
        self._cost = cost_of(job)

    def begin(self) -> Iterator[Piece]:
        """Yield the pieces to begin with."""
        searched = len(self.job.draws()) > 1
        later = self.job.training.resamples + (len(self.job.training.seeds) - 1 if searched else 0)
        expects = len(self._folds) * later + 1  # the prediction is one more
        for at, piece in enumerate(self.first):
            yield self._piece(piece, at, 0 if at else expects)

    def _piece(self, piece: TrainingPiece, at: int, expects: int) -> Piece:
        what = f"fold {piece.fold}" if len(self._folds) > 1 else ""
        first = piece.trials[0]
        which = f"resample {first.resample}" if first.resample else f"seed {first.seed}"
        fitted = 0.2 if first.resample and replicates.selects(self.job.module) else 1.0  # one candidate of about five
        return Piece(
            matrix_row_pieces.train,
            piece,
            name_of(self.job, *([what] if what else []), which),
            needs_of(self.job, self.settings),
            size=len(piece.trials),
            cost=self._cost * len(piece.trials) * fitted,
            kind=f"train {self.job.recipe}{' again' if fitted < 1 else ''}",
            then=partial(self._ended, piece, at),
            expects=expects,
        )

    def _ended(self, piece: TrainingPiece, at: int, told: list[Told]) -> list[Piece]:
        fold = self._folds[piece.fold]
        fold.waiting -= 1
        if not fold.is_more:
            fold.told[at] = told
        if fold.waiting:
            return []
        new: list[TrainingPiece] = []
        if not fold.is_more:
            fold.is_more = True
            every = [of for place in sorted(fold.told) for of in fold.told[place]]
            new = matrix_row_pieces.more_pieces(self.job, piece.fold, every, self.batched, self.together)
            self.more += new
            fold.waiting = len(new)
        if new:
            return [self._piece(of, at, 0) for at, of in enumerate(new)]
        if any(other.waiting or not other.is_more for other in self._folds.values()):
            return []
        order = list(self._folds)
        more = sorted(self.more, key=lambda of: order.index(of.fold))  # folds end in any order
        return [_finish(RowToFinish(self.job, tuple(self.first), tuple(more)), self.settings, self.then)]


def _finish(row: RowToFinish, settings: EngineSettings, then: Then | None) -> Piece:
    job = row.job
    written = [paths.prediction(job.recipe, job.source, job.space, target) for target in job.targets]
    return Piece(
        matrix_row_finish.finish,
        row,
        name_of(job, "predictions"),
        needs_of(job, settings),
        cost=cost_of(job) / EPOCHS,
        kind=f"predict {job.recipe}",
        urgency=RESULTS,
        then=None if then is None else lambda _: then(job),
        reads=[piece.path for piece in (*row.first, *row.more)],
        is_made=matrix_row_finish.is_assembled,
        writes=[job.path, *written],
    )


def name_of(job: CellRow, *parts: str) -> str:
    """Return what people call a cell row, or a part of it."""
    return f"transfer {job.recipe} ({', '.join([job.source, job.space, *parts])})"


def cost_of(job: CellRow) -> float:
    """Return a guess of the seconds that one replicate takes; the order of pieces alone depends on it."""
    own = corpus_features(job.source, job.row)
    rows = max((len(fold.train) for fold in folds_of(job)), default=1)
    if replicates.selects(job.module):
        width = sum(store.width for store in own.stores.values())
        return rows * min(width, 2000) * len(job.module.candidates(job.row["settings"])) * SECONDS_OF_NUMBER
    slower = FRAMES if own.level == "frames" else 1
    return rows * EPOCHS * SECONDS_OF_ROW * slower
