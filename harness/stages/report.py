"""Write the report: one HTML file that opens offline, Markdown, and LaTeX tables."""

from __future__ import annotations

from typing import Any

from harness import layout, report, sheets
from harness.files import read_json, write_text
from harness.report_tables import csv_text, latex_text
from harness.study import provenance
from harness.transfer import read_cells


def run(params: dict[str, Any]) -> None:
    """Write results/report.html, report.md, and every table as CSV and LaTeX in tables/."""
    cells = read_cells(layout.CELLS)
    facts = {**read_json(layout.STUDY, "dvc repro score"), "made": provenance(params)}
    found = _sheets()
    write_text(layout.REPORT, report.html(cells, facts, found))
    write_text(layout.REPORT_MD, report.markdown(cells, facts, found))
    for table in report.all_tables(cells, facts, found):
        write_text(layout.TABLES / f"{table.anchor}.csv", csv_text(table))
        write_text(
            layout.TABLES / f"{table.anchor}.tex", latex_text(table, report.WATERMARK if facts["synthetic"] else "")
        )
    for name, metric in params["primary"].items():
        if name in params["spaces"]:
            write_text(layout.TABLES / f"{name}_{metric}.tex", report.latex(cells, name, metric, facts))
    print(f"report: {layout.REPORT}")


def _sheets() -> dict[str, list[dict[str, str]]]:
    """Return name -> lines of what `score`, `analyse` and `foresee` found beside the cells."""
    found = {
        name: sheets.read(path, "score") for name, path in (("comparison", layout.COMPARISON), ("views", layout.VIEWS))
    }
    for path in sorted(layout.ANALYSIS.glob("*.csv")):
        found[path.stem] = sheets.read(path, "analyse")
    if (path := layout.FORESEEN / "ranks.csv").exists():
        found["foreseen"] = sheets.read(path, "foresee")
    return found
