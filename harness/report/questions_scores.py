"""Whether probabilities can be believed, what a shifted prior costs, and what could be foreseen."""

from __future__ import annotations

from statistics import fmean

from harness.core.csv_tables import number as value_of
from harness.report import figures as report_figures
from harness.report.formats import ABSENT, number, plural, signed
from harness.report.questions_recipes import DECIDED, Lines, names, of, p_text
from harness.report.questions_rows import fields, mean, printed
from harness.report.tables import Question, Table

Point = tuple[float, float, float]
Means = list[tuple[str, str, list[float | None]]]  # space, recipe, what `_eces` returns


def calibration(lines: Lines, bins: Lines) -> Question | None:
    """Return calibration before and after temperature scaling."""
    tables, figures = [], []
    means: Means = []
    for space, recipe, found in fields(lines):
        rows = []
        for source, target in dict.fromkeys((o["source"], o["target"]) for o in found):
            states = {o["state"]: o for o in of(found, source=source, target=target)}
            raw, after, bound = (states[name] for name in ("raw", "tempered", "oracle"))
            pairs = [printed(one, name) for name in ("ece", "nll", "brier") for one in (raw, after)]
            rows.append(
                [source, target, *pairs, printed(bound, "ece"), printed(raw, "aurc"), printed(after, "temperature")]
            )
        means.append((space, recipe, _eces(found)))
        tables.append(
            Table(
                f"calibration-{space}-{recipe}",
                f"Calibration, {space}, {recipe}",
                "raw, then with one temperature a model, fitted on source dev; oracle: fitted on the target's own "
                "truth, a bound; AURC: mean risk over coverages, 0 best; of all these lower is better; T: the mean "
                "temperature, over 1 where the model was too sure",
                [
                    *("source", "target", "ECE", "ECE tempered", "NLL", "NLL tempered", "Brier", "Brier tempered"),
                    *("ECE oracle", "AURC", "T"),
                ],
                rows,
                words=2,
            )
        )
        if ours := of(bins, space=space, recipe=recipe):
            figures.append(report_figures.reliability(f"Reliability, {space}, {recipe}", _curves(ours)))
    parts = [part for at, where in ((0, "in-domain"), (2, "cross-corpus")) if (part := _ece_text(means, at, where))]
    answer = [f"The mean ECE is {'; '.join(parts)}."] if parts else []
    title = "Can its probabilities be believed?"
    overview = [_calibration_overview(means)] if means else []
    return Question("calibration", "Calibration", title, answer, [*overview, *tables], figures)


def _eces(lines: Lines) -> list[float | None]:
    """Return the mean ECE in-domain, raw and tempered, and cross-corpus, raw and tempered.

    Raw is over the cells that have both, where some have: predictions made elsewhere have no dev to fit on.
    """
    found = []
    for home in (True, False):
        raw, after = (
            {(o["source"], o["target"]): o for o in of(lines, state=state) if (o["source"] == o["target"]) == home}
            for state in ("raw", "tempered")
        )
        both = [key for key, line in after.items() if line["ece"]]
        found += [mean([raw[key] for key in both or raw], "ece"), mean([after[key] for key in both], "ece")]
    return found


def _ece_text(means: Means, at: int, where: str) -> str:
    """Return ".101 in-domain, and .052 after ...": means over spaces and recipes, of those that have both numbers."""
    raw = [values[at] for *_, values in means if values[at] is not None]
    both = [(values[at], values[at + 1]) for *_, values in means if values[at + 1] is not None]
    if both:
        first, second = (fmean(value or 0.0 for value in column) for column in zip(*both, strict=True))
        return f"{number(first)} {where}, and {number(second)} after a temperature from source dev"
    return f"{number(fmean(value or 0.0 for value in raw))} {where}" if raw else ""


def _calibration_overview(means: Means) -> Table:
    return Table(
        "calibration-overview",
        "Mean calibration error",
        "ECE, raw and with a temperature fitted on source dev, over the cells that have both, where some have; "
        "lower is better",
        ["space", "recipe", "in-domain", "in-domain tempered", "cross-corpus", "cross-corpus tempered"],
        [[space, recipe, *map(number, values)] for space, recipe, values in means],
        words=2,
    )


def _curves(bins: Lines) -> dict[str, list[Point]]:
    """Return the bins of all in-domain and of all cross-corpus cells, pooled by rows, raw and tempered."""
    curves: dict[str, list[Point]] = {}
    for state in ("raw", "tempered"):
        for where in ("in-domain", "cross-corpus"):
            found: dict[str, list[Point]] = {}
            for o in of(bins, state=state):
                if (o["source"] == o["target"]) == (where == "in-domain") and o["accuracy"]:
                    numbers = float(o["confidence"]), float(o["accuracy"]), float(o["rows"])
                    found.setdefault(o["low"], []).append(numbers)
            points = [_pooled(found[low]) for low in sorted(found, key=float)]
            if points:
                curves[f"{where}, {state}"] = points
    return curves


def _pooled(points: list[Point]) -> Point:
    """Return the mean confidence and accuracy of bins, weighted by rows, and all rows."""
    rows = sum(n for *_, n in points)
    confidence, accuracy = (sum(one[at] * one[2] for one in points) / rows for at in (0, 1))
    return confidence, accuracy, rows


