"""The report of a made-up study: what a browser, a Markdown reader and LaTeX are given."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from html_page import Page
from report_sample import CORPORA, RECIPES, sample

from harness.core.errors import ResultError
from harness.report import page as report
from harness.report.colours import contrast
from harness.report.formats import number
from harness.report.marks import note_text
from harness.study.cells import Cell

PRIMARY = {"emotion4": ("uar", "macro_f1"), "polarity3": ("uar", "macro_f1"), "valence": ("ccc",)}


@pytest.fixture(scope="module")
def study() -> tuple[list[Cell], dict[str, Any]]:
    return sample()


@pytest.fixture(scope="module")
def text(study: tuple[list[Cell], dict[str, Any]]) -> str:
    return report.html(*study)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_is_well_formed_and_loads_nothing(text: str, page: Page) -> None:
    assert page.loads == []
    assert not re.search(r"https?://|@import|url\(", text)
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.tags["script"] == 1


def test_every_table_has_a_caption_and_scoped_heads(page: Page) -> None:
    for table in page.tables:
        assert table["caption"].strip()
        assert table["heads"]
        assert None not in table["heads"]
        assert len({len(row) for row in table["rows"] if len(row) > 1}) == 1


def test_every_row_of_cells_csv_is_in_the_long_table(study: Any, page: Page) -> None:
    head, *rows = max(page.tables, key=lambda table: len(table["rows"]))["rows"]
    value, last = head.index("value"), len(head) - 1
    printed = [(r[0], r[1].removesuffix(" (transductive)"), *r[2:5], r[value], r[last]) for r in rows]
    assert printed == [
        (c.space, c.recipe, c.source, c.target, c.metric, number(c.value), c.reason or c.warnings) for c in study[0]
    ]


def test_every_matrix_prints_its_values_and_intervals(study: Any, page: Page) -> None:
    matrices = page.of_class("matrix")[1:]  # the first one is the first screen's
    wanted = [(space, metric, recipe) for space in PRIMARY for metric in PRIMARY[space] for recipe in RECIPES]
    assert len(matrices) == len(wanted)
    cells = {(c.space, c.metric, c.recipe, c.source, c.target): c for c in study[0]}
    for table, key in zip(matrices, wanted, strict=True):
        assert table["caption"].split()[0] == key[2]
        for row in table["rows"][1 : 1 + len(CORPORA)]:
            for target, printed in zip(CORPORA, row[1:], strict=True):
                cell = cells[(*key, row[0].split()[0], target)]
                if cell.value is None:
                    assert re.fullmatch(r"–[a-z]", printed)
                else:
                    assert printed.startswith(number(cell.value))
                    assert f"[{number(cell.low)}, {number(cell.high)}]" in printed


def test_the_rows_below_a_matrix_say_what_a_value_is_held_against(page: Page) -> None:
    foot = {row[0]: row[1:] for row in page.of_class("matrix")[0]["rows"][1 + len(CORPORA) :]}
    assert foot == {
        "majority floor": [".250", "–", "–", "–", ".250"],
        "random floor": [".250", "–", "–", "–", ".250"],
        "human ceiling": [".710", "–", "–", "–", "–"],
        "utterances": ["2,043", "–", "–", "–", "2,610"],
        "dialogues": ["84", "–", "–", "–", "280"],
        "coverage": ["93 %", "–", "–", "–", "81 %"],
    }


@pytest.mark.parametrize(("space", "metric"), [(space, metric) for space in PRIMARY for metric in PRIMARY[space]])
def test_the_footnotes_are_the_reasons_of_the_absent_cells(study: Any, text: str, space: str, metric: str) -> None:
    reasons = {c.reason for c in study[0] if (c.space, c.metric) == (space, metric) and c.reason}
    notes = dict(re.findall(rf'<li id="{space}-{metric}-([a-z])"><sup>[a-z]</sup> (.*)</li>', text))
    assert set(notes.values()) == {note_text(reason) for reason in reasons}
    used = set(re.findall(rf'href="#{space}-{metric}-([a-z])"', text))
    assert used == set(notes)


def test_a_degenerate_cell_is_marked_and_listed(text: str) -> None:
    assert '.410<sup class="mark">†‡</sup>' in text
    assert "<dt>nearly constant prediction (neutral) in 4 of 5 replicates</dt><dd>text_ngrams: meld → emo" in text
    assert "† degenerate predictor" in text


def test_the_watermark_stands_only_over_synthetic_corpora(study: Any, text: str, page: Page) -> None:
    cells, facts = study
    assert page.text.index(report.WATERMARK) < page.text.index("emotiontalk"), "it stands above every number"
    assert '<p class="watermark"' in text
    real = report.html(cells, {**facts, "synthetic": False})
    assert report.WATERMARK not in real
    assert report.WATERMARK in report.markdown(cells, facts)
    assert report.WATERMARK not in report.markdown(cells, {**facts, "synthetic": False})
    assert report.WATERMARK in report.latex(cells, "emotion4", "uar", facts)
    assert report.WATERMARK not in report.latex(cells, "emotion4", "uar")


def test_a_transductive_recipe_is_called_so_wherever_it_has_a_table_or_row(page: Page) -> None:
    for table in page.of_class("matrix"):
        assert ("transductive" in table["caption"]) == ("tstd" in table["caption"].split()[0])
    for table in page.of_class("list"):
        for row in table["rows"]:
            for printed in row[:2]:
                assert ("transductive" in printed) == ("tstd" in printed and "made up" not in printed)


def test_text_of_a_corpus_cannot_become_markup(study: Any) -> None:
    cells, facts = study
    bad = "<script>alert('x')</script>"
    cells = [replace(c, reason=bad) if c.reason else replace(c, warnings=bad) for c in cells]
    facts = {**facts, "warnings": [bad], "overlap": [{"a": bad, "b": bad, "speakers": 1}]}
    facts["corpora"] = {bad: {**facts["corpora"]["meld"], "title": bad, "notes": [bad], "dropped": {bad: 1}}}
    facts["recipes"] = {bad: {"description": bad, "settings": {"normalise": bad, "c": [bad]}}}
    found = report.html(cells, facts)
    assert Page(found).tags["script"] == 1
    assert "<script>alert" not in found
    assert "&lt;script&gt;alert" in found
    assert "<script" not in report.markdown(cells, facts)


def test_every_colour_can_be_read_in_both_themes(text: str) -> None:
    light, dark = (
        dict(re.findall(r"--([\w-]+):\s*(#\w{6})", part)) for part in re.findall(r":root \{(.*?)\n *\}", text, re.S)[:2]
    )
    pairs = [(f"heat-{step}", f"ink-{step}") for step in ("below", *"01234567")]
    pairs += [(ground, "ink") for ground in ("paper", "raised", "tag")]
    pairs += [(ground, "soft") for ground in ("paper", "raised", "tag")]
    pairs += [("paper", "link"), ("paper", "warn"), ("band", "band-ink")]
    for theme in (light, dark):
        for ground, ink in pairs:
            assert contrast(theme[ground], theme[ink]) >= 4.5, (ground, ink)


def test_the_first_screen_says_what_was_found(page: Page) -> None:
    assert (
        "The best cross-corpus cell is meld → emotiontalk: UAR .500 [.459, .537], against .640 in-domain." in page.text
    )
    assert (
        "The mean UAR is .600 in-domain (2 corpora) and .460 cross-corpus (2 cells), a mean ratio of .595" in page.text
    )
    assert "None of the 2 cross-corpus cells has an interval" in page.text
    assert "emotiontalk dev and emotiontalk test share 2 speakers" in page.text


def test_a_study_without_facts_or_without_cells_still_has_a_report(study: Any) -> None:
    cells, facts = study
    bare = Page(report.html(cells, {}))
    assert len(bare.of_class("matrix")) == 1 + len(RECIPES) * 5
    assert "transductive" in bare.of_class("matrix")[3]["caption"], "known from the protocol too"
    assert "No cell was scored" in Page(report.html([], facts)).text
    assert "No cell was scored" in report.markdown([], facts)
    absent = {**facts, "corpora": {"m3ed": {}, "meld": {"present": True}, "iemocap": {"present": False}}}
    assert "no reason given" in Page(report.html(cells, absent)).text


def test_a_number_that_is_not_finite_is_refused(study: Any) -> None:
    cells = [replace(study[0][0], ratio=float("nan")), *study[0][1:]]
    with pytest.raises(ResultError, match="nan is not a number a table may print"):
        report.html(cells, study[1])


def test_a_primary_metric_that_was_not_scored_is_named(study: Any) -> None:
    with pytest.raises(ResultError, match=r"emotion4: its primary metric 'uarr' is not among those scored \(uar, "):
        report.html(study[0], {**study[1], "primary": {"emotion4": "uarr"}})


def test_markdown_tables_are_whole(study: Any) -> None:
    cells, facts = study
    facts = {**facts, "warnings": ["a | b\nc"]}
    found = report.markdown(cells, facts)
    widths: list[set[int]] = [set()]
    for line in found.splitlines():
        if line.startswith("|"):
            widths[-1].add(len(re.findall(r"(?<!\\)\|", line)))
        elif widths[-1]:
            widths.append(set())
    tables = [width for width in widths if width]
    assert len(tables) == 1 + len(RECIPES) * 5 + 3 + 3 + 1  # matrices, gaps, recipes, corpora
    assert all(len(width) == 1 for width in tables)
    assert "- a \\| b c\n" in found
    assert "| emotiontalk | **.640**<br>[.599, .677] | –<sup>a</sup> |" in found
    assert "**text_e5_tstd** (transductive)" in found


def test_latex_tables_are_balanced_and_escaped(study: Any) -> None:
    cells = [replace(c, reason="50 % & more_{x}") if c.reason else c for c in study[0]]
    found = report.latex(cells, "valence", "ccc")
    assert re.findall(r"\\(begin|end)\{(\w+)\}", found) == [
        ("begin", "table"), ("begin", "tabular"), ("end", "tabular"), ("end", "table"),
    ]  # fmt: skip
    assert [found.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 4, 1]
    rows = [line for line in found.splitlines() if line.endswith(r" \\") and "multicolumn" not in line]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(CORPORA)}
    assert r"50 \% \& more\_\{x\}" in found
    assert r"\textbf{text\_e5\_tstd (transductive)}" in found
    assert r"ch\_sims & .400 & \textit{.370}" in found
    assert found.count("{") == found.count("}")
    assert not re.search(r"(?<!\\)[_%#]", "\n".join(rows))
