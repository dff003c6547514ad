"""The rows of predictions made elsewhere, each checked against the study: corpora, utterances, label spaces, scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.core import paths
from harness.core.errors import ReleaseError, SettingError, did_you_mean
from harness.evaluation.external.predictions_file import UNKNOWN, Coded, Codes, PredictionsFile
from harness.study.labels import SPACES, ClassSpace, Space, space
from harness.study.splits import ALL, NO_SOURCE

COLUMNS = ("corpus", "id", "space", "label", "value", "source", "seed", "fold")
CLASSES = dict.fromkeys(name for of in SPACES.values() if isinstance(of, ClassSpace) for name in of.classes)
INDEX = "__index_level_"  # how pandas names its row numbers in Parquet
TOLERANCE = 1e-3  # of the sum of a row's probabilities


@dataclass(frozen=True, slots=True)
class PredictedRows:
    """All rows of a file, by column; every array has the shape (rows,).

    Args:
        table: where they stand, for errors.
        spaces: the space of each.
        sources: the corpus that the system was trained on, or `none`.
        corpora: the corpus of each utterance.
        places: of the utterance in its corpus, UNKNOWN where that is not here.
        folds: which of several models of one source said it.
        seeds: which of its replicates.
    """

    table: PredictionsFile
    spaces: Coded
    sources: Coded
    corpora: Coded
    places: Codes
    folds: Coded
    seeds: Codes

    def of(self, space: str, source: str | None = None, corpus: str | None = None) -> Codes:
        """Return the numbers of the rows of a space, or of one cell, in the order of the file."""
        chosen = np.ones(len(self.seeds), dtype=bool)
        for column, name in ((self.spaces, space), (self.sources, source), (self.corpora, corpus)):
            if name is not None:
                chosen &= column.codes == (column.names.index(name) if name in column.names else UNKNOWN)
        return np.flatnonzero(chosen)


def read(table: PredictionsFile, only: str | None, utterances: Mapping[str, Sequence[str] | None]) -> PredictedRows:
    """Return the rows of a file, once each says whom it is about.

    Args:
        table: the file.
        only: the space of a file without the column `space`.
        utterances: corpus -> ids of its utterances, None where it is not linked.

    Raises:
        SettingError: the space is said twice or nowhere.
        ReleaseError: a column is missing or unknown; a corpus, utterance, space or seed is none; a row stands there
            twice.
    """
    _check_columns(table)
    if (only is None) == ("space" not in table.names):
        problem = "and the row of params.yaml names one, too" if only else "and the row of params.yaml names none"
        has = "has the column `space`" if "space" in table.names else "has no column `space`"
        raise SettingError(f"{table.path}: {has}, {problem}; say the space of its predictions in one of them")
    corpora, names = table.texts("corpus"), table.texts("id")
    sources = table.texts("source", absent=NO_SOURCE)
    spaces = table.texts("space") if only is None else Coded(np.zeros(len(table), dtype=np.int64), [only])
    _check_names(table, "space", spaces, SPACES)
    _check_names(table, "corpus", corpora, utterances)
    todo = f"leave it empty, or write {NO_SOURCE}, for a system that was trained on none of these corpora"
    _check_names(table, "source", sources, (*utterances, NO_SOURCE), todo)
    places = _places(table, corpora, names, utterances)
    folds, seeds = table.texts("fold", absent=ALL), _seeds(table)
    _check_once(table, (spaces.codes, sources.codes, corpora.codes, folds.codes, seeds, names.codes))
    return PredictedRows(table, spaces, sources, corpora, places, folds, seeds)


def scores(rows: PredictedRows, name: str, at: Codes) -> NDArray[np.float32]:
    """Return the scores (n, classes), or (n, 1) of a scale, of rows of one space; a label becomes 1 of its class.

    Args:
        rows: the file.
        name: the space.
        at: the n rows.

    Raises:
        ReleaseError: a column of the space is missing; a label is none of its classes; a number lies outside the scale;
            probabilities are negative, not there, or do not sum to 1.
    """
    table, target = rows.table, space(name)
    if not isinstance(target, ClassSpace):
        _need(table, target, ["value"])
        values = table.numbers("value")[at]
        bad = ~((values >= target.low) & (values <= target.high))  # an empty cell is NaN, and bad as well
        expected = f"a number between {target.low:g} and {target.high:g}"
        table.refuse(bad, f"no value of {name}", expected, "rescale it, or clip it", at)
        return values.astype(np.float32)[:, None]
    if "label" in table.names:
        return _one_hot(table, target, at)
    return _probabilities(table, target, at)


def _one_hot(table: PredictionsFile, target: ClassSpace, at: Codes) -> NDArray[np.float32]:
    todo = (
        "give other names as these (docs/labels.md), and a refusal a class, too, or leave its row out and declare the "
        "file `partial: true`"
    )
    wrong = "no label", f"{{!r}} is no class of {target.name}"
    expected = f"one of {', '.join(target.classes)}"
    codes = _known(table, table.texts("label"), at, target.classes, wrong, expected, todo)
    return np.eye(len(target.classes), dtype=np.float32)[codes]


def _probabilities(table: PredictionsFile, target: ClassSpace, at: Codes) -> NDArray[np.float32]:
    columns = [f"p_{name}" for name in target.classes]
    _need(table, target, columns)
    probabilities = np.stack([table.numbers(name)[at] for name in columns], axis=1)
    for column, values in zip(columns, probabilities.T, strict=True):
        table.refuse(
            np.isnan(values), f"{column} is empty or no number", "a probability", "0 for a class never said", at
        )
        table.refuse(values < 0, f"{column} is negative", "a probability", rows=at)
    sums, place = probabilities.sum(axis=1), {row: number for number, row in enumerate(at.tolist())}
    table.refuse(
        abs(sums - 1) > TOLERANCE,
        lambda row: f"{' + '.join(columns)} is {sums[place[row]]:.6g}",
        f"1, give or take {TOLERANCE:g}",
        "divide each by their sum",
        at,
    )
    for column in table.names:
        if column.startswith("p_") and column not in columns:
            outside = np.nan_to_num(table.numbers(column)[at]) != 0
            problem = f"{column} is not 0, and {target.name} has no such class"
            table.refuse(outside, problem, todo="leave it empty in this space", rows=at)
    return probabilities.astype(np.float32)


def _check_columns(table: PredictionsFile) -> None:
    known = [*COLUMNS, *(f"p_{name}" for name in CLASSES)]
    unknown = [name for name in table.names if name not in known and not name.startswith(INDEX)]
    if len(table.names) == 1 and (
        sign := next((separator for separator in (";", "\t", "|") if separator in unknown[0]), "")
    ):
        expected = "cells with commas between them"
        todo = "save it so"
        raise ReleaseError(table.path, f"has {sign!r} between its cells", expected=expected, todo=todo)
    if unknown:
        raise ReleaseError(
            table.path,
            f"the column {unknown[0]!r} is unknown{did_you_mean(unknown[0], known)}",
            expected=f"columns among {', '.join(known)}",
            todo="rename it or leave it out: what is not read may not look as if it were",
        )
    _need(table, None, ["corpus", "id"])
    if "label" in table.names and any(name.startswith("p_") for name in table.names):
        raise ReleaseError(table.path, "has a column `label` and probabilities", todo="keep one of them")


def _need(table: PredictionsFile, target: Space | None, columns: Iterable[str]) -> None:
    if missing := [name for name in columns if name not in table.names]:
        of = f" of {target.name}" if target else ""
        either = "; or one column `label`" if isinstance(target, ClassSpace) else ""
        raise ReleaseError(
            table.path,
            f"the column {', '.join(map(repr, missing))}{of} is missing{either}",
            todo=f"the file has {', '.join(table.names)}",
        )


def _known(
    table: PredictionsFile, column: Coded, at: Codes, known: Iterable[str], wrong: tuple[str, str], expected: str,
    todo: str,
) -> Codes:  # fmt: skip
    """Return the number of each row's text among the known ones; a text that is none of them is an error.

    Args:
        table: the file.
        column: of the texts.
        at: the rows.
        known: those that there are.
        wrong: what is wrong with an empty cell, and with another one, whose text takes the place of {!r}.
        expected, todo: as in `refuse`.
    """
    places = {name: number for number, name in enumerate(known)}
    numbers = column.numbers(places)[at]

    def problem(row: int) -> str:
        name = column.text(row)
        return wrong[1].format(name) + did_you_mean(name, places) if name else wrong[0]

    table.refuse(numbers == UNKNOWN, problem, expected, todo, at)
    return numbers


def _check_names(table: PredictionsFile, what: str, column: Coded, known: Iterable[str], todo: str = "") -> None:
    wrong = f"no {what}", f"no {what} is called {{!r}}"
    _known(table, column, np.arange(len(table)), known, wrong, f"one of {', '.join(known)}", todo)


def _places(
    table: PredictionsFile, corpora: Coded, names: Coded, utterances: Mapping[str, Sequence[str] | None]
) -> Codes:
    """Return the place of each row's utterance in its corpus."""
    places = np.full(len(table), UNKNOWN, dtype=np.int64)
    for number, corpus in enumerate(corpora.names):
        if (ids := utterances[corpus]) is not None:
            at = np.flatnonzero(corpora.codes == number)
            wrong, expected = ("no id", f"{corpus} has no utterance {{!r}}"), f"an id of {paths.utterances(corpus)}"
            places[at] = _known(table, names, at, ids, wrong, expected, "take the ids from there")
    return places


def _seeds(table: PredictionsFile) -> Codes:
    column = table.texts("seed", absent="0")
    whole = [name for name in column.names if name.isascii() and name.isdigit() and len(name) < 19]
    seeds = column.numbers({name: int(name) for name in whole})
    table.refuse(seeds == UNKNOWN, lambda row: f"the seed {column.text(row)!r}", "a whole number from 0")
    return seeds


def _check_once(table: PredictionsFile, columns: Sequence[Codes]) -> None:
    """Refuse a second row of one utterance by one replicate."""
    import pandas as pd

    before = pd.Series(np.arange(len(table))).groupby(list(columns)).shift()  # the row of the same; NaN of the first
    table.refuse(
        before.notna().to_numpy(),
        lambda row: f"the utterance of {table.place(int(before[row]))} once more, by the same replicate",
        todo="tell replicates apart by `seed`, or by `fold` the models that were trained on several folds",
    )
