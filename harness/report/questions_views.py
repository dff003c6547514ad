"""Whether it matters whose labels a recipe learns from, and whose it is tested against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from harness.report.formats import ABSENT, count, interval, number, signed
from harness.report.result_lines import first, groups, halves, nested, of, rows
from harness.report.tables import Bar, Question, Table, drawings
from harness.study.labels import MAIN_VIEW
from harness.study.metric_facts import metric_title

if TYPE_CHECKING:
    import pandas as pd

LEARNED, TESTED = "learned", "tested"  # as evaluation/matrix/label_views.py calls the two changes
METHODS = {
    LEARNED: "both tested against the same labels, trained on the labels that people gave one modality alone, minus "
    "the same recipe trained on the main label",
    TESTED: "the same predictions tested against the labels that people gave one modality alone, minus tested against "
    "the main label",
}
PAIRED = (
    "on the utterances that both sides have, intervals from dialogues resampled in pairs, not corrected for the number "
    "of cells"
)


EQUAL = "; equal settings: range over the settings that source dev leaves open for both"


class Group(NamedTuple):
    """The lines of one space that ask the same: labels of `view` learned, or tested against by models of the main."""

    change: str
    view: str
    test: str
    space: str
    lines: pd.DataFrame


def label_views(lines: pd.DataFrame) -> Question:
    """Return the differences that label views make."""
    grouped = list(_grouped(lines))
    tables = [
        _table(space, change, view_groups)
        for space, of_space in groups(lines, "space")
        for change in METHODS
        if len(view_groups := of(of_space, change=change))
    ]
    overview = [_overview(grouped)] if grouped else []
    title = "Does it matter whose labels are learned, and whose are tested against?"
    return Question("label-views", "Label views", title, list(_sentences(grouped)), [*overview, *tables])


def _grouped(lines: pd.DataFrame) -> Iterator[Group]:
    learned, tested = of(lines, change=LEARNED), of(lines, change=TESTED, train_view=MAIN_VIEW)
    view_groups = [Group(LEARNED, *values) for values in nested(learned, "train_view", "test_view", "space")]
    view_groups += [
        Group(TESTED, view, view, space, part) for view, space, part in nested(tested, "test_view", "space")
    ]
    yield from sorted(view_groups, key=lambda group: group.view)


def _sentences(grouped: Sequence[Group]) -> Iterator[str]:
    """Yield one sentence per modality: what its labels are worth, learned and tested against."""
    for view in dict.fromkeys(group.view for group in grouped):
        parts = "; ".join(_parts([group for group in grouped if group.view == view], view))
        yield f"{view} labels, means by space: {parts}."


def _parts(grouped: Sequence[Group], view: str) -> Iterator[str]:
    def spaces(change: str, test: str) -> list[pd.DataFrame]:
        return [group.lines for group in grouped if (group.change, group.test) == (change, test)]

    learned = [
        f"against {words} by {_ranges(view_groups)}"
        for test, words in ((MAIN_VIEW, "the main label"), (view, "these labels"))
        if (view_groups := spaces(LEARNED, test))
    ]
    if learned:
        yield f"learned instead of the main label, they change the value {', and '.join(learned)}"
    if tested := spaces(TESTED, view):
        yield f"tested against them instead of the main label, models of the main label change by {_ranges(tested)}"


def _ranges(spaces: Sequence[pd.DataFrame]) -> str:
    """Return "−.074 to +.002 in-domain and −.148 across corpora (2 of 6 intervals leave out 0)"."""
    parts = []
    for where, of_spaces in zip(("in-domain", "across corpora"), zip(*map(halves, spaces), strict=True), strict=True):
        means = [fmean(half["difference"]) for half in of_spaces if len(half)]
        if means:
            least, most = signed(min(means)), signed(max(means))
            parts.append(f"{least if least == most else f'{least} to {most}'} {where}")
    sure, known = (sum(counts) for counts in zip(*map(_sure, spaces), strict=True))
    return f"{' and '.join(parts)} ({sure} of {known} intervals leave out 0)"


def _sure(lines: pd.DataFrame) -> tuple[int, int]:
    """Return how many intervals leave out 0, and how many there are; few dialogues have none."""
    known = lines.dropna(subset="low")
    return int(((known["low"] > 0) | (known["high"] < 0)).sum()), len(known)


def _overview(grouped: Sequence[Group]) -> Table:
    table_rows, drawn = [], []
    for change, view, test, space, lines in grouped:
        row = [view, change, test, space, metric_title(first(lines).metric)]
        bars: list[Bar] = []
        for at, half in enumerate(halves(lines), 1):
            if len(half):
                sure, known = _sure(half)
                row += [signed(fmean(half["difference"])), f"{sure} of {known}"]
                bars.append((f"bar-{at}", 0.0, fmean(half["difference"])))
            else:
                row += [ABSENT, ABSENT]
        table_rows.append(row)
        drawn.append(bars)
    return Table(
        "label-views-overview",
        "What the labels of one modality change, on average",
        f"learned: {METHODS[LEARNED]}; tested: {METHODS[TESTED]}, of models that learned the main label; means over "
        f"cells, and how many of their intervals leave out 0, {PAIRED}",
        [
            *("labels of", "change", "tested against", "space", "metric"),
            *("in-domain", "in-domain intervals", "cross-corpus", "cross-corpus intervals"),
        ],
        table_rows,
        words=5,
        drawings=drawings(drawn),
        drawn="above in-domain, below it cross-corpus",
    )


def _table(space: str, change: str, lines: pd.DataFrame) -> Table:
    metric = metric_title(first(lines).metric)
    learned = change == LEARNED
    words = ["recipe", "twin" if learned else "trained on", "source", "target", "tested against"]
    table_rows, drawn = [], []
    for o in rows(lines):
        floors = [number(o.floor)] if learned else [number(o.floor), number(o.other_floor)]
        ends = [(o.low, o.high), (o.low_total, o.high_total), *([(o.equal_low, o.equal_high)] if learned else [])]
        spans = [interval(*of) or ABSENT for of in ends]
        where = [o.recipe, o.twin if learned else o.train_view, o.source, o.target, o.test_view, count(o.n)]
        table_rows.append(
            [*where, number(o.value), number(o.other), signed(o.difference), *spans, *floors, number(o.ceiling)]
        )
        span: list[Bar] = [] if o.low is None or o.high is None else [("span", o.low, o.high)]
        drawn.append([*span, ("dot", o.difference, o.difference)])
    title = "Whose labels are learned" if learned else "Whose labels are tested against"
    floors = ["floor"] if learned else ["floor", "floor main"]
    intervals = ["interval", "with training", *(["equal settings"] if learned else [])]
    return Table(
        f"label-views-{change}-{space}",
        f"{title}, {space}",
        f"{METHODS[change]} ({metric} main); {PAIRED}; with training: test and train dialogues resampled"
        f"{EQUAL if learned else ''}; floor: always the most frequent class, or the best constant; "
        "ceiling: people with this modality alone, against the main label",
        [*words, "utterances", metric, f"{metric} main", "difference", *intervals, *floors, "ceiling"],
        table_rows,
        words=len(words),
        drawings=drawings(drawn),
        drawn="the difference and its interval",
    )
