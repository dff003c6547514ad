"""Where gaps come from, and on which utterances a recipe fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from harness.core.csv_tables import number as value_of
from harness.report.formats import ABSENT, interval, number, plural, signed
from harness.report.questions_recipes import Lines, names, of
from harness.report.tables import Bar, Question, Table, drawings
from harness.study.metric_facts import metric_title

Line = Mapping[str, str]


def fields(lines: Lines) -> Iterator[tuple[str, str, list[Line]]]:
    """Yield space, recipe and their lines."""
    for space in names(lines, "space"):
        for recipe in names(of(lines, space=space), "recipe"):
            yield space, recipe, of(lines, space=space, recipe=recipe)


def printed(line: Line, column: str) -> str:
    """Return a cell as a number of the report."""
    return number(value_of(line, column))


def mean(lines: Sequence[Line], column: str) -> float | None:
    """Return the mean of a column over the lines that have a value."""
    known = [value for line in lines if (value := value_of(line, column)) is not None]
    return fmean(known) if known else None


def gaps(lines: Lines) -> Question | None:
    """Return the gap of every cell as a sum of three terms."""
    tables, means = [], []
    for space, recipe, found in fields(lines):
        for metric in names(found, "metric"):
            rows, parts, notes = [], [], []
            for source, target in dict.fromkeys((o["source"], o["target"]) for o in found):
                terms = {o["term"]: o for o in of(found, metric=metric, source=source, target=target)}
                gap = terms["gap"]
                if not gap["value"]:
                    notes.append(f"{source} → {target}: {gap['reason']}")
                    continue
                values = [float(terms[name]["value"]) for name in ("gap", "prior", "coverage", "feature")]
                spread = interval(value_of(gap, "low"), value_of(gap, "high")) or ABSENT
                rows.append([source, target, signed(values[0]), spread, *map(signed, values[1:])])
                parts.append(values)
            if rows:
                means.append((space, recipe, metric, [fmean(column) for column in zip(*parts, strict=True)]))
                tables.append(_gap(space, recipe, metric, rows, [_bars(values) for values in parts], notes))
    said = [one for one in means if one[2] == "uar"]
    answer = []
    for recipe in dict.fromkeys(recipe for _, recipe, *_ in said):
        of_recipe = [values for _, name, _, values in said if name == recipe]
        spaces = ", ".join(space for space, name, *_ in said if name == recipe)
        total, *causes = (fmean(column) for column in zip(*of_recipe, strict=True))
        answer.append(
            f"{recipe}: the mean UAR gap of {signed(total)} ({spaces}) is {signed(causes[0])} prior shift, "
            f"{signed(causes[1])} label coverage and {signed(causes[2])} features."
        )
    title = "How much of a gap is prior shift, label coverage, and features?"
    overview = [_gap_overview(means)] if means else []
    return Question("gap-parts", "Parts of a gap", title, answer, [*overview, *tables])


def _bars(values: Sequence[float]) -> list[Bar]:
    return [(f"bar-{at}", 0.0, value) for at, value in enumerate(values[1:], 1)]


def _gap_overview(means: Sequence[tuple[str, str, str, list[float]]]) -> Table:
    return Table(
        "gap-overview",
        "Mean parts of the gap",
        "means over cross-corpus cells; each recipe's cells are in the tables below; a recipe that weighs classes "
        "alike has learned no priors, so that its prior term is 0 by construction",
        ["space", "recipe", "metric", "gap", "prior", "coverage", "feature"],
        [[space, recipe, metric_title(metric), *map(signed, values)] for space, recipe, metric, values in means],
        words=3,
        drawings=drawings([_bars(values) for *_, values in means]),
        drawn="from above: prior, coverage, feature",
    )


def _gap(
    space: str, recipe: str, metric: str, rows: list[list[str]], drawn: list[list[Bar]], notes: Sequence[str]
) -> Table:
    return Table(
        f"gap-{space}-{recipe}-{metric}",
        f"Parts of the gap, {space}, {recipe}, {metric_title(metric)}",
        "cross-corpus minus in-domain on the same utterances as a sum of three Shapley terms (docs/decomposition.md); "
        "a recipe that weighs classes alike stands for equal priors, so that its prior term is 0 by construction",
        ["source", "target", "gap", "interval", "prior", "coverage", "feature"],
        rows,
        words=2,
        notes=notes,
        drawings=drawings(drawn),
        drawn="from above: prior, coverage, feature",
    )


def strata(lines: Lines, fair: Sequence[Table]) -> Question | None:
    """Return values by kind of test row, in-domain and cross-corpus."""
    tables = []
    for space, recipe, found in fields(lines):
        rows = []
        drawn: list[list[Bar]] = []
        for target, kind, name in dict.fromkeys((o["target"], o["kind"], o["stratum"]) for o in found):
            ours = of(found, target=target, kind=kind, stratum=name)
            home = next((o for o in ours if o["source"] == target), None)
            shown = home or ours[0]
            spread = interval(value_of(home, "low"), value_of(home, "high")) if home else ""
            away = mean([o for o in ours if o["source"] != target], "value")
            where = [target, kind, name.replace("_", " "), shown["rows"], shown["dialogues"]]
            rows.append([*where, printed(home, "value") if home else ABSENT, spread or ABSENT, number(away)])
            drawn.append(_interval(home))
        tables.append(_strata(space, recipe, found[0]["metric"], rows, drawn))
    agreed = _agreement(lines)
    answer = []
    for space in dict.fromkeys(space for space, *_ in agreed):
        pairs = [pair for name, *_, pair in agreed if name == space]
        alike, apart = (fmean(pair[at] for pair in pairs) for at in (0, 1))
        metric = metric_title(of(lines, space=space)[0]["metric"])
        answer.append(
            f"{space}: in-domain {metric} is {number(alike)} where people gave all modalities one label and "
            f"{number(apart)} where they did not ({_over(len(pairs), 'in-domain cell')})."
        )
    overview = [_agreement_overview(agreed)] if agreed else []
    return Question("strata", "Strata", "On which utterances does it fail?", answer, [*overview, *tables, *fair])


def _over(count: int, what: str) -> str:
    return f"one {what}" if count == 1 else f"mean of {plural(count, what)}"


def _interval(line: Line | None) -> list[Bar]:
    value = value_of(line, "value") if line else None
    if line is None or value is None:
        return []
    low, high = value_of(line, "low"), value_of(line, "high")
    span: list[Bar] = [] if low is None or high is None else [("span", low, high)]
    return [*span, ("dot", value, value)]


Agreed = list[tuple[str, str, str, tuple[float, float]]]


def _agreement(lines: Lines) -> Agreed:
    """Return space, recipe, target, and the in-domain values where all modalities were labelled alike or not."""
    found = []
    for space, recipe, ours in fields(of(lines, kind="all agree")):
        for target in names(ours, "target"):
            home = {o["stratum"]: value_of(o, "value") for o in of(ours, target=target, source=target)}
            alike, apart = home.get("all_agree"), home.get("some_disagree")
            if alike is not None and apart is not None:
                found.append((space, recipe, target, (alike, apart)))
    return found


def _agreement_overview(found: Agreed) -> Table:
    return Table(
        "agreement-overview",
        "Where modalities were labelled alike, and where not",
        "in-domain, by the classes that occur in each half",
        ["space", "recipe", "target", "all alike", "some not", "difference"],
        [[*words, number(pair[0]), number(pair[1]), signed(pair[1] - pair[0])] for *words, pair in found],
        words=3,
        drawings=drawings([[("span", pair[1], pair[0])] for *_, pair in found]),
        drawn="from where some were not alike to where all were",
    )


def _strata(space: str, recipe: str, metric: str, rows: list[list[str]], drawn: list[list[Bar]]) -> Table:
    return Table(
        f"strata-{space}-{recipe}",
        f"By kind of utterance, {space}, {recipe}",
        f"{metric_title(metric)} by the classes that occur in a stratum; cross-corpus: mean over sources; agreement: "
        "of the labels that people gave to single modalities with each other and with the main one",
        ["target", "kind", "stratum", "utterances", "dialogues", "in-domain", "interval", "cross-corpus"],
        rows,
        words=3,
        drawings=drawings(drawn),
        drawn="the in-domain value and its interval",
    )


def fairness(lines: Lines) -> list[Table]:
    """Return ser-tests' checks, counted."""
    found = []
    for space, recipe, ours in fields(lines):
        rows = []
        for target, kind in dict.fromkeys((o["target"], o["kind"]) for o in ours):
            checks = of(ours, target=target, kind=kind)
            for where, some in (
                ("in-domain", [o for o in checks if o["source"] == target]),
                ("cross-corpus", [o for o in checks if o["source"] != target]),
            ):
                known = [o for o in some if o["passed"]]
                if not known:
                    continue
                worst = max(known, key=lambda o: abs(float(o["value"])) / float(o["threshold"]))
                passed = sum(o["passed"] == "yes" for o in known)
                rows.append(
                    [
                        *(target, kind, where, str(passed), str(len(known) - passed), str(len(some) - len(known))),
                        *(f"{worst['check']} {worst['group']}", signed(float(worst["value"])), worst["threshold"][:5]),
                    ]
                )
        if rows:
            found.append(
                Table(
                    f"fairness-{space}-{recipe}",
                    f"Checks of audEERING's ser-tests, {space}, {recipe}",
                    "a sex against both together, shares of predicted against true classes of speakers; thresholds are "
                    "for 1,000 utterances a group, with fewer chance alone can fail",
                    ["target", "check of", "where", "passed", "failed", "undefined", "worst", "value", "threshold"],
                    rows,
                    words=3,
                )
            )
    return found


