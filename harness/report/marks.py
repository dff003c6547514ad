"""The marks and footnotes of a matrix: warnings next to a number, and the reason in place of a missing one."""

from __future__ import annotations

import string
from collections.abc import Iterable

from harness.report.formats import reason_text
from harness.study.cells import Cell
from harness.study.metric_facts import higher_is_better

DEGENERATE, FEW, AT_FLOOR, TIED, RARE, SPEAKERS, SEEN = "†", "‡", "°", "≈", "§", "¤", "◊"
MARKS = {
    DEGENERATE: "degenerate predictor: nearly constant, or a class never predicted",
    FEW: "interval from few dialogues, or none: from one, or a class is missing in some resamples",
    AT_FLOOR: "interval does not clear the majority floor",
    TIED: "settings that source dev cannot tell apart differ by more than the interval",
    RARE: "mean over fewer classes: one has too few test utterances",
    SPEAKERS: "fewer than ten test speakers: the interval holds for these alone",
    SEEN: "the transductive step saw the test rows themselves, unlabelled; the in-domain model did not",
}
# how a warning begins that is about something else than the predictor
BEGINNINGS = {FEW: "interval", TIED: "selection", RARE: "classes", SPEAKERS: "speakers", SEEN: "test rows seen"}


def marks_of(cell: Cell) -> str:
    """Return the marks of a cell with a value."""
    warnings = warnings_of(cell)
    of_predictor = [text for text in warnings if not text.startswith(tuple(BEGINNINGS.values()))]
    given = {DEGENERATE: bool(of_predictor), AT_FLOOR: reaches_floor(cell)}
    given |= {mark: any(text.startswith(start) for text in warnings) for mark, start in BEGINNINGS.items()}
    return "".join(mark for mark in MARKS if given[mark])


def warnings_of(cell: Cell) -> list[str]:
    """Return a cell's warnings one by one."""
    return [text for text in cell.warnings.split("; ") if text]


def reaches_floor(cell: Cell) -> bool:
    """Tell whether the interval includes the majority floor or lies on its bad side."""
    if cell.low is None or cell.high is None or cell.floor is None:
        return False
    return cell.low <= cell.floor if higher_is_better(cell.metric) else cell.high >= cell.floor


def letters(cells: Iterable[Cell]) -> dict[str, str]:
    """Return reason -> footnote letter, in order of appearance."""
    reasons = dict.fromkeys(cell.reason for cell in cells if cell.reason)
    return {reason: _letter(at) for at, reason in enumerate(reasons)}


def note_text(reason: str) -> str:
    """Return the footnote of a reason: in words, with its code when the words are not the code."""
    words = reason_text(reason)
    return words if words == reason else f"{words} ({reason})"


def _letter(at: int) -> str:
    rounds, place = divmod(at, 26)
    return string.ascii_lowercase[place] * (rounds + 1)
