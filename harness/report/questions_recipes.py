"""Which recipe carries over best, and whether more carries over within a language than across languages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.report.formats import ABSENT, interval, number, plural, signed
from harness.report.result_lines import first, groups, of, rows
from harness.report.tables import Mark, Question, Table, drawings
from harness.study.metric_facts import higher_is_better, metric_title

if TYPE_CHECKING:
    import pandas as pd

DECIDED = 0.05
INTERVALS = ("interval", "with training", "equal settings")


def p_text(p: float | None) -> str:
    """Return a p, "< .001" where it is smaller."""
    return "< .001" if p is not None and p < 0.001 else number(p)


def least_text(p: float | None) -> str:
    """Return the smallest p that a test could give, with more places where it needs them."""
    return number(p, 5 if p is not None and p < 0.001 else 3)


def recipes(compared: pd.DataFrame, ranks: pd.DataFrame, tests: pd.DataFrame, baseline: str) -> Question:
    """Return the comparison of recipes."""
    answer, tables = [], []
    for space, of_space in groups(compared, "space"):
        every = of(of_space, scope="all")
        against = of(every, second=baseline).dropna(subset="p") if len(every) else every
        metric = metric_title(every["metric"].iloc[0]) if len(every) else ""
        if len(against):
            answer.append(f"{space}: against the baseline {baseline}, {_sides(against)}.")
            tables.append(_against(space, metric, against, baseline))
        if len(ranked := of(ranks, space=space)):
            tables.append(_ranks(space, metric, ranked, first(of(tests, space=space, test="friedman"))))
        if len(every) > len(against):
            tables.append(_pairs(space, metric, every))
    title = "Which recipe carries over best, and how sure is that?"
    return Question("recipes-compared", "Recipes compared", title, answer, tables)


def _sides(against: pd.DataFrame) -> str:
    """Return which recipes are better, which worse, and whether any are left."""
    sign = 1 if higher_is_better(against["metric"].iloc[0]) else -1
    decided = against[against["p_holm"] <= DECIDED]
    better, worse = (list(decided["first"][side * sign * decided["difference"] > 0]) for side in (1, -1))
    text = f"{_some(better, len(against))} better, {_some(worse, len(against))} worse"
    left = len(against) - len(better) - len(worse)
    if not left:
        return text
    return f"{text}; of {'the others' if left < len(against) else 'all'} the study cannot tell"


def _some(names: Sequence[str], of_all: int) -> str:
    """Return "none is", "b, c are" or "8 of 13 recipes are"."""
    if not names:
        return "none is"
    if len(names) > 3:
        return f"{len(names)} of {of_all} recipes are"
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"


def _against(space: str, metric: str, lines: pd.DataFrame, baseline: str) -> Table:
    return Table(
        f"against-{space}",
        f"Recipes against the baseline {baseline}, {space}",
        f"mean {metric} over targets of the mean over the cross-corpus cells, on the sources and utterances that a "
        "recipe and the baseline both have; interval: dialogues resampled in pairs; with training: test and train "
        "dialogues resampled; equal settings: range over the settings that source dev leaves open for both; "
        "detectable: found with a probability of 80 %; p: predictions of whole dialogues exchanged, corrected by Holm "
        "over the recipes",
        ["recipe", "targets", "cells", "− baseline", *INTERVALS, "detectable", "p", "p (Holm)"],
        [
            [
                o.first,
                str(o.targets),
                str(o.cells),
                *_difference(o),
                number(o.detectable),
                p_text(o.p),
                p_text(o.p_holm),
            ]
            for o in rows(lines)
        ],
        drawings=_drawn(lines),
        drawn="the difference and its interval",
    )


def _pairs(space: str, metric: str, lines: pd.DataFrame) -> Table:
    return Table(
        f"pairs-{space}",
        f"Every two recipes, {space}",
        f"mean {metric} of the first minus that of the second, as above; intervals of single pairs, not corrected for "
        "their number",
        ["first", "second", "difference", *INTERVALS],
        [[o.first, o.second, *_difference(o)] for o in rows(lines)],
        words=2,
        drawings=_drawn(lines),
        drawn="the difference and its interval",
    )


def _difference(line: Any) -> list[str]:
    spans = ((line.low, line.high), (line.low_total, line.high_total), (line.equal_low, line.equal_high))
    return [signed(line.difference), *(interval(*span) or ABSENT for span in spans)]


def _drawn(lines: pd.DataFrame) -> list[list[Mark]]:
    middle = lines["difference"]
    spans = zip(lines["low"].fillna(middle), middle, lines["high"].fillna(middle), strict=True)
    return drawings([[("span", low, high), ("dot", dot, dot)] for low, dot, high in spans])


def _ranks(space: str, metric: str, lines: pd.DataFrame, friedman: Any) -> Table:
    best = first(lines)
    p = ""
    if friedman:
        p = f"; Friedman p = {p_text(friedman.p)} (no less than {least_text(friedman.smallest_p)} is possible)"
    return Table(
        f"ranks-{space}",
        f"Ranks over targets, {space}",
        f"{metric}, ranked within each of {best.targets} targets (cells of one target are not independent) by the mean "
        f"over the sources that all recipes have, each cell on what its recipe predicted; 1 is best{p}",
        ["recipe", "mean rank"],
        [[o.recipe, number(o.rank, 2)] for o in rows(lines)],
    )


def languages(lines: pd.DataFrame, directed: Iterable[Table]) -> Question:
    """Return the contrast within against across languages, and the asymmetry of directions."""
    answer, tables = [], []
    for space, of_space in groups(lines, "space"):
        table_rows, notes, known = [], [], []
        for recipe, of_recipe in groups(of_space, "recipe"):
            ratio, value = (first(of(of_recipe, of=kind)) for kind in ("ratio", "value"))
            if value is None or value.difference is None:
                notes += [value.reason] if value else []
                continue
            shown = ratio if ratio and ratio.difference is not None else None
            table_rows.append([recipe, *_contrast(shown), *_contrast(value)])
            known.append(shown or value)
        if table_rows:
            answer.append(_within_text(space, known))
            tables.append(_within(space, table_rows, notes))
        else:
            answer += [f"{space}: it cannot be told: {note}." for note in sorted(set(notes))]
    title = "Does more carry over within a language than across languages?"
    return Question("languages", "Languages", title, answer, [*tables, *directed])


def _within_text(space: str, known: Sequence[Any]) -> str:
    better = sum(_within_is_better(line) for line in known)
    least = min(known, key=lambda line: float(line.p))
    return (
        f"{space}: {better} of {plural(len(known), 'recipe')} {'carries' if len(known) == 1 else 'carry'} over better "
        f"within a language than across languages; the smallest p is {p_text(least.p)}, where "
        f"{plural(least.assignments, 'way')} to group the corpora {'allows' if least.assignments == 1 else 'allow'} no "
        f"less than {least_text(least.smallest_p)}."
    )


def _within_is_better(line: Any) -> bool:
    grows = line.of == "ratio" or higher_is_better(line.metric)
    return bool(line.difference > 0 if grows else line.difference < 0)


def _contrast(line: Any) -> list[str]:
    if line is None:
        return [ABSENT] * 4
    return [
        f"{number(line.within)} ({line.within_cells})",
        f"{number(line.across)} ({line.across_cells})",
        signed(line.difference),
        p_text(line.p),
    ]


def _within(space: str, table_rows: Sequence[Sequence[str]], notes: Sequence[str]) -> Table:
    columns = ("within", "across", "difference", "p")
    return Table(
        f"languages-{space}",
        f"Within and across languages, {space}",
        "means over cross-corpus cells, and in brackets of how many; ratio: share of the in-domain gain over the floor "
        "that carries over, which takes floor and difficulty of a target out and is missing where there is no "
        "in-domain gain; p (one-sided): languages given to corpora in every other way, because cells share corpora and "
        "are not independent",
        ["recipe", *(f"ratio {name}" for name in columns), *(f"value {name}" for name in columns)],
        table_rows,
        notes=sorted(set(notes)),
    )


def directions(lines: pd.DataFrame, names: Collection[str]) -> Iterator[Table]:
    """Yield the asymmetry of every two corpora, of some recipes."""
    for space, of_space in groups(lines, "space"):
        known = of_space[of_space["recipe"].isin(list(names))].dropna(subset="value")
        if len(known):
            yield Table(
                f"directions-{space}",
                f"There and back, {space}",
                "ratio of first → second minus that of second → first, with its interval over test dialogues of both",
                ["recipe", "first", "second", "difference", "interval"],
                [
                    [o.recipe, o.first, o.second, signed(o.value), interval(o.low, o.high) or ABSENT]
                    for o in rows(known)
                ],
                words=3,
                drawings=_drawn(known.assign(difference=known["value"])),
                drawn="the difference and its interval",
            )
