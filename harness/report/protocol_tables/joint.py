"""The table of sources taken together, with and without the target's train split, against the best single source."""

from __future__ import annotations

from collections.abc import Iterator

from harness.report.formats import ABSENT, number
from harness.report.grid import ordered
from harness.report.protocol_tables._cells import ProtocolCells, difference, interval_of, value
from harness.report.tables import Table


def tables(compared: ProtocolCells) -> Iterator[Table]:
    """Yield one table with a row per target."""
    others, pooled = (
        {cell.target: cell for cell in compared.protocols.get(name, [])} for name in ("leave_one_corpus_out", "pooled")
    )
    rows = []
    for target in ordered([*others, *pooled]):
        in_domain = compared.matrix.get((target, target))
        singles = compared.sources_of(target)
        best = max(singles, key=lambda cell: compared.sign * (cell.value or 0), default=None)
        rows.append(
            [
                target,
                value(in_domain),
                f"{number(best.value)} ({best.source})" if best else ABSENT,
                value(others.get(target)),
                interval_of(others.get(target)),
                difference(others.get(target), best),
                value(pooled.get(target)),
                difference(pooled.get(target), in_domain),
            ]
        )
    yield Table(
        "joint",
        "Do several sources together carry over better than the best one?",
        "all others: leave-one-corpus-out, selected on their dev splits; pooled: the target's train split among them; "
        "the best single source is picked with the target's test rows and so flatters itself",
        [
            *("target", "in-domain", "best single source", "all others", "interval", "− best single", "pooled"),
            "− in-domain",
        ],
        rows,
    )
