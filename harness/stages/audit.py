"""Audit the corpora: counts, agreement, contradictions, duplicates and overlap, side by side on one page."""

from __future__ import annotations

from typing import Any

from harness.core import paths
from harness.core.files import write_json, write_text
from harness.core.log import log
from harness.study.provenance import provenance

WHOLE_STUDY = True


def run(params: dict[str, Any]) -> None:
    """Write results/audit.html, audit.md and audit.json, and print what to know first."""
    from harness.audit import page  # imports pandas, which the list of commands needs not wait for
    from harness.audit.audited_corpus import AuditedCorpus
    from harness.audit.document import facts

    audit = facts([AuditedCorpus(name) for name in params["corpora"]])
    made = provenance(params)
    write_json(paths.AUDIT_JSON, audit)
    write_text(paths.AUDIT, page.html(audit, made))
    write_text(paths.AUDIT_MD, page.markdown(audit, made))
    log.info(page.terminal(audit, paths.AUDIT))
