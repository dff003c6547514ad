"""A page as a browser reads it, strictly."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Reads a page strictly: every tag is closed in order; keeps ids, links, tables and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tables: list[dict[str, Any]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags[tag] += 1
        self.ids += [found["id"]] if found.get("id") else []
        self.links += [found["href"]] if tag == "a" else []
        self.loads += [value for name, value in attrs if name in ("src", "srcset", "data", "action", "poster")]
        self.loads += [found["href"]] if tag == "link" else []
        if tag == "table":
            self.tables.append({"class": found.get("class", ""), "caption": "", "rows": [], "heads": []})
        elif tag == "tr":
            self.tables[-1]["rows"].append([])
        elif tag in ("td", "th"):
            self.tables[-1]["rows"][-1].append("")
            self.tables[-1]["heads"] += [found.get("scope")] if tag == "th" else []
        if tag not in VOID:
            self.open.append((tag, found))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop()[0] == tag, f"</{tag}> in line {self.getpos()[0]} closes another element"

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self.open]
        if "style" in inside or "script" in inside:
            return
        self.words.append(data)
        if "caption" in inside:
            self.tables[-1]["caption"] += data
        elif "td" in inside or "th" in inside:
            self.tables[-1]["rows"][-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def of_class(self, name: str) -> list[dict[str, Any]]:
        return [table for table in self.tables if name in (table["class"] or "").split()]
