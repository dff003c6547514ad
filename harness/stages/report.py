"""Write the report: one HTML file that opens offline, Markdown, and LaTeX tables."""

from __future__ import annotations

from typing import Any

from harness.core import csv_tables, paths
from harness.core.files import read_json, write_text
from harness.core.log import log
from harness.report import latex, page
from harness.report.questions import Sheets
from harness.report.result_lines import frame
from harness.report.tables import csv_text
from harness.study.cells import read_cells
from harness.study.provenance import provenance


def run(params: dict[str, Any]) -> None:
    """Write results/report.html, report.md, and every table as CSV and LaTeX in tables/."""
    cells = read_cells(paths.CELLS)
    facts = {**read_json(paths.STUDY, "dvc repro score"), "made": provenance(params)}
    sheets = _sheets()
    write_text(paths.REPORT, page.html(cells, facts, sheets))
    write_text(paths.REPORT_MD, page.markdown(cells, facts, sheets))
    for table in page.all_tables(cells, facts, sheets):
        write_text(paths.TABLES / f"{table.anchor}.csv", csv_text(table))
        write_text(
            paths.TABLES / f"{table.anchor}.tex", latex.plain(table, page.WATERMARK if facts["synthetic"] else "")
        )
    for name, metric in params["primary"].items():
        if name in params["spaces"]:
            write_text(paths.TABLES / f"{name}_{metric}.tex", page.latex(cells, name, metric, facts))
    log.info(f"report: {paths.REPORT}")


def _sheets() -> Sheets:
    """Return name -> lines of what `score`, `analyse` and `foresee` found beside the cells."""
    files = [
        ("comparison", paths.COMPARISON, "score"),
        ("views", paths.VIEWS, "score"),
        ("worth", paths.WORTH, "score"),
    ]
    files += [(path.stem, path, "analyse") for path in sorted(paths.ANALYSIS.glob("*.csv"))]
    if (path := paths.FORESEEN / "ranks.csv").exists():
        files.append(("foreseen", path, "foresee"))
    return {name: frame(csv_tables.read(path, stage)) for name, path, stage in files}
