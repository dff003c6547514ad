"""The audit as one HTML page that opens offline, and the same in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import jinja2

from harness import audit_tables_files as files
from harness import audit_tables_labels as labels
from harness import audit_tables_priors as priors
from harness import audit_tables_votes as votes
from harness import report_heat
from harness.audit_cards import cards
from harness.audit_compare import compare
from harness.audit_tables import Section
from harness.audit_words import share
from harness.report_templates import environment, markdown_text
from harness.report_words import plural

WATERMARK = "Synthetic corpora: this audit says nothing about real ones"
SECTIONS = (
    labels.contradictions,
    files.overlap,
    files.between,
    votes.agreement,
    labels.views,
    labels.ceilings,
    priors.priors,
    priors.distance,
    files.duplicates,
    files.sizes,
    files.media,
)
TERMINAL = 22  # findings printed; with a head and a foot it stays on one screen


def html(facts: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """Return the audit as one HTML page without any outside resource.

    Args:
        facts: what audit_facts.facts returned.
        made: provenance; `time` and `commit` are printed where they are known.
    """
    return _templates(escape=True).get_template("audit.html.j2").render(_context(facts, made))


def markdown(facts: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """Return the same findings, tables and cards as Markdown with pipe tables."""
    return _templates(escape=False).get_template("audit.md.j2").render(_context(facts, made))


def terminal(facts: Mapping[str, Any], where: object) -> str:
    """Return the findings as plain sentences, worst first, at most 25 lines."""
    found = facts["findings"]
    linked = sum(one["present"] for one in facts["corpora"].values())
    lines = [
        f"{linked} of {plural(len(facts['corpora']), 'corpus', 'corpora')} audited; what to know before using them:"
    ]
    lines += [f"- {one['text']}" for one in found[:TERMINAL]]
    if len(found) > TERMINAL:
        lines.append(f"  and {plural(len(found) - TERMINAL, 'more finding')} on the page")
    warning = [WATERMARK] if facts["synthetic"] else []
    return "\n".join([*warning[:1], *lines, f"audit: {where}"])


def _context(facts: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    sections: Sequence[Section] = [make(facts) for make in SECTIONS]
    linked = sum(one["present"] for one in facts["corpora"].values())
    total = plural(len(facts["corpora"]), "corpus", "corpora")
    return {
        "watermark": WATERMARK if facts["synthetic"] else "",
        "headline": [f"{linked} of {total} linked", plural(len(facts["findings"]), "finding"), made.get("time", "")],
        "made": made,
        "findings": facts["findings"],
        "compare": compare(facts),
        "sections": sections,
        "cards": cards(facts),
        "palettes": {"light": report_heat.css(report_heat.LIGHT), "dark": report_heat.css(report_heat.DARK)},
        "steps": list(report_heat.LIGHT),
    }


@cache
def _templates(escape: bool) -> jinja2.Environment:
    made = environment(escape)
    made.filters.update(share=share, md=partial(markdown_text, marks="|*_`["))
    return made
