"""The audit as one HTML page that opens offline, and the same in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2

from harness.audit.cards import cards
from harness.audit.compare import compare
from harness.audit.formats import Facts, present
from harness.audit.sections import sections
from harness.report.formats import plural
from harness.report.templates import environment

WATERMARK = "Synthetic corpora: this audit says nothing about real ones"
TERMINAL = 21  # findings printed; with a head, a foot and a line between it stays on one screen


def html(facts: Facts, made: Mapping[str, Any]) -> str:
    """Return the audit as one HTML page without any outside resource.

    Args:
        facts: what document.facts returned.
        made: provenance; what is known of it is printed.
    """
    return _templates(escape=True).get_template("audit.html.j2").render(_context(facts, made))


def markdown(facts: Facts, made: Mapping[str, Any]) -> str:
    """Return the same findings, tables and cards as Markdown with pipe tables."""
    return _templates(escape=False).get_template("audit.md.j2").render(_context(facts, made))


def terminal(facts: Facts, where: object) -> str:
    """Return the findings as plain sentences, worst first and what cannot be told last, at most 25 lines."""
    faults, untold = _findings(facts)
    lines = [f"{_linked(facts, 'audited')}; what to know before using them:"]
    lines += [f"- {finding['text']}" for finding in faults]
    lines += ["what cannot be told:", *(f"- {finding['text']}" for finding in untold)] if untold else []
    if (more := len(lines) - 1 - TERMINAL) > 0:
        lines = [*lines[: 1 + TERMINAL], f"  and {plural(more, 'more line')} on the page"]
    return "\n".join([*([WATERMARK] if facts["synthetic"] else []), *lines, f"audit: {where}"])


def _linked(facts: Facts, verb: str) -> str:
    return f"{len(present(facts))} of {plural(len(facts['corpora']), 'corpus', 'corpora')} {verb}"


def _findings(facts: Facts) -> tuple[list[Facts], list[Facts]]:
    """Return the faults, and what cannot be told."""
    return [[finding for finding in facts["findings"] if finding["untold"] is untold] for untold in (False, True)]  # type: ignore[return-value]


def _context(facts: Facts, made: Mapping[str, Any]) -> dict[str, Any]:
    faults, untold = _findings(facts)
    return {
        "watermark": WATERMARK if facts["synthetic"] else "",
        "headline": [_linked(facts, "linked"), plural(len(facts["findings"]), "finding"), made.get("time", "")],
        "made": made,
        "faults": faults,
        "untold": untold,
        "compare": compare(facts),
        "sections": sections(facts),
        "cards": cards(facts),
    }


@cache
def _templates(escape: bool) -> jinja2.Environment:
    return environment(escape, marks="|*_`[")
