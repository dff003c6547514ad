"""The table of missing modalities: what is left without each, by what is filled in."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from harness.report.formats import number, signed
from harness.report.grid import ordered
from harness.report.protocol_tables._cells import ProtocolCells
from harness.report.tables import Table


def tables(compared: ProtocolCells) -> Iterator[Table]:
    """Yield one table: a row per condition, two columns per fill; means over cross-corpus cells that have both."""
    cells = [cell for cell in compared.cells if cell.value is not None]
    variants = [cell.variant.partition(":")[::2] for cell in cells]
    fills, conditions = (ordered(names) for names in zip(*variants, strict=True)) if variants else ([], [])
    pairs: dict[str, list[tuple[float, float]]] = {}
    for cell in cells:
        full = compared.single_source(cell)
        if not cell.is_in_domain and cell.value is not None and full is not None and full.value is not None:
            pairs.setdefault(cell.variant, []).append((cell.value, full.value))
    rows = []
    for condition in conditions:
        row = [condition]
        for fill in fills:
            values = pairs.get(f"{fill}:{condition}", [])
            row.append(number(fmean(left for left, _ in values) if values else None))
            row.append(signed(fmean(left - full for left, full in values) if values else None))
        rows.append(row)
    yield Table(
        "missing",
        "What is left without a modality?",
        "mean over cross-corpus cells; t, a, v: text, audio, video that are left; rate: share dropped at random; mask: "
        "the model is told; zero and mean stand in the place of what is gone, untold; retrain: one that never had it",
        ["what is left", *(title for fill in fills for title in (fill, "− all"))],
        rows,
    )
