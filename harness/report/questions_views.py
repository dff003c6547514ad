"""Whether it matters whose labels a recipe learns from, and whose it is tested against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from harness.core.csv_tables import number as value_of
from harness.report.formats import ABSENT, count, interval, metric_title, number, signed
from harness.report.questions_recipes import names, of
from harness.report.tables import Bar, Question, Table, drawings
from harness.study.corpus import MAIN_VIEW

Line = Mapping[str, str]
Lines = Sequence[Line]
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


def label_views(lines: Lines) -> Question | None:
    """Return the differences that label views make; None where no recipe learns or is tested on one."""
    if not lines:
        return None
    groups = list(_groups(lines))
    tables = [
        _table(space, change, found)
        for space in names(lines, "space")
        for change in METHODS
        if (found := of(lines, space=space, change=change))
    ]
    overview = [_overview(groups)] if groups else []
    title = "Does it matter whose labels are learned, and whose are tested against?"
    return Question("label-views", "Label views", title, _sentences(groups), [*overview, *tables])


Group = tuple[str, str, str, str, Lines]  # change, modality, what is tested against, space, lines


def _groups(lines: Lines) -> Iterator[Group]:
    """Yield the lines that ask the same: a modality's labels learned, or tested against by models of the main label."""
    asked = [
        *((LEARNED, line["train_view"], line["test_view"]) for line in of(lines, change=LEARNED)),
        *((TESTED, line["test_view"], line["test_view"]) for line in of(lines, change=TESTED, train_view=MAIN_VIEW)),
    ]
    for change, view, test in sorted(dict.fromkeys(asked), key=lambda one: (one[1], asked.index(one))):
        trained = view if change == LEARNED else MAIN_VIEW
        ours = of(lines, change=change, train_view=trained, test_view=test)
        for space in names(ours, "space"):
            yield change, view, test, space, of(ours, space=space)


def _sentences(groups: Sequence[Group]) -> list[str]:
    """Return one sentence a modality: what its labels are worth, learned and tested against."""
    return [f"{view} labels, means by space: {'; '.join(_parts(view, groups))}." for view in _views(groups)]


def _views(groups: Sequence[Group]) -> list[str]:
    return list(dict.fromkeys(view for _, view, *_ in groups))


def _parts(view: str, groups: Sequence[Group]) -> Iterator[str]:
    learned = [
        f"against {words} by {_ranges(spaces)}"
        for test, words in ((MAIN_VIEW, "the main label"), (view, "these labels"))
        if (spaces := [lines for *asked, _, lines in groups if asked == [LEARNED, view, test]])
    ]
    if learned:
        yield f"learned instead of the main label, they change the value {', and '.join(learned)}"
    if tested := [lines for *asked, _, lines in groups if asked == [TESTED, view, view]]:
        yield f"tested against them instead of the main label, models of the main label change by {_ranges(tested)}"


def _ranges(spaces: Sequence[Lines]) -> str:
    """Return "−.074 to +.002 in-domain and −.148 across corpora (2 of 6 intervals leave out 0)"."""
    halves = zip(*(_halves(lines) for lines in spaces), strict=True)
    said = [
        f"{_range([_mean(half) for half in found if half])} {where}"
        for found, where in zip(halves, ("in-domain", "across corpora"), strict=True)
        if any(found)
    ]
    sure = _sure([line for lines in spaces for line in lines])
    return f"{' and '.join(said)} ({sure} intervals leave out 0)"


def _range(means: Sequence[float]) -> str:
    least, most = signed(min(means)), signed(max(means))
    return least if least == most else f"{least} to {most}"


def _halves(lines: Lines) -> tuple[Lines, Lines]:
    """Return the in-domain and the cross-corpus lines."""
    return [o for o in lines if o["source"] == o["target"]], [o for o in lines if o["source"] != o["target"]]


def _mean(lines: Lines) -> float:
    return fmean(float(o["difference"]) for o in lines)


def _sure(lines: Lines) -> str:
    """Return "2 of 6": how many intervals leave out 0, of those that there are; few dialogues have none."""
    known = [o for o in lines if o["low"]]
    return f"{sum(not float(o['low']) <= 0 <= float(o['high']) for o in known)} of {len(known)}"


def _overview(groups: Sequence[Group]) -> Table:
    rows, drawn = [], []
    for change, view, test, space, lines in groups:
        halves = _halves(lines)
        numbers = [
            text for half in halves for text in ((signed(_mean(half)), _sure(half)) if half else (ABSENT, ABSENT))
        ]
        rows.append([view, change, test, space, metric_title(lines[0]["metric"]), *numbers])
        drawn.append([(f"bar-{at}", 0.0, _mean(half)) for at, half in enumerate(halves, 1) if half])
    return Table(
        "label-views-overview",
        "What the labels of one modality change, on average",
        f"learned: {METHODS[LEARNED]}; tested: {METHODS[TESTED]}, of models that learned the main label; means over "
        f"cells, and how many of their intervals leave out 0, {PAIRED}",
        [
            *("labels of", "change", "tested against", "space", "metric"),
            *("in-domain", "in-domain intervals", "cross-corpus", "cross-corpus intervals"),
        ],
        rows,
        words=5,
        drawings=drawings(drawn),
        drawn="above in-domain, below it cross-corpus",
    )


def _table(space: str, change: str, lines: Lines) -> Table:
    metric = metric_title(lines[0]["metric"])
    learned = change == LEARNED
    words = ["recipe", "twin" if learned else "trained on", "source", "target", "tested against"]
    rows, drawn = [], []
    for o in lines:
        middle, low, high = (value_of(o, name) for name in ("difference", "low", "high"))
        second = o["twin"] if learned else o["train_view"]
        floors = [number(value_of(o, "floor")), *([] if learned else [number(value_of(o, "other_floor"))])]
        numbers = [number(float(o["value"])), number(float(o["other"])), signed(middle), interval(low, high) or ABSENT]
        where = [o["recipe"], second, o["source"], o["target"], o["test_view"], count(int(o["n"]))]
        rows.append([*where, *numbers, *floors, number(value_of(o, "ceiling"))])
        drawn.append(_drawn(float(o["difference"]), low, high))
    title = "Whose labels are learned" if learned else "Whose labels are tested against"
    floors = ["floor"] if learned else ["floor", "floor main"]
    return Table(
        f"label-views-{change}-{space}",
        f"{title}, {space}",
        f"{METHODS[change]} ({metric} main); {PAIRED}; floor: always the most frequent class, or the best constant; "
        "ceiling: people with this modality alone, against the main label",
        [*words, "utterances", metric, f"{metric} main", "difference", "interval", *floors, "ceiling"],
        rows,
        words=len(words),
        drawings=drawings(drawn),
        drawn="the difference and its interval",
    )


def _drawn(middle: float, low: float | None, high: float | None) -> list[Bar]:
    span: list[Bar] = [] if low is None or high is None else [("span", low, high)]
    return [*span, ("dot", middle, middle)]