def spoken(lines: Lines) -> list[Table]:
    """Return ser-tests' check of language of each source's models, the worst beside the same of the truth."""
    found = []
    for space, recipe, ours in fields(lines):
        rows = []
        for source in names(ours, "source"):
            known = [o for o in of(ours, source=source, of="predicted") if o["passed"]]
            if not known:
                continue
            worst = max(known, key=lambda o: abs(float(o["value"])))
            (true,) = of(ours, source=source, of="truth", check=worst["check"], language=worst["language"])
            passed = sum(o["passed"] == "yes" for o in known)
            counts = [str(passed), str(len(known) - passed)]
            values = [signed(float(one["value"])) for one in (worst, true)]
            rows.append([source, *counts, f"{worst['check']} {worst['language']}", *values, worst["threshold"][:5]])
        if rows:
            found.append(
                Table(
                    f"spoken-{space}-{recipe}",
                    f"ser-tests' check of language, {space}, {recipe}",
                    "share of each predicted class in a language minus its mean over languages, over all labelled test "
                    "utterances of the targets that a source is tested on; corpora differ in what is felt in them, so "
                    "that a model that is right may fail: read the worst with the same of the truth",
                    ["source", "passed", "failed", "worst", "value", "true", "threshold"],
                    rows,
                )
            )
    return found
