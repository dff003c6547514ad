"""The report of a study: one HTML file that opens offline, the same matrices in Markdown, and tables for LaTeX.

Numbers come from `results/cells.csv`, everything else from `results/study.json`; nothing is computed here but means
and counts of cells. The words are in formats.py, the look in templates/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2

from harness.core.errors import ResultError
from harness.report import colours, formats
from harness.report.corpora import cards
from harness.report.grid import Block, block, only, ordered
from harness.report.latex import matrix
from harness.report.marks import MARKS, note_text
from harness.report.protocols import tables
from harness.report.questions import Sheets, questions
from harness.report.questions import tables as of_questions
from harness.report.summary import Comparison, Gap, compare, gaps, sentences
from harness.report.tables import Table
from harness.report.templates import environment, markdown_text
from harness.study.cells import Cell, in_matrix
from harness.study.metric_facts import metric_facts, metric_title

WATERMARK = "Synthetic corpora: these numbers say nothing about real ones"
COLUMNS = {
    "value": "number",
    "low": "number",
    "high": "number",
    "low_speaker": "number",
    "high_speaker": "number",
    "sd_seeds": "number",
    "sd_test": "number",
    "sd_train": "number",
    "selected": "plain",
    "tied_low": "number",
    "tied_high": "number",
    "n": "plain",
    "clusters": "plain",
    "speakers": "plain",
    "coverage": "percent",
    "floor": "number",
    "floor_random": "number",
    "ceiling": "number",
    "in_domain": "number",
    "gap": "signed",
    "gap_detectable": "number",
    "ratio": "number",
    "ratio_low": "number",
    "ratio_high": "number",
}


@dataclass(frozen=True, slots=True)
class Section:
    """Everything the report says of one label space; the first block is that of the primary metric."""

    space: str
    facts: Mapping[str, Any]
    blocks: Sequence[Block]
    comparison: Comparison
    gaps: Sequence[Gap]


def html(cells: Sequence[Cell], facts: Mapping[str, Any], sheets: Sheets | None = None) -> str:
    """Return the report as one HTML page without any outside resource.

    Raises:
        ResultError: a cell holds a number that is not finite.
    """
    return _templates(escape=True).get_template("report.html.j2").render(_context(cells, facts, sheets))


def markdown(cells: Sequence[Cell], facts: Mapping[str, Any], sheets: Sheets | None = None) -> str:
    """Return the matrices, footnotes and warnings as Markdown with pipe tables."""
    return _templates(escape=False).get_template("report.md.j2").render(_context(cells, facts, sheets))


def latex(cells: Sequence[Cell], space: str, metric: str, facts: Mapping[str, Any] | None = None) -> str:
    """Return the matrices of one space and metric as one LaTeX table; it needs the package booktabs.

    With `facts` the caption says so when the corpora are synthetic.
    """
    facts = facts or {}
    return matrix(
        block(in_matrix(cells), space, metric, facts.get("recipes")), WATERMARK if facts.get("synthetic") else ""
    )


def all_tables(cells: Sequence[Cell], facts: Mapping[str, Any], sheets: Sheets | None = None) -> list[Table]:
    """Return the tables of the report beside its matrices."""
    answered = questions(sheets or {}, facts)
    return [
        *of_questions(answered),
        *tables(cells, facts.get("primary", {}), facts.get("protocols"), (sheets or {}).get("worth")),
    ]


def _context(every: Sequence[Cell], facts: Mapping[str, Any], sheets: Sheets | None) -> dict[str, Any]:
    cells = in_matrix(every)
    sections = [_section(cells, facts, name) for name in ordered(cell.space for cell in cells)]
    lead = next((section for section in sections if "classes" in section.facts), next(iter(sections), None))
    best = lead.comparison.best if lead else None
    level = facts.get("bootstrap", {}).get("level")
    return {
        "facts": facts,
        "watermark": WATERMARK if facts.get("synthetic") else "",
        "headline": _headline(facts, len(sections)),
        "sections": sections,
        "lead": lead,
        "lead_block": only(lead.blocks[0], best) if lead and best else None,
        "sentences": sentences(best, lead.blocks[0].metric) if lead and best else [],
        "cards": cards(facts),
        "questions": questions(sheets or {}, facts),
        "protocols": tables(every, facts.get("primary", {}), facts.get("protocols"), (sheets or {}).get("worth")),
        "cells": [*cells, *_beside(every, facts.get("primary", {}))],
        "varying": [
            name for name in ("view", "protocol", "variant", "selection") if len({getattr(c, name) for c in every}) > 1
        ],
        "columns": COLUMNS,
        "languages": {name: card.get("language", "") for name, card in facts.get("corpora", {}).items()},
        "level": f"{formats.percent(level)} " if level else "",
        "glossary": [metric_facts(name) for name in ordered(cell.metric.partition("/")[0] for cell in cells)],
        "transductive": {g.variant.recipe for s in sections for b in s.blocks for g in b.grids if g.transductive},
        "palettes": {"light": colours.css(colours.LIGHT), "dark": colours.css(colours.DARK)},
        "steps": list(colours.LIGHT),
    }


def _beside(every: Sequence[Cell], primary: Mapping[str, str]) -> list[Cell]:
    """Return what the table of all numbers has of the protocols: their primary values; cells.csv holds the rest."""
    matrix = {id(cell) for cell in in_matrix(every)}
    return [c for c in every if id(c) not in matrix and c.metric == primary.get(c.space) and c.value is not None]


def _headline(facts: Mapping[str, Any], spaces: int) -> list[str]:
    corpora = facts.get("corpora", {})
    linked = sum(bool(card.get("present")) for card in corpora.values())
    return [
        facts.get("study", ""),
        f"{linked} of {formats.plural(len(corpora), 'corpus', 'corpora')} linked",
        formats.plural(len(facts.get("recipes", {})), "recipe"),
        formats.plural(spaces, "label space"),
        facts.get("made", {}).get("time", ""),
    ]


def _section(cells: Sequence[Cell], facts: Mapping[str, Any], space: str) -> Section:
    of_space = [cell for cell in cells if cell.space == space]
    known = ordered(cell.metric for cell in of_space)
    primary = facts.get("primary", {}).get(space, known[0])
    if primary not in known:
        raise ResultError(f"{space}: its primary metric {primary!r} is not among those scored ({', '.join(known)})")
    metrics = ordered([primary, *(name for name in known if metric_facts(name).has_matrix)])
    blocks = [block(of_space, space, name, facts.get("recipes")) for name in metrics]
    return Section(space, facts.get("spaces", {}).get(space, {}), blocks, compare(blocks[0]), gaps(blocks[0]))


@cache
def _templates(escape: bool) -> jinja2.Environment:
    made = environment(escape)
    made.filters.update(metric=metric_title, reason=note_text, md=markdown_text)
    made.globals.update(interval=formats.interval, plural=formats.plural, formatted=_formatted, meanings=MARKS)
    return made


def _formatted(value: Any, form: str) -> str:
    if form in formats.FORMS:
        return formats.FORMS[form](value)
    return formats.ABSENT if value is None else str(value)
