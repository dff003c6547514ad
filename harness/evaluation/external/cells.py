"""Cells from predictions made elsewhere: those of rows that may be tested, if none of these rows is missing."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core import paths
from harness.core.errors import ReleaseError
from harness.core.files import digest
from harness.evaluation.external import rows as external_rows
from harness.evaluation.external.predictions_file import Codes
from harness.evaluation.external.rows import PredictedRows
from harness.study import splits as protocol
from harness.study.params.rows import NO_MODALITY, SLOTS
from harness.study.predictions import Predictions
from harness.study.prepared import PreparedCorpus

NOT_PREDICTED = "not_predicted"
OPTIONAL: Mapping[str, Any] = {"inputs": [], "space": None, "partial": False}  # of a row of `external` in params.yaml


def settings(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of `external` as the settings of a recipe that uses no encoder and no model of ours."""
    return {
        "description": row["description"],
        "file": row["file"],
        **dict.fromkeys(SLOTS, NO_MODALITY),
        **{"route": "native", "normalise": "none", "fusion": "external", "balanced": False, "settings": {}},
        "inputs": list(dict.fromkeys(row["inputs"])),
    }


def rows_digest(corpus: PreparedCorpus) -> str:
    """Return the digest of what decides which rows of a corpus are kept."""
    return digest([[row.id, row.split, row.fold] for row in corpus.utterances])


@dataclass(slots=True)
class Made:
    """One cell: what is predicted, or the reason for nothing; `rows` counts those that the file has for it."""

    space: str
    source: str
    target: str
    replicates: list[Predictions] = field(default_factory=list)
    reason: str = ""
    warning: str = ""
    rows: int = 0

    @property
    def kept(self) -> int:
        """Return how many rows of the file are predictions here."""
        return sum(len(replicate.ids) for replicate in self.replicates)

    def planned(self, recipe: str) -> dict[str, str]:
        """Return the cell as plan.json has it."""
        cell = {"space": self.space, "source": self.source, "target": self.target}
        if self.reason:
            return {**cell, "reason": self.reason}
        file = paths.prediction(recipe, self.source, self.space, self.target).as_posix()
        return {**cell, "file": file, **({"warning": self.warning} if self.warning else {})}


def cells(
    rows: PredictedRows, targets: Mapping[str, PreparedCorpus], spaces: Sequence[str], partial: bool = False
) -> list[Made]:
    """Return a cell for every space, source of the file and target.

    Args:
        rows: the file.
        targets: all corpora of the study.
        spaces: those of the study.
        partial: whether labelled test rows may lack a prediction.

    Raises:
        ReleaseError: a score is none of its space, a fold none of the target's, or labelled test rows are missing.
    """
    sources = [source for source in (protocol.NO_SOURCE, *targets) if source in rows.sources.names]
    # of spaces beside the study, too: a file is right or not
    given = {space: (rows.of(space), external_rows.scores(rows, space, rows.of(space))) for space in rows.spaces.names}
    cells = []
    for space, source, target in itertools.product(spaces, sources, targets.values()):
        at = rows.of(space, source, target.name)
        cell = Made(space, source, target.name, rows=len(at))
        cell.reason = _why_none(target, targets.get(source), space, len(at))
        if not cell.reason:
            of_space, scores = given[space]
            _fill(cell, rows, at, scores[np.searchsorted(of_space, at)], target, partial)
        cells.append(cell)
    return cells


def _why_none(target: PreparedCorpus, source: PreparedCorpus | None, space: str, rows: int) -> str:
    """Return why a cell has no prediction, or an empty string."""
    if not target.card["present"]:
        return f"target_{target.card['reason']}"
    if not target.labels(space):
        return "target_not_annotated"
    if source is not None and source is not target and source.card["family"] == target.card["family"]:
        return "same_family"
    return "" if rows else NOT_PREDICTED


def _fill(
    cell: Made, rows: PredictedRows, at: Codes, scores: NDArray[np.float32], target: PreparedCorpus, partial: bool
) -> None:
    """Divide the rows of a cell by replicate, and see that no test row is missing."""
    ids = np.array(target.ids, dtype=object)
    folds = np.array(rows.folds.names, dtype=object)[rows.folds.codes[at]]
    if cell.source == cell.target:  # `fold` says which model it was, and so which rows that model had not seen
        wanted = {fold.name: protocol.own_rows(fold) for fold in target.folds}
        rows.table.refuse(
            np.array([fold not in wanted for fold in folds]),
            lambda row: f"{rows.folds.text(row)!r} is no fold of {target.name}, which is source and target",
            f"one of {', '.join(wanted)}: the part that the model was not trained on",
            rows=at,
        )
    else:
        wanted = dict.fromkeys(rows.folds.names, protocol.target_rows(target.utterances))
    splits = np.array([wanted[fold].get(id_, "") for fold, id_ in zip(folds, ids[rows.places[at]], strict=True)])
    if "test" not in splits:
        cell.reason = NOT_PREDICTED
        return
    order = np.lexsort((rows.places[at], rows.seeds[at], folds.astype(str)))
    order = order[splits[order] != ""]
    edges = np.flatnonzero((folds[order[1:]] != folds[order[:-1]]) | (np.diff(rows.seeds[at[order]]) != 0)) + 1
    for part in np.split(order, edges):
        names, seed = ids[rows.places[at[part]]].tolist(), int(rows.seeds[at[part[0]]])
        cell.replicates.append(Predictions(folds[part[0]], seed, names, splits[part].tolist(), scores[part]))
    tested = {id_ for of in wanted.values() for id_, split in of.items() if split == "test"}
    _check_complete(cell, rows, target, tested, partial)


def _check_complete(cell: Made, rows: PredictedRows, target: PreparedCorpus, tested: Set[str], partial: bool) -> None:
    """Refuse, or warn of, labelled test rows that a replicate lacks: hard rows left out flatter.

    In-domain the folds of a seed are one replicate: each predicts its own part.
    """
    needed = [id_ for id_ in target.labels(cell.space) if id_ in tested]
    predicted: dict[tuple[str, int], set[str]] = {}
    for replicate in cell.replicates:
        group = ("" if cell.source == cell.target else replicate.fold, replicate.seed)
        known = {id_ for id_, split in zip(replicate.ids, replicate.splits, strict=True) if split == "test"}
        predicted.setdefault(group, set()).update(known)
    lacking = [id_ for id_ in needed if any(id_ not in known for known in predicted.values())]
    if not lacking:
        return
    count = f"{len(lacking)} of {len(needed)} labelled test rows"
    if not partial:
        fold, seed = next(group for group, known in predicted.items() if lacking[0] not in known)
        by = f" by seed {seed}{f' of fold {fold}' if fold else ''}" if len(predicted) > 1 else ""
        raise ReleaseError(
            rows.table.path,
            f"{count} of {cell.target} have no prediction in {cell.space} (source {cell.source}); "
            f"the first is {lacking[0]}{by}",
            todo="give every refusal a label, or say `partial: true` in the row of params.yaml: the cell then warns",
        )
    cell.warning = f"{count} not predicted"
