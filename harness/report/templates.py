"""The templates of our pages: one environment, and text made safe for Markdown."""

from __future__ import annotations

from functools import partial

import jinja2

from harness.report import colours
from harness.report.formats import FORMS, plural
from harness.report.latex import SPECIAL


def environment(escape: bool, marks: str = "|") -> jinja2.Environment:
    """Return a new environment of templates/ with the forms of numbers as filters; an undefined name is an error.

    Args:
        escape: whether text is made safe for HTML; not in Markdown, where the filter `md` does it.
        marks: what `md` escapes, see `markdown_text`.
    """
    pages = jinja2.Environment(
        loader=jinja2.PackageLoader("harness.report", "templates"),
        autoescape=escape,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    pages.filters.update(FORMS, md=partial(markdown_text, marks=marks))
    pages.globals.update(
        plural=plural,
        latex_special=SPECIAL,
        palettes={"light": colours.css(colours.LIGHT), "dark": colours.css(colours.DARK)},
        steps=list(colours.LIGHT),
    )
    return pages


def markdown_text(text: object, marks: str = "|") -> str:
    """Return text that neither starts a tag nor, by escaping `marks`, ends a table cell."""
    plain = " ".join(str(text).split())
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in marks:
        plain = plain.replace(mark, f"\\{mark}")
    return plain
