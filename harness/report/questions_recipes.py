"""Which recipe carries over best, and whether more carries over within a language than across languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.core.csv_tables import number as value_of
from harness.report import figures as report_figures
from harness.report.formats import ABSENT, interval, number, plural, signed
from harness.report.tables import Bar, Mark, Question, Table, drawings
from harness.study.metric_facts import higher_is_better, metric_title

Lines = Sequence[Mapping[str, str]]
DECIDED = 0.05


def of(lines: Lines, **wanted: str) -> list[Mapping[str, str]]:
    """Return the lines whose columns have these values."""
    return [line for line in lines if all(line[name] == value for name, value in wanted.items())]


def names(lines: Lines, column: str) -> list[str]:
    """Return the different values of a column, in order of appearance."""
    return list(dict.fromkeys(line[column] for line in lines))


def p_text(line: Mapping[str, str], column: str) -> str:
    """Return a p, "< .001" where it is smaller."""
    p = value_of(line, column)
    return ABSENT if p is None else "< .001" if p < 0.001 else number(p)


def least_text(line: Mapping[str, str]) -> str:
    """Return the smallest p that a test could give, with more places where it needs them."""
    p = value_of(line, "smallest_p")
    return number(p) if p is None or p >= 0.001 else number(p, 5)


def recipes(compared: Lines, ranks: Lines, tests: Lines, baseline: str) -> Question | None:
    """Return the comparison of recipes."""
    answer, tables, figures = [], [], []
    for space in names(compared, "space"):
        every = of(compared, space=space, scope="all")
        against = [line for line in every if line["second"] == baseline and line["p"]]
        metric = metric_title(every[0]["metric"]) if every else ""
        if against:
            answer.append(f"{space}: against the baseline {baseline}, {_sides(against)}.")
            tables.append(_against(space, metric, against, baseline))
        if ranked := of(ranks, space=space):
            figures.append(report_figures.ranks(space, metric, ranked))
            tables.append(_ranks(space, metric, ranked, of(tests, space=space, test="friedman")))
        if len(every) > len(against):
            tables.append(_pairs(space, metric, every))
    title = "Which recipe carries over best, and how sure is that?"
    return Question("recipes-compared", "Recipes compared", title, answer, tables, figures)


def _sides(against: Lines) -> str:
    """Return which recipes are better, which worse, and whether any are left."""
    sign = 1 if higher_is_better(against[0]["metric"]) else -1
    better = [o["first"] for o in against if _decided(o) and sign * float(o["difference"]) > 0]
    worse = [o["first"] for o in against if _decided(o) and sign * float(o["difference"]) < 0]
    said = f"{_some(better, len(against))} better, {_some(worse, len(against))} worse"
    left = len(against) - len(better) - len(worse)
    if not left:
        return said
    return f"{said}; of {'the others' if left < len(against) else 'all'} the study cannot tell"


def _some(found: Sequence[str], of_all: int) -> str:
    """Return "none is", "b, c are" or "8 of 13 recipes are"."""
    if not found:
        return "none is"
    if len(found) > 3:
        return f"{len(found)} of {of_all} recipes are"
    return f"{', '.join(found)} {'is' if len(found) == 1 else 'are'}"


def _decided(line: Mapping[str, str]) -> bool:
    p = value_of(line, "p_holm")
    return p is not None and p <= DECIDED


def _against(space: str, metric: str, lines: Lines, baseline: str) -> Table:
    return Table(
        f"against-{space}",
        f"Recipes against the baseline {baseline}, {space}",
        f"mean {metric} over targets of the mean over the cross-corpus cells that all recipes have, on the utterances "
        "that all predicted; interval: dialogues resampled in pairs; p: predictions of whole dialogues exchanged, "
        "corrected by Holm over the recipes",
        ["recipe", "cells", "− baseline", "interval", "p", "p (Holm)"],
        [[o["first"], o["cells"], *_difference(o), p_text(o, "p"), p_text(o, "p_holm")] for o in lines],
        drawings=_drawn(lines),
        drawn="the difference and its interval",
    )


def _pairs(space: str, metric: str, lines: Lines) -> Table:
    return Table(
        f"pairs-{space}",
        f"Every two recipes, {space}",
        f"mean {metric} of the first minus that of the second, as above; intervals of single pairs, not corrected for "
        "their number",
        ["first", "second", "difference", "interval"],
        [[o["first"], o["second"], *_difference(o)] for o in lines],
        words=2,
        drawings=_drawn(lines),
        drawn="the difference and its interval",
    )


def _difference(line: Mapping[str, str]) -> list[str]:
    low, high = value_of(line, "low"), value_of(line, "high")
    return [signed(float(line["difference"])), interval(low, high) or ABSENT]


def _drawn(lines: Lines) -> list[list[Mark]]:
    rows: list[list[Bar]] = []
    for o in lines:
        middle = float(o["difference"])
        low, high = float(o["low"] or middle), float(o["high"] or middle)
        rows.append([("span", low, high), ("dot", middle, middle)])
    return drawings(rows)


def _ranks(space: str, metric: str, lines: Lines, friedman: Lines) -> Table:
    test = friedman[0] if friedman else {}
    targets = lines[0]["targets"]
    p = f"Friedman p = {p_text(test, 'p')} (no less than {least_text(test)} is possible); " if test else ""
    apart = value_of(lines[0], "critical_difference")
    return Table(
        f"ranks-{space}",
        f"Ranks over targets, {space}",
        f"{metric}, ranked within each of {targets} targets (cells of one target are not independent) by the mean over "
        f"the sources that all recipes have, each cell on what its recipe predicted; 1 is best; {p}Nemenyi's "
        f"critical difference {number(apart, 2)}: recipes in one group cannot be told apart by it",
        ["recipe", "mean rank", "groups"],
        [[o["recipe"], number(float(o["rank"]), 2), o["cliques"] or ABSENT] for o in lines],
    )


def languages(lines: Lines, directed: Sequence[Table]) -> Question | None:
    """Return the contrast within against across languages, and the asymmetry of directions."""
    answer, tables = [], []
    for space in names(lines, "space"):
        rows, notes, known = [], [], []
        for recipe in names(of(lines, space=space), "recipe"):
            ratio, value = (of(lines, space=space, recipe=recipe, of=kind) for kind in ("ratio", "value"))
            if not value or not value[0]["difference"]:
                notes += [value[0]["reason"]] if value else []
                continue
            shown = ratio[0] if ratio and ratio[0]["difference"] else None
            rows.append([recipe, *_contrast(shown), *_contrast(value[0])])
            known.append(shown or value[0])
        if not rows:
            answer += [f"{space}: it cannot be told: {note}." for note in sorted(set(notes))]
            continue
        better = sum(_within_is_better(one) for one in known)
        least = min(known, key=lambda one: float(one["p"]))
        carry = f"{plural(len(known), 'recipe')} {'carries' if len(known) == 1 else 'carry'}"
        answer.append(
            f"{space}: {better} of {carry} over better within a language than across languages; the smallest p is "
            f"{p_text(least, 'p')}, where {plural(int(least['assignments']), 'way')} to group the corpora "
            f"{'allows' if least['assignments'] == '1' else 'allow'} no less than {least_text(least)}."
        )
        tables.append(_within(space, rows, notes))
    title = "Does more carry over within a language than across languages?"
    return Question("languages", "Languages", title, answer, [*tables, *directed])


def _within_is_better(line: Mapping[str, str]) -> bool:
    grows = line["of"] == "ratio" or higher_is_better(line["metric"])
    return float(line["difference"]) * (1 if grows else -1) > 0


def _contrast(line: Mapping[str, str] | None) -> list[str]:
    if line is None:
        return [ABSENT] * 4
    within, across = (number(float(line[name])) for name in ("within", "across"))
    return [within, across, signed(float(line["difference"])), p_text(line, "p")]


def _within(space: str, rows: Sequence[Sequence[str]], notes: Sequence[str]) -> Table:
    columns = ("within", "across", "difference", "p")
    return Table(
        f"languages-{space}",
        f"Within and across languages, {space}",
        "means over cross-corpus cells; ratio: share of the in-domain gain over the floor that carries over, which "
        "takes floor and difficulty of a target out; p (one-sided): languages given to corpora in every other way, "
        "because cells share corpora and are not independent",
        ["recipe", *(f"ratio {one}" for one in columns), *(f"value {one}" for one in columns)],
        rows,
        notes=sorted(set(notes)),
    )


def directions(lines: Lines, recipes: Sequence[str]) -> list[Table]:
    """Return the asymmetry of every two corpora, of some recipes."""
    found = []
    for space in names(lines, "space"):
        known = [o for o in of(lines, space=space) if o["recipe"] in recipes and o["value"]]
        if known:
            found.append(
                Table(
                    f"directions-{space}",
                    f"There and back, {space}",
                    "ratio of first → second minus that of second → first",
                    ["recipe", "first", "second", "difference"],
                    [[o["recipe"], o["first"], o["second"], signed(float(o["value"]))] for o in known],
                    words=3,
                    drawings=drawings([[("span", 0.0, float(o["value"]))] for o in known]),
                    drawn="the difference",
                )
            )
    return found
