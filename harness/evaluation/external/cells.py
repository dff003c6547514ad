"""Cells from predictions made elsewhere: those of rows that may be tested, if none of these rows is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harness.core import paths
from harness.core.errors import ReleaseError
from harness.core.files import digest
from harness.evaluation.external import rows as external_rows
from harness.evaluation.external.predictions_file import Codes
from harness.evaluation.external.rows import PredictedRows
from harness.study import splits as protocol
from harness.study.predictions import Predictions
from harness.study.prepared import PreparedCorpus

UNUSED, DEV, TEST = 0, 1, 2
NOT_PREDICTED = "not_predicted"
SPLITS = {DEV: "dev", TEST: "test"}


def rows_digest(corpus: PreparedCorpus) -> str:
    """Return the digest of what decides which rows of a corpus are kept."""
    return digest([[row.id, row.split, row.fold] for row in corpus.utterances])


def _labelled(corpus: PreparedCorpus, space: str) -> NDArray[np.bool_]:
    """Return whether each utterance (n,) has a label in a space."""
    labels = corpus.labels(space)
    return np.array([id_ in labels for id_ in corpus.ids], dtype=bool)


def _splits_by_fold(corpus: PreparedCorpus, in_domain: bool) -> dict[str, NDArray[np.int64]]:
    """Return fold -> UNUSED, DEV or TEST of each utterance (n,); in-domain each fold tests its own part."""
    if in_domain:
        wanted = {fold.name: protocol.own_rows(fold) for fold in corpus.folds}
    else:
        wanted = {protocol.ALL: protocol.target_rows(corpus.utterances)}
    number = {"dev": DEV, "test": TEST}
    return {
        fold: np.array([number[rows[id_]] if id_ in rows else UNUSED for id_ in corpus.ids], dtype=np.int64)
        for fold, rows in wanted.items()
    }


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
    cells = []
    for space in rows.spaces.names:
        of_space = rows.of(space)
        scores = external_rows.scores(rows, space, of_space)  # of spaces beside the study, too: a file is right or not
        for source in sources if space in spaces else ():
            for target in targets.values():
                at = rows.of(space, source, target.name)
                cell = Made(space, source, target.name, rows=len(at))
                cell.reason = _why_none(target, targets.get(source), space, len(at))
                if not cell.reason:
                    _fill(cell, rows, at, scores[np.searchsorted(of_space, at)], target, partial)
                cells.append(cell)
    absent = [space for space in spaces if space not in rows.spaces.names]
    cells += [
        Made(space, source, name, reason=_why_none(target, targets.get(source), space, 0))
        for space in absent
        for source in sources
        for name, target in targets.items()
    ]
    return sorted(cells, key=lambda cell: spaces.index(cell.space))


def _why_none(target: PreparedCorpus, source: PreparedCorpus | None, space: str, rows: int) -> str:
    """Return why a cell has no prediction, or an empty string."""
    if not target.card["present"]:
        return f"target_{target.card['reason']}"
    if not _labelled(target, space).any():
        return "target_not_annotated"
    if source is not None and source is not target and source.card["family"] == target.card["family"]:
        return "same_family"
    return "" if rows else NOT_PREDICTED


def _fill(
    cell: Made, rows: PredictedRows, at: Codes, scores: NDArray[np.float32], target: PreparedCorpus, partial: bool
) -> None:
    """Divide the rows of a cell by replicate, and see that no test row is missing."""
    splits = _splits(rows, at, target, cell.source == cell.target)
    if not (splits == TEST).any():
        cell.reason = NOT_PREDICTED
        return
    kept = splits != UNUSED
    at, scores, splits = at[kept], scores[kept], splits[kept]
    names = np.array(rows.folds.names, dtype=object)
    fold = np.argsort(np.argsort(names))[rows.folds.codes[at]]  # in the order of their names
    order = np.lexsort((rows.places[at], rows.seeds[at], fold))
    fold, seeds = fold[order], rows.seeds[at[order]]
    edges = np.flatnonzero((np.diff(fold) != 0) | (np.diff(seeds) != 0)) + 1
    ids = np.array(target.ids, dtype=object)
    for part in np.split(order, edges):
        first = at[part[0]]
        cell.replicates.append(
            Predictions(
                rows.folds.names[rows.folds.codes[first]],
                int(rows.seeds[first]),
                ids[rows.places[at[part]]].tolist(),
                [SPLITS[code] for code in splits[part].tolist()],
                scores[part],
            )
        )
    _check_complete(cell, rows, target, partial)


def _splits(rows: PredictedRows, at: Codes, target: PreparedCorpus, in_domain: bool) -> NDArray[np.int64]:
    """Return UNUSED, DEV or TEST of each row (n,) of a cell.

    In-domain, `fold` says which model it was, and so which rows that model had not seen.
    """
    wanted, folds = _splits_by_fold(target, in_domain), rows.folds
    if in_domain:
        known = np.array([name in wanted for name in folds.names])
        rows.table.refuse(
            ~known[folds.codes[at]],
            lambda row: f"{folds.names[folds.codes[row]]!r} is no fold of {target.name}, which is source and target",
            f"one of {', '.join(wanted)}: the part that the model was not trained on",
            rows=at,
        )
    parts = np.full(len(at), UNUSED, dtype=np.int64)
    for number in np.unique(folds.codes[at]):
        here = folds.codes[at] == number
        of = wanted[folds.names[number] if in_domain else protocol.ALL]
        parts[here] = of[rows.places[at[here]]]
    return parts


def _check_complete(cell: Made, rows: PredictedRows, target: PreparedCorpus, partial: bool) -> None:
    """Refuse, or warn of, labelled test rows that a replicate lacks: hard rows left out flatter.

    In-domain the folds of a seed are one replicate: each predicts its own part.
    """
    in_domain = cell.source == cell.target
    tested = [of == TEST for of in _splits_by_fold(target, in_domain).values()]
    needed = _labelled(target, cell.space) & np.any(tested, axis=0)
    place = {name: number for number, name in enumerate(target.ids)}
    predicted: dict[tuple[str, int], NDArray[np.bool_]] = {}
    for replicate in cell.replicates:
        group = ("" if in_domain else replicate.fold, replicate.seed)
        seen = predicted.setdefault(group, np.zeros(len(place), dtype=bool))
        seen[[place[name] for name, split in zip(replicate.ids, replicate.splits, strict=True) if split == "test"]] = (
            True
        )
    lacking = np.any([needed & ~seen for seen in predicted.values()], axis=0)
    if not lacking.any():
        return
    count = f"{lacking.sum()} of {needed.sum()} labelled test rows"
    if not partial:
        first = int(np.flatnonzero(lacking)[0])
        fold, seed = next(group for group, seen in predicted.items() if not seen[first])
        by = f" by seed {seed}{f' of fold {fold}' if fold else ''}" if len(predicted) > 1 else ""
        raise ReleaseError(
            rows.table.path,
            f"{count} of {cell.target} have no prediction in {cell.space} (source {cell.source}); "
            f"the first is {target.ids[first]}{by}",
            todo="give every refusal a label, or say `partial: true` in the row of params.yaml: the cell then warns",
        )
    cell.warning = f"{count} not predicted"