def prior(lines: Lines) -> Question | None:
    """Return what prior correction would yield, diagnosed."""
    tables, counted = [], []
    for space, recipe, found in fields(lines):
        rows = []
        for source, target in dict.fromkeys((o["source"], o["target"]) for o in found):
            methods = {o["method"]: o for o in of(found, source=source, target=target)}
            em, bbse, oracle = (methods[name] for name in ("em", "bbse_soft", "oracle"))
            row = [source, target, printed(em, "distance_source"), printed(em, "distance"), em["collapsed"] or ABSENT]
            row += [
                printed(bbse, "distance"),
                bbse["collapsed"] or ABSENT,
                number(value_of(bbse, "condition"), 1),
            ]
            for metric in ("uar", "wf1"):
                row += [printed(em, f"{metric}_before"), *(printed(one, metric) for one in (em, bbse, oracle))]
            rows.append(row)
        counted.append([space, recipe, *_counted(found)])
        header = ["source", "target", "prior distance", "EM", "EM collapsed", "BBSE", "BBSE collapsed", "condition"]
        header += [f"{metric}{how}" for metric in ("UAR", "WF1") for how in ("", " EM", " BBSE", " oracle")]
        tables.append(
            Table(
                f"prior-{space}-{recipe}",
                f"Prior correction, {space}, {recipe}",
                "total variation between the target's true class shares and the prior that the model stands for, then "
                "what EM (Saerens 2002) and BBSE (Lipton 2018, soft) estimate from unlabelled scores; condition: of "
                "the source-dev confusion matrix; collapsed: in how many replicates; oracle: re-weighted by the true "
                "shares; off in every other table",
                header,
                rows,
                words=2,
            )
        )
    answer, overview = [], []
    if counted:
        cells, fell, gained = (sum(int(row[at]) for row in counted) for at in (2, 3, 4))
        answer = [f"EM collapses in {fell} of {plural(cells, 'cross-corpus cell')} and raises UAR in {gained}."]
        overview = [_prior_overview(counted)]
    title = "Would correcting for another class prior help?"
    return Question("prior", "Prior correction", title, answer, [*overview, *tables])


def _counted(lines: Lines) -> list[str]:
    """Return cells, then for EM and BBSE how many collapse and in how many UAR rises."""
    found = [str(len(of(lines, method="em")))]
    for method in ("em", "bbse_soft"):
        ours = of(lines, method=method)
        found.append(str(sum(bool(o["collapsed"]) and not o["collapsed"].startswith("0 ") for o in ours)))
        found.append(str(sum(float(o["uar"]) > float(o["uar_before"]) for o in ours if o["uar"])))
    return found


def _prior_overview(rows: list[list[str]]) -> Table:
    return Table(
        "prior-overview",
        "How often prior correction collapses, and how often it helps",
        "collapsed in one replicate or more: of a class that the source has, next to nothing is left, or half of the "
        "prior's entropy is lost",
        ["space", "recipe", "cells", "EM collapsed", "EM raises UAR", "BBSE collapsed", "BBSE raises UAR"],
        rows,
        words=2,
    )


def foreseen(lines: Lines) -> Question | None:
    """Return how estimates of transferability rank pairs against what happened."""
    answer, tables = [], []
    for space, recipe, found in fields(lines):
        answer += _foreseen(space, recipe, found)
        rows = []
        for estimator in names(found, "estimator"):
            ours = of(found, estimator=estimator, coefficient="spearman", outcome="value")
            scopes = {o["scope"]: o for o in ours}
            row = [estimator]
            for scope in ("overall", "within_target"):
                line = scopes.get(scope)
                row += [signed(value_of(line, "value")), p_text(line, "p_joint")] if line else [ABSENT, ABSENT]
            rows.append([*row, ours[0]["pairs"] if ours else ABSENT])
        tables.append(
            Table(
                f"foreseen-{space}-{recipe}",
                f"Estimates against what happened, {space}, {recipe}",
                "Spearman's correlation of an estimate, made without the test, with the cells' values, over all pairs "
                "and among the sources of each target; p: corpora renamed (Mantel); read docs/foresee.md before "
                "choosing a source by one",
                ["estimate", "all pairs", "p", "within target", "p within", "pairs"],
                rows,
            )
        )
    title = "Could it have been foreseen?"
    return Question("foreseen", "Foresight", title, answer, tables)


def _foreseen(space: str, recipe: str, lines: Lines) -> list[str]:
    """Return which estimates rank the pairs of a recipe, by their uncorrected p."""
    ranked = [o for o in of(lines, coefficient="spearman", outcome="value", scope="overall") if o["value"]]
    if not ranked:
        return []
    start = f"{space}, {recipe}: of {plural(len(ranked), 'estimate')} that can be compared over all pairs,"
    tested = [o for o in ranked if o["p_joint"]]
    if not tested:
        return [f"{start} none can be tested with so few corpora."]
    sure = [f"{o['estimator']} ({signed(float(o['value']))})" for o in tested if float(o["p_joint"]) <= DECIDED]
    has = "have" if len(sure) > 1 else "has"
    found = f"{', '.join(sure) or 'none'} {has} a p of at most {number(DECIDED)}"
    return [f"{start} {found}, not corrected for their number."]
