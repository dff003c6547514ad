"""Whether probabilities can be believed, what a shifted prior costs, and what estimates of transferability tell."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean
from typing import TYPE_CHECKING

from harness.report import figures as report_figures
from harness.report.formats import ABSENT, number, plural, signed
from harness.report.questions_recipes import DECIDED, p_text
from harness.report.result_lines import first, groups, halves, mean, nested, of, rows
from harness.report.tables import Question, Table

if TYPE_CHECKING:
    import pandas as pd

Point = tuple[float, float, float]
Means = list[tuple[str, str, list[float | None]]]  # space, recipe, what `_errors` returns


def calibration(lines: pd.DataFrame, bins: pd.DataFrame) -> Question:
    """Return calibration before and after temperature scaling."""
    tables, figures = [], []
    means: Means = []
    for space, recipe, recipe_lines in nested(lines, "space", "recipe"):
        means.append((space, recipe, _errors(recipe_lines)))
        tables.append(_calibration(space, recipe, recipe_lines))
        if len(of_recipe := of(bins, space=space, recipe=recipe)):
            figures.append(report_figures.reliability(f"Reliability, {space}, {recipe}", _curves(of_recipe)))
    parts = [part for at, where in ((0, "in-domain"), (2, "cross-corpus")) if (part := _error_text(means, at, where))]
    answer = [f"The mean calibration error (RMS-CE) is {'; '.join(parts)}."] if parts else []
    title = "Can its probabilities be believed?"
    overview = [_calibration_overview(means)] if means else []
    return Question("calibration", "Calibration", title, answer, [*overview, *tables], figures)


def _calibration(space: str, recipe: str, lines: pd.DataFrame) -> Table:
    table_rows = []
    for source, target, cell in groups(lines, "source", "target"):
        by_state = {line.state: line for line in rows(cell)}
        raw, tempered, oracle = (by_state[name] for name in ("raw", "tempered", "oracle"))
        pairs = [getattr(state, name) for name in ("rms_ce", "nll", "brier") for state in (raw, tempered)]
        table_rows.append([source, target, *map(number, [*pairs, oracle.rms_ce, raw.aurc, tempered.temperature])])
    return Table(
        f"calibration-{space}-{recipe}",
        f"Calibration, {space}, {recipe}",
        "raw, then with one temperature per model, fitted on source dev; oracle: fitted on the target's own truth, a "
        "bound; AURC: mean risk over coverages, 0 best; of all these lower is better; T: the mean temperature, over 1 "
        "where the model was too sure",
        [
            *("source", "target", "RMS-CE", "RMS-CE tempered", "NLL", "NLL tempered", "Brier", "Brier tempered"),
            *("RMS-CE oracle", "AURC", "T"),
        ],
        table_rows,
        words=2,
    )


def _errors(lines: pd.DataFrame) -> list[float | None]:
    """Return the mean RMS-CE in-domain, raw and tempered, and cross-corpus, raw and tempered.

    Raw is over the cells that have both, where some have: predictions made elsewhere have no dev to fit on.
    """
    means = []
    for half in halves(lines):
        by_state = half.pivot(index=["source", "target"], columns="state", values="rms_ce")
        by_state = by_state.reindex(columns=["raw", "tempered"])
        both = by_state.dropna(subset="tempered")
        means += [mean((both if len(both) else by_state)["raw"]), mean(both["tempered"])]
    return means


def _error_text(means: Means, at: int, where: str) -> str:
    """Return ".101 in-domain, and .052 after ...": means over spaces and recipes, of those that have both numbers."""
    raw = [values[at] for *_, values in means if values[at] is not None]
    both = [(values[at], values[at + 1]) for *_, values in means if values[at + 1] is not None]
    if both:
        before, after = (fmean(value or 0.0 for value in column) for column in zip(*both, strict=True))
        return f"{number(before)} {where}, and {number(after)} after a temperature from source dev"
    return f"{number(fmean(value or 0.0 for value in raw))} {where}" if raw else ""


def _calibration_overview(means: Means) -> Table:
    return Table(
        "calibration-overview",
        "Mean calibration error",
        "RMS-CE, raw and with a temperature fitted on source dev, over the cells that have both, where some have; "
        "lower is better",
        ["space", "recipe", "in-domain", "in-domain tempered", "cross-corpus", "cross-corpus tempered"],
        [[space, recipe, *map(number, values)] for space, recipe, values in means],
        words=2,
    )


def _curves(bins: pd.DataFrame) -> dict[str, list[Point]]:
    """Return the bins of all in-domain and of all cross-corpus cells, pooled by rows, raw and tempered."""
    curves = {}
    for state in ("raw", "tempered"):
        for where, half in zip(("in-domain", "cross-corpus"), halves(of(bins, state=state)), strict=True):
            points = [_pooled(bin_lines) for _, bin_lines in half.dropna(subset="accuracy").groupby("low")]
            if points:
                curves[f"{where}, {state}"] = points
    return curves


def _pooled(bins: pd.DataFrame) -> Point:
    """Return the mean confidence and accuracy of bins, weighted by rows, and all rows."""
    weights = [float(count) for count in bins["rows"]]
    return fmean(bins["confidence"], weights), fmean(bins["accuracy"], weights), sum(weights)


def prior(lines: pd.DataFrame) -> Question:
    """Return what prior correction would yield, diagnosed."""
    tables, counted = [], []
    for space, recipe, recipe_lines in nested(lines, "space", "recipe"):
        counted.append([space, recipe, *_counted(recipe_lines)])
        tables.append(_prior(space, recipe, recipe_lines))
    answer, overview = [], []
    if counted:
        cells, collapsed, raised = (sum(int(row[at]) for row in counted) for at in (2, 3, 4))
        answer = [f"EM collapses in {collapsed} of {plural(cells, 'cross-corpus cell')} and raises UAR in {raised}."]
        overview = [_prior_overview(counted)]
    title = "Would correcting for another class prior help?"
    return Question("prior", "Prior correction", title, answer, [*overview, *tables])


def _prior(space: str, recipe: str, lines: pd.DataFrame) -> Table:
    table_rows = []
    for source, target, cell in groups(lines, "source", "target"):
        by_method = {line.method: line for line in rows(cell)}
        em, bbse, oracle = (by_method[name] for name in ("em", "bbse_soft", "oracle"))
        row = [source, target, number(em.distance_source), number(em.distance), em.collapsed or ABSENT]
        row += [number(bbse.distance), bbse.collapsed or ABSENT, number(bbse.condition, 1)]
        row += map(number, [em.uar_before, em.uar, bbse.uar, oracle.uar, em.wf1_before, em.wf1, bbse.wf1, oracle.wf1])
        table_rows.append(row)
    header = ["source", "target", "prior distance", "EM", "EM collapsed", "BBSE", "BBSE collapsed", "condition"]
    return Table(
        f"prior-{space}-{recipe}",
        f"Prior correction, {space}, {recipe}",
        "total variation between the target's true class shares and the prior that the model stands for, then what EM "
        "(Saerens 2002) and BBSE (Lipton 2018, soft) estimate from unlabelled scores; condition: of the source-dev "
        "confusion matrix; collapsed: in how many replicates; oracle: re-weighted by the true shares; off in every "
        "other table",
        [*header, *(f"{metric}{how}" for metric in ("UAR", "WF1") for how in ("", " EM", " BBSE", " oracle"))],
        table_rows,
        words=2,
    )


def _counted(lines: pd.DataFrame) -> list[str]:
    """Return cells, then for EM and BBSE how many collapse and in how many UAR rises."""
    counts = [len(of(lines, method="em"))]
    for method in ("em", "bbse_soft"):
        method_lines = of(lines, method=method)
        collapsed = method_lines["collapsed"]
        counts.append(int(((collapsed != "") & ~collapsed.str.startswith("0 ")).sum()))
        counts.append(int((method_lines["uar"] > method_lines["uar_before"]).sum()))
    return list(map(str, counts))


def _prior_overview(table_rows: list[list[str]]) -> Table:
    return Table(
        "prior-overview",
        "How often prior correction collapses, and how often it helps",
        "collapsed in one replicate or more: of a class that the source has, next to nothing is left, or half of the "
        "prior's entropy is lost",
        ["space", "recipe", "cells", "EM collapsed", "EM raises UAR", "BBSE collapsed", "BBSE raises UAR"],
        table_rows,
        words=2,
    )


def foreseen(lines: pd.DataFrame) -> Question:
    """Return how estimates of transferability rank pairs against what happened."""
    answer: list[str] = []
    tables = []
    for space, recipe, recipe_lines in nested(of(lines, coefficient="spearman", outcome="value"), "space", "recipe"):
        answer += _foreseen(space, recipe, recipe_lines)
        table_rows = []
        for estimator, of_estimator in groups(recipe_lines, "estimator"):
            row = [estimator]
            for scope in ("overall", "within_target"):
                line = first(of(of_estimator, scope=scope))
                row += [signed(line.value), p_text(line.p_joint)] if line else [ABSENT, ABSENT]
            table_rows.append([*row, str(first(of_estimator).pairs)])
        tables.append(
            Table(
                f"foreseen-{space}-{recipe}",
                f"Estimates against what happened, {space}, {recipe}",
                "Spearman's correlation of an estimate, made without the test, with the cells' values, over all pairs "
                "and among the sources of each target; p: corpora renamed (Mantel); read docs/foresee.md before "
                "choosing a source by one",
                ["estimate", "all pairs", "p", "within target", "p within", "pairs"],
                table_rows,
            )
        )
    title = "Could it have been foreseen?"
    return Question("foreseen", "Foresight", title, answer, tables)


def _foreseen(space: str, recipe: str, lines: pd.DataFrame) -> Iterator[str]:
    """Yield which estimates rank the pairs of a recipe, by their uncorrected p."""
    ranked = of(lines, scope="overall").dropna(subset="value")
    if ranked.empty:
        return
    start = f"{space}, {recipe}: of {plural(len(ranked), 'estimate')} that can be compared over all pairs,"
    if ranked["p_joint"].isna().all():
        yield f"{start} none can be tested with so few corpora."
        return
    sure = [f"{line.estimator} ({signed(line.value)})" for line in rows(ranked[ranked["p_joint"] <= DECIDED])]
    has = "have" if len(sure) > 1 else "has"
    yield (
        f"{start} {', '.join(sure) or 'none'} {has} a p of at most {number(DECIDED)}, not corrected for their number."
    )
