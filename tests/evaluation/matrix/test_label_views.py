"""Label views: trained on the labels of one modality, tested against those of another."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import recall_score
from small_studies import params_of, run_to_cells, stage

from harness.core import csv_tables, paths
from harness.core.plugins import find
from harness.report.formats import signed
from harness.report.page import html
from harness.report.questions_views import label_views
from harness.report.result_lines import frame
from harness.study import manifest, predictions
from harness.study.cells import Cell, read_cells
from harness.study.labels import EMOTION4

VIEWS = ("multimodal", "text")
OWN = {"view": "text", "test_views": ["multimodal", "text"]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def study(folder: Path, corpora: tuple[str, ...] = ("emotiontalk", "meld")) -> dict[str, Any]:
    """Two recipes that differ in the view they are trained on, tested against both."""
    params = params_of(folder, corpora=corpora)
    main = params["recipes"]["text_ngrams_zh"]
    params["recipes"] = {"main": {**main, "test_views": ["multimodal", "text"]}, "own": {**main, **OWN}}
    find("verb", "synth").run(params)
    return params


def by_key(cells: list[Cell]) -> dict[tuple[str, str, str, str], Cell]:
    return {(c.recipe, c.source, c.target, c.view): c for c in cells if c.metric == "uar"}


def test_every_view_is_tested_and_a_corpus_without_it_has_a_reason(folder: Path) -> None:
    params = study(folder)
    run_to_cells(params)
    cells = by_key(read_cells(paths.CELLS))
    assert len(cells) == 2 * 4 * 2
    assert {c.train_view for key, c in cells.items() if key[0] == "own"} == {"text"}
    assert cells["own", "meld", "emotiontalk", "text"].reason == "source_no_view:text"
    assert cells["main", "emotiontalk", "meld", "text"].reason == "target_no_view:text"
    assert cells["own", "emotiontalk", "meld", "multimodal"].value is not None
    home = [
        cells[recipe, "emotiontalk", "emotiontalk", view] for recipe, view in (("main", "multimodal"), ("own", "text"))
    ]
    assert all(c.value is not None and c.low > c.floor for c in home)
    report = html(read_cells(paths.CELLS), {"recipes": {"main": {}, "own": {}}, "primary": {"emotion4": "uar"}})
    assert "own, trained on text labels, tested on text labels" in report


def test_the_score_against_a_view_is_that_of_its_labels(folder: Path) -> None:
    """The value is recomputed here by hand from the predictions and the labels of the view."""
    params = study(folder, corpora=("emotiontalk",))
    run_to_cells(params)
    cells = by_key(read_cells(paths.CELLS))
    rows = manifest.read_labels(paths.labels("emotiontalk"))
    path = paths.prediction("own", "emotiontalk", "emotion4", "emotiontalk")
    one = predictions.read(path, EMOTION4)[0]
    for view in ("multimodal", "text"):
        hits: dict[str, list[bool]] = {}
        for name, split, scores in zip(one.ids, one.splits, one.scores, strict=True):
            truth = manifest.label_of(rows[name], "emotion4", view)
            if split == "test" and truth is not None:
                hits.setdefault(str(truth), []).append(EMOTION4.classes[int(scores.argmax())] == truth)
        enough = [of_class for of_class in hits.values() if len(of_class) >= 10]
        uar = sum(sum(one) / len(one) for one in enough) / len(enough)
        assert cells["own", "emotiontalk", "emotiontalk", view].value == pytest.approx(uar, abs=1e-6)
    assert cells["own", "emotiontalk", "emotiontalk", "text"].ceiling is None
    assert cells["own", "emotiontalk", "emotiontalk", "multimodal"].ceiling is not None


def test_what_a_view_changes_is_a_difference_on_common_utterances(folder: Path) -> None:
    """Values and differences against scikit-learn, on the utterances that carry both labels."""
    params = study(folder)
    run_to_cells(params)
    found = csv_tables.read(paths.VIEWS, "score")
    keys = [(o["change"], o["recipe"], o["source"], o["target"], o["test_view"]) for o in found]
    assert sorted(keys) == sorted(
        [
            *(("learned", "own", "emotiontalk", "emotiontalk", view) for view in ("multimodal", "text")),
            ("learned", "own", "emotiontalk", "meld", "multimodal"),
            *(("tested", name, "emotiontalk", "emotiontalk", "text") for name in ("main", "own")),
            ("tested", "main", "meld", "emotiontalk", "text"),
        ]
    )
    rows = manifest.read_labels(paths.labels("emotiontalk"))
    said = {name: _said(name) for name in ("main", "own")}
    truth = {view: {i: manifest.label_of(rows[i], "emotion4", view) for i in said["main"]} for view in VIEWS}
    both = [i for i in said["main"] if truth["multimodal"][i] is not None and truth["text"][i] is not None]
    for line in found:
        if (line["source"], line["target"]) != ("emotiontalk", "emotiontalk"):
            continue
        view = line["test_view"]
        ids = both if line["change"] == "tested" else [i for i in said["main"] if truth[view][i] is not None]
        assert int(line["n"]) == len(ids)
        sides = [(line["recipe"], view), ("main", view) if line["change"] == "learned" else (line["recipe"], VIEWS[0])]
        uar = [_uar([truth[tested][i] for i in ids], [said[name][i] for i in ids]) for name, tested in sides]
        assert [float(line["value"]), float(line["other"])] == pytest.approx(uar, abs=1e-6)
        assert float(line["difference"]) == pytest.approx(uar[0] - uar[1], abs=2e-6)
        assert float(line["low"]) < float(line["difference"]) < float(line["high"])
    floors = {o["test_view"]: (o["floor"], o["other_floor"]) for o in found if o["change"] == "tested"}
    assert floors == {"text": ("0.500000", "0.500000")}  # two of the four classes have ten rows
    asked = label_views(frame(found))
    at_home, away = (
        float(o["difference"])
        for target in ("emotiontalk", "meld")
        for o in found
        if (o["change"], o["target"], o["test_view"]) == ("learned", target, VIEWS[0])
    )
    assert len(asked.answer) == 1
    assert asked.answer[0].startswith(
        "text labels, means by space: learned instead of the main label, they change the value against the main label "
        f"by {signed(at_home)} in-domain and {signed(away)} across corpora ("
    )
    overview, learned, tested = asked.tables
    assert [row[:3] for row in overview.rows] == [
        ["text", "learned", "multimodal"],
        ["text", "learned", "text"],
        ["text", "tested", "text"],
    ]
    assert (len(learned.rows), len(tested.rows)) == (3, 3)
    assert not label_views(frame([])).tables
    stage("report", params)
    assert '<h2 id="label-views">' in paths.REPORT.read_text(encoding="utf-8")


def _uar(truth: list[Any], said: list[Any]) -> float:
    """The mean recall over the classes of ten rows or more."""
    support = Counter(truth)
    kept = [(t, p) for t, p in zip(truth, said, strict=True) if support[t] >= 10]
    return float(recall_score(*zip(*kept, strict=True), labels=sorted({t for t, _ in kept}), average="macro"))


def _said(recipe: str) -> dict[str, str]:
    one = predictions.read(paths.prediction(recipe, "emotiontalk", "emotion4", "emotiontalk"), EMOTION4)[0]
    rows = zip(one.ids, one.splits, one.scores.argmax(axis=1), strict=True)
    return {name: EMOTION4.classes[at] for name, split, at in rows if split == "test"}


def test_another_test_view_trains_nothing_again(folder: Path) -> None:
    params = study(folder, corpora=("emotiontalk",))
    run_to_cells(params)
    model = paths.model("own", "emotiontalk", "emotion4")
    before = model.stat().st_mtime_ns
    params["recipes"]["own"]["test_views"] = ["text"]
    stage("transfer", params, "own")
    assert model.stat().st_mtime_ns == before


@pytest.mark.parametrize("lacking", ["dev", "classes"])
def test_a_source_with_too_few_labels_is_a_reason_not_an_error(folder: Path, lacking: str) -> None:
    params = params_of(folder)
    find("verb", "synth").run(params)
    for corpus in params["corpora"]:
        stage("prepare", params, corpus)
        stage("features", params, "ngrams", corpus)
    splits = {row.id: row.split for row in manifest.read_utterances(paths.utterances("meld"))}
    path = paths.labels("meld")
    out = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        drop = (
            splits[row["id"]] == "dev"
            if lacking == "dev"
            else splits[row["id"]] == "train" and row["emotion4"] != "sad"
        )
        out.append(json.dumps({**row, "emotion4": None} if drop else row, ensure_ascii=False))
    path.write_text("\n".join(out) + "\n", encoding="utf-8")
    stage("transfer", params, "text_ngrams_zh")
    stage("score", params)
    reasons = {(c.source, c.target): c.reason for c in read_cells(paths.CELLS)}
    assert reasons["meld", "emotiontalk"] == reasons["meld", "meld"] == "source_too_few_labels"
    assert reasons["emotiontalk", "meld"] == ""
