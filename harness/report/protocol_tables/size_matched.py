"""The table of size-matched sources: whether a source is good because it is large."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from harness.report.formats import number, signed
from harness.report.grid import ordered
from harness.report.protocol_tables._cells import ProtocolCells
from harness.report.tables import Table


def tables(compared: ProtocolCells) -> Iterator[Table]:
    """Yield one table with a row per source: means over the targets that have both values."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    for cell in compared.cells:
        full = compared.single_source(cell)
        if not cell.is_in_domain and cell.value is not None and full is not None and full.value is not None:
            pairs.setdefault(cell.source, []).append((cell.value, full.value))
    rows = []
    for source, values in pairs.items():
        matched, whole = (fmean(column) for column in zip(*values, strict=True))
        rows.append([source, number(whole), number(matched), signed(matched - whole), str(len(values))])
    variants = ordered(cell.variant for cell in compared.cells if cell.value is not None)
    yield Table(
        "size",
        "Is a source good because it is large?",
        f"mean over its cross-corpus cells, trained on all of the source and on a part ({', '.join(variants)}) as "
        "large for every source",
        ["source", "all rows", "size-matched", "difference", "targets"],
        rows,
    )
