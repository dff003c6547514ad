"""The table of a protocol that has none of its own: each variant against the matrix, for every pair of corpora."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.errors import NameUnknownError
from harness.core.plugins import find
from harness.report.grid import ordered
from harness.report.protocol_tables._cells import ProtocolCells, difference, interval_of, value
from harness.report.tables import Table


def tables(compared: ProtocolCells) -> Iterator[Table]:
    """Yield one table: a row per source and target, three columns per variant.

    The protocol's file may name the table by `QUESTION`; the first line of its docstring says how it was made.
    """
    cells = {(c.source, c.target, c.variant): c for c in compared.cells if c.value is not None}
    variants = ordered(variant for *_, variant in cells)
    pairs = list(dict.fromkeys((source, target) for source, target, _ in cells))
    known = any(pair in compared.matrix for pair in pairs)
    rows = []
    for pair in pairs:
        single = compared.matrix.get(pair)
        row = [*pair, value(single)] if known else [*pair]
        for variant in variants:
            cell = cells.get((*pair, variant))
            row += [value(cell), interval_of(cell), *([difference(cell, single)] if known else [])]
        rows.append(row)
    header = ["source", "target", *(["single source"] if known else [])]
    for variant in variants:
        header += [variant or compared.row, "interval", *(["− single source"] if known else [])]
    (file,) = compared.protocols
    question, method = _words(file)
    yield Table(file, question, method, header, rows, words=2)


def _words(file: str) -> tuple[str, str]:
    """Return the question that a protocol answers, and how; cells.csv may hold a protocol whose file is gone."""
    question = f"{file.replace('_', ' ').capitalize()}, beside the matrix"
    try:
        protocol = find("protocol", file)
    except NameUnknownError:
        return question, f"harness/protocols/{file}.py is gone"
    lines = (protocol.__doc__ or "its file does not say how").strip().splitlines()
    return getattr(protocol, "QUESTION", question), lines[0].rstrip(".")
