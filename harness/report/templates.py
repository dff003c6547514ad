"""The templates of our pages: one environment, and text made safe for Markdown."""

from __future__ import annotations

import jinja2

from harness.report.formats import FORMS


def environment(escape: bool) -> jinja2.Environment:
    """Return a new environment of templates/ with the forms of numbers as filters; an undefined name is an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report", "templates"),
        autoescape=escape,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters.update(FORMS)
    return made


def markdown_text(text: object, marks: str = "|") -> str:
    """Return text that neither starts a tag nor, by escaping `marks`, ends a table cell."""
    plain = " ".join(str(text).split())
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in marks:
        plain = plain.replace(mark, f"\\{mark}")
    return plain
