"""Make all features, models and predictions of a study that are missing, as one submission to the engine.

`dvc repro` runs stage after stage, and each ends with machines that wait for its longest piece. Here the pieces of all
stages wait in one queue: the longest are begun first, features before what needs them, and a row of the matrix is
predicted as soon as its models are there. What is made lies under the key of what it was made from, so that `dvc repro`
finds it current afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.core import memory, paths, processes
from harness.core.default_study import take_over
from harness.core.engine import Engine
from harness.core.files import sweep
from harness.core.log import log
from harness.core.pieces import Piece
from harness.features import extract
from harness.features.plan import wanted
from harness.study.params.rows import inputs, row
from harness.tracking.at_work import at_work
from harness.training import matrix_plan, matrix_rows, protocol_case_plan, protocol_cases
from harness.training.matrix_row import CellRow
from harness.training.protocol_case import ProtocolCase

EXAMPLES = ("emotransfer fill", "emotransfer fill text_e5_mlp fused_attention")


def run(params: dict[str, Any], *recipes: str) -> None:
    """Make what is missing of recipes: features, the matrix, and protocols.

    Corpora must have been prepared (`dvc repro prepare`). Afterwards `dvc repro` writes down what there is, and scores.

    Args:
        params: params.yaml.
        recipes: rows of `recipes`; all without.
    """
    memory.forget()
    sweep(paths.WRITTEN)
    names = list(dict.fromkeys(recipes)) or list(params["recipes"])
    for name in names:
        row(params, "recipes", name)
    processes.prepare(["harness.training.network", "harness.training.matrix_row_finish", "scipy.optimize"])
    with at_work(params, "fill") as engine:
        study = StudyToFill(params, names, engine)
        engine.run_pieces(list(study.begin()), "fill")
        counts = engine.counts
    lost = f", {counts.retried} of them begun again" if counts.retried else ""
    log.info(f"fill: {counts.done} pieces done{lost}; run `dvc repro` now")


class StudyToFill:
    """What is missing of a study, planned as far as it is known: what a recipe needs is known with its features.

    Args:
        params: params.yaml.
        recipes: rows of `recipes`.
        engine: that will run the pieces.
    """

    def __init__(self, params: Mapping[str, Any], recipes: Sequence[str], engine: Engine) -> None:
        self.params, self.engine = params, engine
        self.encoders = {name: set(inputs(row(params, "recipes", name)).values()) for name in recipes}
        self._missing: dict[str, int] = {}  # encoder -> stores that are not written yet
        self._waiting = list(recipes)
        self._masked: dict[
            tuple[str, str, str], list[ProtocolCase]
        ] = {}  # recipe, source, space -> cases of its models

    def begin(self) -> Iterator[Piece]:
        """Yield the pieces that can begin at once: missing features, and recipes that have all of theirs."""
        device, features = self.engine.device(), []
        for encoder in dict.fromkeys(name for names in self.encoders.values() for name in sorted(names)):
            for corpus in self.params["corpora"]:
                for store in wanted(self.params, encoder, corpus, device):
                    pieces = list(extract.pieces(store, self.engine, self._then(encoder), quiet=True))
                    self._missing[encoder] = self._missing.get(encoder, 0) + bool(pieces)
                    features += pieces
        yield from features
        yield from self._ready()

    def _then(self, encoder: str) -> Any:
        def then() -> Iterable[Piece]:
            self._missing[encoder] -= 1
            return () if self._missing[encoder] else list(self._ready())

        return then

    def _ready(self) -> Iterator[Piece]:
        """Yield the first pieces of the recipes whose features are all there now."""
        ready = [name for name in self._waiting if not any(self._missing[of] for of in self.encoders[name])]
        self._waiting = [name for name in self._waiting if name not in ready]
        jobs = [job for name in ready for job in self._rows(name)]
        cases = [case for name in ready for case in self._cases(name)]
        for case in cases:
            if not case.case.runs:
                self._masked.setdefault((case.case.recipe, case.case.source, case.case.space), []).append(case)
        yield from matrix_rows.pieces(jobs, self.engine, self._predicted)
        yield from protocol_cases.pieces([case for case in cases if case.case.runs], self.engine)

    def _rows(self, recipe: str) -> list[CellRow]:
        take_over(paths.MODELS / recipe)
        take_over(paths.PREDICTIONS / recipe)
        return matrix_plan.planned(self.params, recipe)[1]

    def _cases(self, recipe: str) -> Iterator[ProtocolCase]:
        for protocol, section in self.params["protocols"].items():
            if recipe in section["recipes"]:
                take_over(paths.PROTOCOLS / protocol)
                planned = protocol_case_plan.of_recipe(self.params, protocol, recipe)
                yield from (case for case in planned if not case.case.reason)

    def _predicted(self, job: CellRow) -> Iterable[Piece]:
        """Return the cases that take modalities away from the models of a row of the matrix that is done."""
        cases = self._masked.pop((job.recipe, job.source, job.space), [])
        return list(protocol_cases.pieces(cases, self.engine))
