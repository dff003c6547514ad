"""The page of the audit: well formed, offline, whole in Markdown, and there for every sort of corpus."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from audit_sample import CARD, corpus, label, made_up, said, voted
from html_page import Page
from small_studies import params_of, stage

from harness.audit import page as audit_page
from harness.audit.audited_corpus import AuditedCorpus
from harness.audit.counts import media
from harness.audit.document import facts
from harness.core import paths
from harness.core.errors import ResultError
from harness.core.plugins import find
from harness.report.templates import markdown_text

MADE = {"time": "2026-01-01", "commit": "abc"}


def whole(name: str = "made_up", title: str = "Made up") -> AuditedCorpus:
    """A corpus with everything: views, votes, a sentiment scale, strata, Chinese."""
    rows = []
    for at in range(60):
        emotion = ("happy", "sad", "neutral")[at % 3]
        split = ("train", "dev", "test")[at % 2 + (at % 10 == 0)]
        facts_ = {
            "text": f"你好，第{at}句话说得很清楚",
            "strata": {"kind": "read"},
            "gender": "male",
            "flags": ["noise"],
        }
        native = {"tone": {"happy": 1.0, "sad": -1.0, "neutral": 0.0}[emotion] + at % 2 / 2, "say": "positive"}
        more = {"native": native, "votes": voted((emotion, 3.0), ("sad", 2.0), (emotion, 1.0))}
        row = {**label(emotion, {"text": "sad", "audio": emotion, "video": emotion}), **more}
        rows.append((said(f"{name}{at}", split, start=at * 1.0, end=at + 1.5, **facts_), row))
    return corpus(rows, name, title=title)


ABSENT = made_up("gone", {**CARD, "title": "Gone", "present": False, "reason": "not_linked"})


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return facts([whole(), whole("second"), corpus([(said("x"), label(None))], "bare", title="Bare"), ABSENT])


def test_the_page_is_well_formed_loads_nothing_and_every_finding_has_its_figures(found: dict[str, Any]) -> None:
    text = audit_page.html(found, MADE)
    page = Page(re.sub(r"<(path|rect)([^>]*)/>", r"<\1\2></\1>", text))
    assert page.loads == []
    assert not re.search(r"https?://|@import|url\(", text)
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.tags["script"] == 0
    for table in page.tables:
        assert table["caption"].strip()
        assert None not in table["heads"]
        assert len({len(row) for row in table["rows"]}) == 1, table["caption"]
    for one in found["findings"]:
        assert one["text"] in page.text
        assert one["section"] in page.ids


def test_the_first_table_holds_all_corpora_side_by_side(found: dict[str, Any]) -> None:
    page = Page(re.sub(r"<(path|rect)([^>]*)/>", r"<\1\2></\1>", audit_page.html(found, MADE)))
    head, *rows = page.tables[0]["rows"]
    assert head == ["quantity", "Made up (made_up)", "Made up (second)", "Bare"]
    by_name = {row[0]: row[1:] for row in rows}
    assert by_name["utterances"] == ["60", "60", "1"]
    assert by_name["text length"] == ["12 characters", "12 characters", "–"]
    assert by_name["single modality = fused label"][0] == "text 33.3 %, audio 100 %, video 100 %"


def test_what_no_corpus_states_is_left_out(found: dict[str, Any]) -> None:
    page = Page(re.sub(r"<(path|rect)([^>]*)/>", r"<\1\2></\1>", audit_page.html(found, MADE)))
    for table in page.of_class("list"):
        head, *rows = table["rows"]
        cells = zip(*rows, strict=True) if "side" not in table["class"] else (row[1:] for row in rows)
        assert all(set(texts) != {"–"} for texts in cells), head
    assert "hours" in {row[0] for row in page.tables[0]["rows"]}
    assert "readable audio" not in {row[0] for row in page.tables[0]["rows"]}, "no clip was probed"


def test_what_cannot_be_told_stands_apart_from_faults(found: dict[str, Any]) -> None:
    assert {one["section"] for one in found["findings"] if one["untold"]} >= {"media", "corpora"}
    text = audit_page.markdown(found, MADE)
    faults, untold = text.split("### What cannot be told")[:2]
    for one in found["findings"]:
        assert markdown_text(one["text"], "|*_`[") in (untold if one["untold"] else faults)


def test_markdown_has_the_same_tables_whole(found: dict[str, Any]) -> None:
    text = audit_page.markdown(found, MADE)
    page = Page(re.sub(r"<(path|rect)([^>]*)/>", r"<\1\2></\1>", audit_page.html(found, MADE)))
    widths: list[set[int]] = [set()]
    for line in text.splitlines():
        if line.startswith("|"):
            widths[-1].add(len(re.findall(r"(?<!\\)\|", line)))
        elif widths[-1]:
            widths.append(set())
    tables = [width for width in widths if width]
    assert all(len(width) == 1 for width in tables)
    assert len(tables) == len(page.of_class("list"))
    assert text.count("\n1. ") == 1
    assert f"{len(found['findings'])}. " in text


def test_the_terminal_says_it_in_25_lines(found: dict[str, Any]) -> None:
    many = {**found, "findings": found["findings"] * 9}
    for one in (found, many):
        lines = audit_page.terminal(one, "x.html").splitlines()
        assert len(lines) <= 25
        assert lines[0] == "3 of 4 corpora audited; what to know before using them:"
        assert lines[-1] == "audit: x.html"
    weights = [one["weight"] for one in found["findings"]]
    assert weights == sorted(weights, reverse=True)


def test_text_of_a_corpus_cannot_become_markup() -> None:
    bad = "<script>alert('x')</script> | *a*"
    rows = [(said(str(at), text=bad, flags=[bad], strata={bad: bad}), label("happy")) for at in range(3)]
    one = facts([corpus(rows, bad, title=bad, licence=bad, notes=[bad])])
    assert "<script" not in audit_page.html(one, MADE)
    markdown = audit_page.markdown(one, MADE)
    assert "<script" not in markdown
    assert not re.search(r"(?<!\\)\| (?<!\\)\*a", markdown)


@pytest.mark.parametrize("corpora", [[], [ABSENT], [whole()], [corpus([(said("x"), label(None))])]])
def test_there_is_a_page_for_no_corpus_an_absent_one_and_a_bare_one(corpora: list[AuditedCorpus]) -> None:
    one = facts(corpora)
    json.dumps(one, allow_nan=False)
    assert "Audit of emotion corpora" in audit_page.html(one, {})
    assert audit_page.markdown(one, {}).startswith("# Audit")
    assert audit_page.terminal(one, "x")


def test_synthetic_releases_go_through_the_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = params_of(tmp_path, corpora=("emotiontalk", "iemocap"))
    find("verb", "synth").run(params)
    for name in params["corpora"]:
        stage("prepare", params, name)
    stage("audit", params)
    found = json.loads(paths.AUDIT_JSON.read_text(encoding="utf-8"))
    assert found["synthetic"]
    assert audit_page.WATERMARK in paths.AUDIT.read_text(encoding="utf-8")
    assert audit_page.WATERMARK in paths.AUDIT_MD.read_text(encoding="utf-8")
    for one in found["corpora"].values():
        assert one["contradictions"]["scales"], "the native scale is recognised"
        assert not any(s["contradicts"] for by in one["contradictions"]["scales"].values() for s in by.values())
    one = found["corpora"]["emotiontalk"]
    assert set(one["agreement"]) == {"multimodal", "text", "audio", "video"}
    assert one["agreement"]["multimodal"]["fleiss_annotators"] == 5
    assert found["corpora"]["iemocap"]["counts"]["folded"]


def test_damaged_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResultError, match=r"utterances.jsonl: cannot be read .* run `dvc repro prepare`"):
        facts([AuditedCorpus("meld")])
    folder = paths.card("meld").parent
    folder.mkdir(parents=True)
    paths.card("meld").write_text("{}")
    paths.utterances("meld").write_text("")
    paths.labels("meld").write_text("")
    paths.media("meld").write_text("{\n")
    with pytest.raises(ResultError, match=r"media.jsonl, line 1: damaged"):
        media(AuditedCorpus("meld"))
