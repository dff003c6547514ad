"""The result files other than cells.csv as data frames, and how their lines are selected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = {
    *("n", "rows", "dialogues", "cells", "pairs", "targets", "assignments"),
    *("value", "other", "difference", "low", "high", "floor", "other_floor", "ceiling", "threshold"),
    *("sd_train", "low_total", "high_total", "equal_low", "equal_high", "equal_cells", "detectable", "shots"),
    *("p", "p_holm", "p_joint", "smallest_p", "rank", "within", "across"),
    *("within_cells", "across_cells"),
    *("rms_ce", "ece", "nll", "brier", "aurc", "temperature", "accuracy", "confidence"),
    *("distance_source", "distance", "condition", "uar", "uar_before", "wf1", "wf1_before"),
}  # any other column is text


def frame(lines: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """Return the lines of a CSV file as a data frame; an empty cell of a number is NaN, that of text is empty text."""
    import pandas as pd

    def typed(name: str, cells: Sequence[str]) -> pd.Series[Any]:
        if name not in NUMBERS:
            return pd.Series(cells, dtype="str")
        if all(cell.isdigit() for cell in cells if cell):
            return pd.Series([int(cell) if cell else None for cell in cells], dtype="Int64")
        return pd.Series([float(cell) if cell else None for cell in cells], dtype="float64")

    columns = lines[0] if lines else ()
    return pd.DataFrame({name: typed(name, [line[name] for line in lines]) for name in columns})


def of(lines: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    """Return the lines whose columns have these values."""
    for column, value in wanted.items() if len(lines) else ():
        lines = lines[lines[column] == value]
    return lines


def groups(lines: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield the values of some columns that occur together, in order of appearance, and the lines that have them."""
    for values, group in lines.groupby(list(columns), sort=False) if len(lines) else ():
        yield (*values, group)


def nested(lines: pd.DataFrame, column: str, *further: str) -> Iterator[tuple[Any, ...]]:
    """Yield the same, all that has the first value of the first column before all that has the second one."""
    for value, group in groups(lines, column):
        yield from ((value, *more) for more in nested(group, *further)) if further else [(value, group)]


def rows(lines: pd.DataFrame) -> Iterator[Any]:
    """Yield lines as named tuples, in which an absent number is None."""
    yield from lines.astype(object).where(lines.notna(), None).itertuples(index=False)


def first(lines: pd.DataFrame) -> Any:
    """Return the first line as a named tuple, None where there is none."""
    return next(rows(lines[:1]), None)


def halves(lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the in-domain and the cross-corpus lines."""
    in_domain = lines["source"] == lines["target"]
    return lines[in_domain], lines[~in_domain]


def mean(values: pd.Series[Any]) -> float | None:
    """Return the mean of the numbers that there are, None of none."""
    known = values.dropna()
    return fmean(known) if len(known) else None
