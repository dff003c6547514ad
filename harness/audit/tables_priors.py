"""Tables about class priors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.audit.formats import fixed, score, share
from harness.audit.tables import Facts, Named, Section, Table
from harness.report.formats import count
from harness.study.corpus import MAIN_VIEW

OF_OTHER_VIEWS = ("all", "test")  # the rest stands in audit.json


def priors(facts: Facts) -> Section:
    """Return the section on class priors, one table a space."""
    named = Named(facts)
    tables = []
    for space in dict.fromkeys(space for one in named.present.values() for space in one["priors"]):
        rows, bars = [], []
        for name, one in named.present.items():
            for view, parts in one["priors"].get(space, {}).items():
                for part, found in parts.items():
                    if found["rows"] and (view == MAIN_VIEW or part in OF_OTHER_VIEWS):
                        rows.append([named.titles[name], view, part, *_prior_row(found)])
                        bars.append([(label, n / found["rows"]) for label, n in found["counts"].items()])
        classes = [label for label, _ in bars[0]]
        heads = ["corpus", "view", "part", "labels", *classes, "majority", "entropy", "ratio"]
        tables.append(Table(f"{space}: share of each class", heads, rows, frozenset((0, 1, 2)), bars))
    return Section(
        "priors",
        "Class priors",
        "Shares of labelled utterances. Entropy is divided by its largest value: 1 is balanced. Ratio: largest class "
        "over smallest that occurs.",
        tables,
        "No corpus here answers a space of classes.",
    )


def _prior_row(found: Facts) -> list[str]:
    shares = [share(n / found["rows"]) for n in found["counts"].values()]
    ratio = f"{fixed(found['ratio'])}{' *' if found['absent'] else ''}"
    return [count(found["rows"]), *shares, share(found["majority_share"]), score(found["entropy"]), ratio]


def distance(facts: Facts) -> Section:
    """Return the section on distances between the priors of two corpora, one matrix a space."""
    names = Named(facts).titles
    tables = [
        _matrix(f"{space}, {'test rows' if part == 'test' else 'all rows'}", pairs, names)
        for part in ("test", "all")
        for space, pairs in facts["prior_distance"][part].items()
    ]
    return Section(
        "distance",
        "Distance of class priors",
        "Above the diagonal total variation (the share of rows that would have to change class), below it the "
        "Jensen-Shannon distance to base 2 (scipy). Test rows are those a transfer is scored on: all rows of a corpus "
        "with folds.",
        tables,
        "Fewer than two corpora share a space of classes.",
    )


def _matrix(caption: str, pairs: Sequence[Facts], names: Mapping[str, str]) -> Table:
    order = list(dict.fromkeys(name for pair in pairs for name in (pair["a"], pair["b"])))
    cells: dict[tuple[str, str], Any] = {}
    for pair in pairs:
        cells[pair["a"], pair["b"]] = pair["total_variation"]
        cells[pair["b"], pair["a"]] = pair["jensen_shannon"]
    rows = [[names[a], *(score(cells.get((a, b))) for b in order)] for a in order]
    return Table(caption, ["corpus", *(names[name] for name in order)], rows)
