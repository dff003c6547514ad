"""Where gaps come from, and on which utterances a recipe fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from harness.report.formats import ABSENT, interval, number, plural, reason_text, signed
from harness.report.result_lines import first, groups, halves, mean, nested, of, rows
from harness.report.tables import Bar, Question, Table, drawings
from harness.study.metric_facts import metric_title

if TYPE_CHECKING:
    import pandas as pd

TERMS = ("gap", "prior", "coverage", "feature")
Means = list[tuple[str, str, str, list[float]]]  # space, recipe, metric, mean of each term


def gaps(lines: pd.DataFrame) -> Question:
    """Return the gap of every cell as a sum of three terms, of the scores as they are."""
    lines = of(lines, scores="raw")
    tables, means = [], []
    for space, recipe, metric, of_metric in nested(lines, "space", "recipe", "metric"):
        table_rows, terms, notes = [], [], []
        for source, target, cell in groups(of_metric, "source", "target"):
            by_term = {line.term: line for line in rows(cell)}
            gap = by_term["gap"]
            if gap.value is None:
                notes.append(f"{source} → {target}: {reason_text(gap.reason)}")
                continue
            terms.append([by_term[name].value for name in TERMS])
            total, *parts = map(signed, terms[-1])
            table_rows.append([source, target, total, interval(gap.low, gap.high) or ABSENT, *parts])
        if terms:
            means.append((space, recipe, metric, _means(terms)))
            tables.append(_gap(space, recipe, metric, table_rows, [_bars(values) for values in terms], notes))
    overview = [_gap_overview(means)] if means else []
    title = "How much of a gap is prior shift, label coverage, and features?"
    return Question("gap-parts", "Parts of a gap", title, list(_gap_sentences(means)), [*overview, *tables])


def _means(values: Sequence[Sequence[float]]) -> list[float]:
    return [fmean(column) for column in zip(*values, strict=True)]


def _gap_sentences(means: Means) -> Iterator[str]:
    """Yield one sentence per recipe: its mean parts of the UAR gap over spaces."""
    by_recipe: dict[str, dict[str, list[float]]] = {}
    for space, recipe, metric, values in means:
        if metric == "uar":
            by_recipe.setdefault(recipe, {})[space] = values
    for recipe, by_space in by_recipe.items():
        total, *causes = map(signed, _means(list(by_space.values())))
        yield (
            f"{recipe}: the mean UAR gap of {total} ({', '.join(by_space)}) is {causes[0]} prior shift, "
            f"{causes[1]} label coverage and {causes[2]} features."
        )


def _bars(terms: Sequence[float]) -> list[Bar]:
    return [(f"bar-{at}", 0.0, value) for at, value in enumerate(terms[1:], 1)]


def _gap_overview(means: Means) -> Table:
    return Table(
        "gap-overview",
        "Mean parts of the gap",
        "means over cross-corpus cells; each recipe's cells are in the tables below; a recipe that weighs classes "
        "alike has learned no priors, so that its prior term is 0 by construction",
        ["space", "recipe", "metric", *TERMS],
        [[space, recipe, metric_title(metric), *map(signed, values)] for space, recipe, metric, values in means],
        words=3,
        drawings=drawings([_bars(values) for *_, values in means]),
        drawn="from above: prior, coverage, feature",
    )


def _gap(
    space: str, recipe: str, metric: str, table_rows: list[list[str]], drawn: list[list[Bar]], notes: Sequence[str]
) -> Table:
    return Table(
        f"gap-{space}-{recipe}-{metric}",
        f"Parts of the gap, {space}, {recipe}, {metric_title(metric)}",
        "cross-corpus minus in-domain on the same utterances as a sum of three Shapley terms (docs/decomposition.md); "
        "a recipe that weighs classes alike stands for equal priors, so that its prior term is 0 by construction",
        ["source", "target", "gap", "interval", "prior", "coverage", "feature"],
        table_rows,
        words=2,
        notes=notes,
        drawings=drawings(drawn),
        drawn="from above: prior, coverage, feature",
    )


def strata(lines: pd.DataFrame, fair: Sequence[Table]) -> Question:
    """Return values by kind of test row, in-domain and cross-corpus."""
    tables = [_strata(space, recipe, recipe_lines) for space, recipe, recipe_lines in nested(lines, "space", "recipe")]
    agreed = list(_agreement(lines))
    answer = []
    for space in dict.fromkeys(space for space, *_ in agreed):
        pairs = [pair for name, *_, pair in agreed if name == space]
        alike, apart = _means(pairs)
        metric = metric_title(first(of(lines, space=space)).metric)
        cells = "one in-domain cell" if len(pairs) == 1 else f"mean of {plural(len(pairs), 'in-domain cell')}"
        answer.append(
            f"{space}: in-domain {metric} is {number(alike)} where people gave all modalities one label and "
            f"{number(apart)} where they did not ({cells})."
        )
    overview = [_agreement_overview(agreed)] if agreed else []
    return Question("strata", "Strata", "On which utterances does it fail?", answer, [*overview, *tables, *fair])


def _strata(space: str, recipe: str, lines: pd.DataFrame) -> Table:
    table_rows, drawn = [], []
    for target, kind, name, stratum in groups(lines, "target", "kind", "stratum"):
        in_domain, cross = halves(stratum)
        home, counted = first(in_domain), first(in_domain if len(in_domain) else stratum)
        where = [target, kind, name.replace("_", " "), str(counted.rows), str(counted.dialogues)]
        values = [number(home.value), interval(home.low, home.high) or ABSENT] if home else [ABSENT, ABSENT]
        table_rows.append([*where, *values, number(mean(cross["value"]))])
        drawn.append(_interval(home))
    return Table(
        f"strata-{space}-{recipe}",
        f"By kind of utterance, {space}, {recipe}",
        f"{metric_title(first(lines).metric)} by the classes that occur in a stratum; cross-corpus: mean over sources; "
        "agreement: of the labels that people gave to single modalities with each other and with the main one",
        ["target", "kind", "stratum", "utterances", "dialogues", "in-domain", "interval", "cross-corpus"],
        table_rows,
        words=3,
        drawings=drawings(drawn),
        drawn="the in-domain value and its interval",
    )


def _interval(line: Any) -> list[Bar]:
    if line is None or line.value is None:
        return []
    span: list[Bar] = [] if line.low is None or line.high is None else [("span", line.low, line.high)]
    return [*span, ("dot", line.value, line.value)]


Agreed = tuple[str, str, str, tuple[float, float]]


def _agreement(lines: pd.DataFrame) -> Iterator[Agreed]:
    """Yield space, recipe, target, and the in-domain values where all modalities were labelled alike or not."""
    for space, recipe, target, target_lines in nested(of(lines, kind="all agree"), "space", "recipe", "target"):
        values = {line.stratum: line.value for line in rows(halves(target_lines)[0])}
        alike, apart = values.get("all_agree"), values.get("some_disagree")
        if alike is not None and apart is not None:
            yield space, recipe, target, (alike, apart)


def _agreement_overview(agreed: Sequence[Agreed]) -> Table:
    return Table(
        "agreement-overview",
        "Where modalities were labelled alike, and where not",
        "in-domain, by the classes that occur in each half",
        ["space", "recipe", "target", "all alike", "some not", "difference"],
        [[*words, number(alike), number(apart), signed(apart - alike)] for *words, (alike, apart) in agreed],
        words=3,
        drawings=drawings([[("span", apart, alike)] for *_, (alike, apart) in agreed]),
        drawn="from where some were not alike to where all were",
    )


def fairness(lines: pd.DataFrame) -> Iterator[Table]:
    """Yield ser-tests' checks, counted."""
    for space, recipe, of_recipe in nested(lines, "space", "recipe"):
        table_rows = []
        for target, kind, checks in groups(of_recipe, "target", "kind"):
            for where, some in zip(("in-domain", "cross-corpus"), halves(checks), strict=True):
                known = some[some["passed"] != ""]
                if len(known):
                    worst = known.iloc[int((known["value"].abs() / known["threshold"]).argmax())]
                    undefined = str(len(some) - len(known))
                    table_rows.append([target, kind, where, *_passed(known), undefined, *_worst(worst, "group")])
        if table_rows:
            yield Table(
                f"fairness-{space}-{recipe}",
                f"Checks of audEERING's ser-tests, {space}, {recipe}",
                "a sex against both together, shares of predicted against true classes of speakers; thresholds are "
                "for 1,000 utterances per group, with fewer chance alone can fail",
                ["target", "check of", "where", "passed", "failed", "undefined", "worst", "value", "threshold"],
                table_rows,
                words=3,
            )


