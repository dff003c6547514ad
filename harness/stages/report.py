"""Write the report: one HTML file that opens offline, Markdown, and LaTeX tables."""

from __future__ import annotations

from typing import Any

from harness import layout, report
from harness.files import read_json, write_text
from harness.study import provenance
from harness.transfer import read_cells


def run(params: dict[str, Any]) -> None:
    """Write results/report.html, report.md and tables/<space>_<metric>.tex."""
    cells = read_cells(layout.CELLS)
    facts = {**read_json(layout.STUDY, "dvc repro score"), "made": provenance(params)}
    write_text(layout.REPORT, report.html(cells, facts))
    write_text(layout.REPORT_MD, report.markdown(cells, facts))
    for name, metric in params["primary"].items():
        if name in params["spaces"]:
            write_text(layout.TABLES / f"{name}_{metric}.tex", report.latex(cells, name, metric, facts))
    print(f"report: {layout.REPORT}")
