"""Tables for a paper: plain ones, and the matrices of one space and metric; the document needs the package booktabs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.report.formats import FORMS, interval, number, reason_text
from harness.report.grid import Block, Grid, ordered
from harness.report.marks import AT_FLOOR, DEGENERATE, FEW, MARKS, RARE, SEEN, SPEAKERS, TIED
from harness.report.tables import Table

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
    "−": "$-$",
    "→": r"$\rightarrow$",
}
_MARKS = {
    DEGENERATE: r"\dagger",
    FEW: r"\ddagger",
    AT_FLOOR: r"\circ",
    TIED: r"\approx",
    RARE: r"\S",
    SPEAKERS: r"\star",
    SEEN: r"\diamond",
}


def escape(text: str) -> str:
    """Return text with every character that LaTeX would act upon made harmless."""
    return "".join(SPECIAL.get(character, character) for character in text)


def plain(table: Table, watermark: str = "") -> str:
    """Return a table of text as a `table` environment; `watermark` ends the caption."""
    columns = "".join("l" if table.is_text(at) else "r" for at in range(len(table.header)))
    between = "" if table.question.endswith("?") else ":"
    caption = escape(f"{table.question}{between} {table.method}.")
    header, *rows = [" & ".join(map(escape, cells)) for cells in (table.header, *table.rows)]
    return _environment(caption, watermark, table.anchor, columns, header, [rows], [])


def matrix(block: Block, watermark: str = "") -> str:
    """Return a `table` environment: sources in rows, targets in columns, one group of rows per recipe.

    What is said of the targets stands once, below all recipes that agree on it; `watermark` ends the caption.
    """
    targets = ordered(target for grid in block.grids for target in grid.targets)
    agree = all(grid.foot == block.grids[0].foot for grid in block.grids)
    groups = [
        [_title(grid, len(targets)), *_matrix(grid, targets), *([] if agree else _foot(grid, targets))]
        for grid in block.grids
    ]
    groups += [_foot(block.grids[0], targets)] if agree and block.grids else []
    header = " & ".join(["source", *map(escape, targets)])
    label = f"{block.space}-{block.metric.replace('/', '-')}"
    return _environment(
        _caption(block), watermark, label, f"l{'c' * len(targets)}", header, groups, list(_notes(block))
    )


def _environment(
    caption: str, watermark: str, label: str, columns: str, header: str, groups: Sequence[Sequence[str]],
    notes: Sequence[str],
) -> str:  # fmt: skip
    """Return a whole `table` environment; a rule stands above each group of rows."""
    caption += f" \\textbf{{{escape(watermark)}.}}" if watermark else ""
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        "  \\centering",
        f"  \\caption{{{caption}}}",
        f"  \\label{{tab:{label.replace('_', '-')}}}",
        f"  \\begin{{tabular}}{{{columns}}}",
        "    \\toprule",
        f"    {header} \\\\",
    ]
    for group in groups:
        lines += ["    \\midrule", *(f"    {row} \\\\" for row in group)]
    lines += ["    \\bottomrule", "  \\end{tabular}"]
    lines += ["", f"  \\smallskip\\footnotesize {'; '.join(notes)}."] if notes else []
    return "\n".join([*lines, "\\end{table}", ""])


def _caption(block: Block) -> str:
    text = f"{block.title} in the label space {block.space}, source in rows, target in columns, {block.selections}."
    return escape(f"{text} Below each value its interval over dialogues; in-domain values in italics.")


def _title(grid: Grid, columns: int) -> str:
    title = grid.title + (" (transductive)" if grid.transductive else "")
    return f"\\multicolumn{{{columns + 1}}}{{l}}{{\\textbf{{{escape(title)}}}}}"


def _matrix(grid: Grid, targets: Sequence[str]) -> Iterator[str]:
    for source in grid.sources:
        yield " & ".join([escape(source), *(_value(grid, source, target) for target in targets)])
        spreads = [_interval(grid, source, target) for target in targets]
        if any(spreads):
            yield " & ".join(["", *spreads])


def _foot(grid: Grid, targets: Sequence[str]) -> list[str]:
    rows = []
    for row in grid.foot:
        cells_by_target = dict(zip(grid.targets, row.values, strict=True))
        texts = [
            " to ".join(FORMS[row.kind](value) for value in cells_by_target.get(target, [])) or "–"
            for target in targets
        ]
        rows.append(" & ".join([f"\\emph{{{row.title}}}", *(escape(text) for text in texts)]))
    return rows


def _value(grid: Grid, source: str, target: str) -> str:
    entry = grid.entries.get((source, target))
    if entry is None:
        return ""
    if entry.cell.value is None:
        return f"--$^{{\\mathrm{{{entry.letter}}}}}$"
    text = escape(number(entry.cell.value))
    return (f"\\textit{{{text}}}" if entry.cell.is_in_domain else text) + _superscript(entry.marks)


def _interval(grid: Grid, source: str, target: str) -> str:
    entry = grid.entries.get((source, target))
    spread = interval(entry.cell.low, entry.cell.high) if entry else ""
    return f"{{\\scriptsize {escape(spread)}}}" if spread else ""


def _notes(block: Block) -> Iterator[str]:
    for letter, reason in block.notes.items():
        yield f"$^{{\\mathrm{{{letter}}}}}$ {escape(reason_text(reason))}"
    for mark in block.marks:
        yield f"{_superscript(mark)} {MARKS[mark]}"


def _superscript(marks: str) -> str:
    return f"$^{{{''.join(_MARKS[mark] for mark in marks)}}}$" if marks else ""