def _passed(checks: pd.DataFrame) -> list[str]:
    """Return how many checks passed, and how many failed."""
    passed = int((checks["passed"] == "yes").sum())
    return [str(passed), str(len(checks) - passed)]


def _worst(check: pd.Series[Any], of_what: str) -> list[str]:
    return [f"{check['check']} {check[of_what]}", signed(check["value"]), f"{check['threshold']:.3f}"]


def spoken(lines: pd.DataFrame) -> Iterator[Table]:
    """Yield ser-tests' check of language of each source's models, the worst beside the same of the truth."""
    for space, recipe, of_recipe in nested(lines, "space", "recipe"):
        table_rows = []
        for source, of_source in groups(of_recipe, "source"):
            known = of(of_source, of="predicted")
            known = known[known["passed"] != ""]
            if len(known):
                worst = known.iloc[int(known["value"].abs().argmax())]
                name, value, threshold = _worst(worst, "language")
                (true,) = of(of_source, of="truth", check=worst["check"], language=worst["language"])["value"]
                table_rows.append([source, *_passed(known), name, value, signed(true), threshold])
        if table_rows:
            yield Table(
                f"spoken-{space}-{recipe}",
                f"ser-tests' check of language, {space}, {recipe}",
                "share of each predicted class in a language minus its mean over languages, over all labelled test "
                "utterances of the targets that a source is tested on; corpora differ in what is felt in them, so "
                "that a model that is right may fail: read the worst with the same of the truth",
                ["source", "passed", "failed", "worst", "value", "true", "threshold"],
                table_rows,
            )
