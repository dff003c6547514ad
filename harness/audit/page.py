"""The audit as one HTML page that opens offline, and the same in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import jinja2

from harness.audit import tables_files, tables_labels, tables_priors, tables_votes
from harness.audit.cards import cards
from harness.audit.compare import compare
from harness.audit.formats import share
from harness.audit.tables import Section
from harness.report import colours
from harness.report.formats import plural
from harness.report.templates import environment, markdown_text

WATERMARK = "Synthetic corpora: this audit says nothing about real ones"
SECTIONS = (
    tables_labels.contradictions,
    tables_files.overlap,
    tables_files.between,
    tables_votes.agreement,
    tables_labels.views,
    tables_labels.ceilings,
    tables_priors.priors,
    tables_priors.distance,
    tables_files.duplicates,
    tables_files.sizes,
    tables_files.media,
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
        "palettes": {"light": colours.css(colours.LIGHT), "dark": colours.css(colours.DARK)},
        "steps": list(colours.LIGHT),
    }


@cache
def _templates(escape: bool) -> jinja2.Environment:
    made = environment(escape)
    made.filters.update(share=share, md=partial(markdown_text, marks="|*_`["))
    return made
