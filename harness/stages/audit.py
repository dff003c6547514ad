"""Audit the corpora: counts, agreement, contradictions, duplicates and overlap, side by side on one page."""

from __future__ import annotations

from typing import Any

from harness import audit_page, layout
from harness.audit_data import load
from harness.audit_facts import facts
from harness.files import write_json, write_text
from harness.study import provenance


def run(params: dict[str, Any]) -> None:
    """Write results/audit.html, audit.md and audit.json, and print what to know first."""
    found = facts([load(name) for name in params["corpora"]])
    made = provenance(params)
    write_json(layout.AUDIT_JSON, found)
    write_text(layout.AUDIT, audit_page.html(found, made))
    write_text(layout.AUDIT_MD, audit_page.markdown(found, made))
    print(audit_page.terminal(found, layout.AUDIT))
