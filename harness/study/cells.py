"""The cells of the transfer matrix, each with a value or a reason, and what is derived from two of them.

`results/cells.csv` holds one row per cell and metric; this module is its only reader and writer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from harness.core import csv_tables
from harness.core.errors import ResultError
from harness.study.splits import SINGLE_SOURCE

TRANSDUCTIVE_SUFFIX = "_transductive"  # of `protocol`, where training saw features of the target


@dataclass(slots=True)
class Cell:
    """One metric of one (space, view, recipe, source, target): a value with its context, or the reason for none.

    `view` is the label view that was tested against, `train_view` the one that was trained on.
    `value` is the mean over replicates (seeds x folds), `low` and `high` its 95 % interval over resampled dialogues,
    `sd_seeds` the standard deviation over seeds, `sd_test` that over resampled test dialogues and `sd_train` that over
    resampled train dialogues; `low_total` and `high_total` are the interval of these two together. `speakers` counts
    the speakers of the scored rows, where all are known; `low_speaker` and `high_speaker`, and those of the gap, are
    the interval over speakers and dialogues, of the primary metric and from ten speakers on. `selected` is what source
    dev selected; `tied` counts the settings within one standard error of the best there, and the value lies between
    `tied_low` and `tied_high` over them. `n` counts the scored target rows, `n_classes` the classes that occur in their
    truth, of a mean over classes those that enter it, `coverage` the share of the target's test rows that the space
    scores. `floor` is the majority predictor's value, `floor_random` that of a guess by the target's prior, `ceiling`
    the human one. `gap` = value - in-domain value (negative: transfer costs something), with its paired interval;
    `ratio` = (value - floor) / (in-domain - floor), with its interval over resampled test dialogues; an in-domain cell
    has neither. `gap_low_total` and `gap_high_total` are the interval of the gap over test and training data,
    `gap_detectable` the smallest gap that would be found with a probability of 80 %. `clusters` counts the resampled
    dialogues. `variant` is what a protocol varies, as in `k=20`; there `source` may be `others`, `all` or `none`.
    `warnings` are short, joined by "; ". Numbers that do not exist are None, never NaN.
    """

    space: str
    view: str
    recipe: str
    source: str
    target: str
    protocol: str
    selection: str
    metric: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    sd_seeds: float | None = None
    sd_test: float | None = None
    sd_train: float | None = None
    speakers: int | None = None
    low_speaker: float | None = None
    high_speaker: float | None = None
    low_total: float | None = None
    high_total: float | None = None
    selected: str = ""
    tied: int | None = None
    tied_low: float | None = None
    tied_high: float | None = None
    replicates: int | None = None
    n: int | None = None
    n_classes: int | None = None
    clusters: int | None = None
    coverage: float | None = None
    floor: float | None = None
    floor_random: float | None = None
    ceiling: float | None = None
    in_domain: float | None = None
    gap: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    gap_low_speaker: float | None = None
    gap_high_speaker: float | None = None
    gap_low_total: float | None = None
    gap_high_total: float | None = None
    gap_detectable: float | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    train_view: str = "multimodal"
    variant: str = ""
    warnings: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.reason):
            raise ResultError(f"cell {self.name} {self.metric}: a cell has a value or a reason, and only one of them")

    @property
    def name(self) -> str:
        """Return "source->target", the run name in MLflow."""
        return f"{self.source}->{self.target}"

    @property
    def is_in_domain(self) -> bool:
        """Tell whether the cell lies on the diagonal."""
        return self.source == self.target

    @property
    def base_protocol(self) -> str:
        """Return `single_source` or the row of `protocols`: the protocol without the ending that says transductive."""
        return self.protocol.removesuffix(TRANSDUCTIVE_SUFFIX)

    @property
    def is_transductive(self) -> bool:
        """Tell whether training saw features of the target, without labels."""
        return self.protocol.endswith(TRANSDUCTIVE_SUFFIX)


def in_matrix(cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells of the transfer matrix itself: those of the protocol `single_source`."""
    return [cell for cell in cells if cell.base_protocol == SINGLE_SOURCE]


def wider_than_interval(cell: Cell) -> bool:
    """Tell whether settings that dev cannot tell apart change a cell by more than the width of its interval."""
    if cell.tied_low is None or cell.tied_high is None or cell.low is None or cell.high is None:
        return False
    return cell.tied_high - cell.tied_low > cell.high - cell.low


def ratio(value: float, in_domain: float, floor: float, in_domain_low: float) -> float | None:
    """Return the share of the in-domain gain over the floor that carries over.

    None when the floor lies inside the in-domain interval: there is no gain to carry over.
    """
    return None if in_domain_low <= floor else (value - floor) / (in_domain - floor)


def cells_to_csv(cells: Iterable[Cell]) -> str:
    """Return the text of `cells.csv`; numbers with 6 decimals, an absent one as an empty cell."""
    names = [field.name for field in fields(Cell)]
    return csv_tables.text(names, ([getattr(cell, name) for name in names] for cell in cells))


def read_cells(path: Path) -> list[Cell]:
    """Read `cells.csv`; a missing or damaged file is a ResultError."""
    hints = get_type_hints(Cell)
    rows = csv_tables.read(path, "score", list(hints))
    try:
        return [Cell(**{name: _value(row[name], hints[name]) for name in hints}) for row in rows]
    except (TypeError, ValueError) as error:
        raise ResultError(f"{path}: damaged ({error}); run `dvc repro score`") from error


def _value(text: str, hint: Any) -> Any:
    if hint is str:
        return text
    if text == "":
        return None
    number = int(text) if hint == int | None else float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no score")
    return number
