"""Whether it matters whose labels a recipe learns from, and whose it is tested against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from harness.corpus import MAIN_VIEW
from harness.report_questions_recipes import names, of
from harness.report_tables import Bar, Question, Table, drawings
from harness.report_words import ABSENT, count, interval, metric_title, number, plural, signed
from harness.sheets import number as value_of

Line = Mapping[str, str]
Lines = Sequence[Line]
LEARNED, TESTED = "learned", "tested"  # as harness/cells_views.py calls the two changes
METHODS = {
    LEARNED: "trained on the labels that people gave one modality alone, minus the same recipe trained on the main "
    "label",
    TESTED: "the same predictions tested against the labels of one modality, minus tested against the main label",
}


def label_views(lines: Lines) -> Question | None:
    """Return the differences that label views make; None where no recipe learns or is tested on one."""
    answer, tables = [], []
    for space in names(lines, "space"):
        ours = of(lines, space=space)
        answer += [text for view in _views(ours) for text in _sentences(space, view, ours)]
        tables += [_table(space, change, found) for change in METHODS if (found := of(ours, change=change))]
    title = "Does it matter whose labels are learned, and whose are tested against?"
    return Question("label-views", "Label views", title, answer, tables) if tables else None


def _views(lines: Lines) -> list[str]:
    """Return the modalities whose labels are looked at."""
    every = [view for line in lines for view in (line["train_view"], line["test_view"])]
    return [view for view in dict.fromkeys(every) if view != MAIN_VIEW]


def _sentences(space: str, view: str, lines: Lines) -> list[str]:
    """Return what a view is worth: learned, against either label; and tested, of models of the main label."""
    metric = metric_title(lines[0]["metric"])
    said = []
    learned = of(lines, change=LEARNED, train_view=view)
    for test in names(learned, "test_view"):
        against = "the main label" if test == MAIN_VIEW else f"the {test} labels"
        said.append(
            f"{space}: learning the {view} labels instead of the main label changes {metric} against {against} by "
            f"{_means(of(learned, test_view=test))}."
        )
    tested = of(lines, change=TESTED, train_view=MAIN_VIEW, test_view=view)
    if tested:
        said.append(
            f"{space}: tested against the {view} labels instead of the main label, models of the main label change by "
            f"{_means(tested)}."
        )
    return said


def _means(lines: Lines) -> str:
    """Return what is known in-domain and across corpora."""
    home = [o for o in lines if o["source"] == o["target"]]
    away = [o for o in lines if o["source"] != o["target"]]
    parts = [f"{_mean(found)} {where}" for found, where in ((home, "in-domain"), (away, "across corpora")) if found]
    return " and by ".join(parts)


def _mean(lines: Lines) -> str:
    """Return "−.012 (mean of 6 cells, 2 of their intervals leave out 0)"."""
    sure = sum(not float(o["low"]) <= 0 <= float(o["high"]) for o in lines if o["low"])
    if len(lines) == 1:
        return f"{signed(float(lines[0]['difference']))} (one cell, its interval {'leaves out' if sure else 'holds'} 0)"
    mean = signed(fmean(float(o["difference"]) for o in lines))
    out = f"{sure or 'none'} of their intervals {'leaves' if sure < 2 else 'leave'} out 0"
    return f"{mean} (mean of {plural(len(lines), 'cell')}, {out})"


def _table(space: str, change: str, lines: Lines) -> Table:
    metric = metric_title(lines[0]["metric"])
    learned = change == LEARNED
    words = ["recipe", "against" if learned else "trained on", "source", "target", "tested on"]
    rows, drawn = [], []
    for o in lines:
        middle, low, high = (value_of(o, name) for name in ("difference", "low", "high"))
        second = o["twin"] if learned else o["train_view"]
        numbers = [number(float(o["value"])), number(float(o["other"])), signed(middle), interval(low, high) or ABSENT]
        rows.append([o["recipe"], second, o["source"], o["target"], o["test_view"], count(int(o["n"])), *numbers])
        drawn.append(_drawn(middle or 0.0, low, high))
    title = "Whose labels are learned" if learned else "Whose labels are tested against"
    method = (
        f"{METHODS[change]}; on the utterances that both sides have, intervals from dialogues resampled in pairs, not "
        "corrected for the number of cells"
    )
    return Table(
        f"label-views-{change}-{space}",
        f"{title}, {space}",
        method,
        [*words, "utterances", metric, "other", "difference", "interval"],
        rows,
        words=len(words),
        drawings=drawings(drawn),
        drawn="the difference and its interval",
    )


def _drawn(middle: float, low: float | None, high: float | None) -> list[Bar]:
    span: list[Bar] = [] if low is None or high is None else [("span", low, high)]
    return [*span, ("dot", middle, middle)]
