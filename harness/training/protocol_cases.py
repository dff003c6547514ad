"""Cases of protocols as pieces of work: a piece for each training run of a case, which are joined when all are done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.core import paths
from harness.core.engine import Engine
from harness.core.pieces import RESULTS, Needs, Piece
from harness.core.plugins import find
from harness.training import protocol_case, replicates
from harness.training.matrix_rows import is_batched
from harness.training.protocol_case import CasePiece, ProtocolCase


def pieces(jobs: Sequence[ProtocolCase], engine: Engine) -> Iterator[Piece]:
    """Yield the pieces with which cases begin; the others follow from them.

    Args:
        jobs: cases without a reason.
        engine: that will run them.
    """
    batched = is_batched(engine, sum(_batches(job) for job in jobs))
    for job in jobs:
        yield from CasePieces(job, engine, batched).begin()


def size_of(job: ProtocolCase) -> int:
    """Return how much a case is of the progress that is shown: one for each training, or for its predictions."""
    return max(sum(len(run.seeds) for run in job.case.runs), 1)


def _batches(job: ProtocolCase) -> int:
    return 0 if replicates.selects(find("fusion", str(job.recipe["fusion"]))) else len(job.case.runs)


class CasePieces:
    """The pieces of one case, each followed by what it makes possible.

    Args:
        job: the case.
        engine: that will run them.
        batched: whether the seeds of a network are trained as one batch.
    """

    def __init__(self, job: ProtocolCase, engine: Engine, batched: bool) -> None:
        self.job, self.batched = job, batched
        settings = engine.settings
        is_network = not replicates.selects(find("fusion", str(job.recipe["fusion"])))
        self.needs: Needs = settings.of_network() if is_network else settings.of_model()
        self.light = settings.of_model()
        self.runs = [CasePiece(job, batched, at) for at in range(len(job.case.runs))]
        self._left = len(self.runs)

    def begin(self) -> Iterator[Piece]:
        """Yield the piece to begin with: the whole case, or a look whether its several runs are wanted at all."""
        job = self.job
        if len(self.runs) > 1:
            expects = sum(len(run.seeds) for run in job.case.runs)
            yield Piece(
                protocol_case.is_current, job, self._name("look"), self.light, 0, urgency=RESULTS, then=self._looked,
                expects=expects,
            )  # fmt: skip
        else:
            yield self._trained(CasePiece(job, self.batched), size_of(job))

    def _looked(self, is_current: bool) -> list[Piece]:
        if is_current:
            return []
        return [self._trained(run, len(self.job.case.runs[at].seeds), at) for at, run in enumerate(self.runs)]

    def _trained(self, piece: CasePiece, size: int, at: int | None = None) -> Piece:
        return Piece(
            protocol_case.work,
            piece,
            self._name("" if at is None else f"run {at + 1}"),
            self.needs,
            size,
            float(size),
            f"{self.job.protocol} {self.job.case.recipe}",
            then=None if at is None else self._ended,
            reads=self._models(),
            writes=[self.job.path] if at is None else [],
        )

    def _ended(self, _: None) -> list[Piece]:
        self._left -= 1
        if self._left:
            return []
        runs = tuple(self.runs)
        return [
            Piece(
                protocol_case.join,
                runs,
                self._name("join"),
                self.light,
                size=0,
                urgency=RESULTS,
                reads=[run.path for run in runs],
                is_made=protocol_case.is_joined,
                writes=[self.job.path],
            )
        ]

    def _models(self) -> list[Path]:
        """Return the file of the models that a case takes from `transfer`, where it trains none."""
        case = self.job.case
        return [] if case.runs else [paths.model(case.recipe, case.source, case.space)]

    def _name(self, part: str) -> str:
        case = self.job.case
        parts = [case.recipe, case.space, case.name, *([part] if part else [])]
        return f"protocols {self.job.protocol} ({', '.join(parts)})"
