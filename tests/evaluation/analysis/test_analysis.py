"""What stands behind the cells, worked out for a small study and held against cells.csv and scikit-learn."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, recall_score
from small_studies import params_of, run_to_cells, stage

from harness.core import csv_tables, paths
from harness.core.errors import ResultError
from harness.core.plugins import find
from harness.study import manifest, predictions
from harness.study.cells import Cell, read_cells
from harness.study.labels import EMOTION4
from harness.study.splits import target_rows

CORPORA = ("emotiontalk", "iemocap", "meld")
RECIPES = ("text_ngrams_zh", "text_ngrams")
TABLES = ("strata", "fairness", "calibration", "reliability", "risk", "prior", "gap", "ranks", "tests", "languages")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A study of two Chinese-route recipes on three corpora, scored and analysed; the current folder is its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("analysis"))
        external = {"llm": {"file": "llm.csv", "description": "right in four of five", "inputs": ["text"]}}
        params = params_of(Path.cwd(), CORPORA, RECIPES, external=external, statistics={"baseline": "text_ngrams"})
        params["analysis"]["recipes"].append("llm")
        find("verb", "synth").run(params)
        run_to_cells({**params, "external": {}})
        write_external()
        stage("external", params, "llm")
        stage("score", params)
        stage("analyse", params)
        stage("report", params)
        yield params


def write_external() -> None:
    """Write what a system without any of the corpora said of every test row: the truth in four of five."""
    chance = np.random.default_rng(3)
    with Path("llm.csv").open("w", encoding="utf-8") as file:
        file.write("corpus,id,space,label\n")
        for corpus in CORPORA:
            rows = target_rows(manifest.read_utterances(paths.utterances(corpus)))
            labels = manifest.read_labels(paths.labels(corpus))
            for name in rows:
                label = manifest.label_of(labels[name], "emotion4")
                said = label if label is not None and chance.random() < 0.8 else chance.choice(EMOTION4.classes)
                file.write(f"{corpus},{name},emotion4,{said}\n")


def lines(name: str, **wanted: str) -> list[dict[str, str]]:
    """The lines of a table whose columns have these values; there is at least one."""
    found = csv_tables.read(paths.ANALYSIS / f"{name}.csv", "analyse")
    found = [line for line in found if all(line[key] == value for key, value in wanted.items())]
    assert found
    return found


def cell(metric: str, source: str, target: str, recipe: str = "text_ngrams_zh") -> Cell:
    (one,) = [
        c
        for c in read_cells(paths.CELLS)
        if (c.recipe, c.metric, c.source, c.target) == (recipe, metric, source, target)
    ]
    return one


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_written_and_every_line_has_a_value_or_a_reason(study: dict[str, Any], name: str) -> None:
    for line in lines(name):
        if "reason" in line and "value" in line:
            assert line["value"] or line["reason"], line


def test_a_stratum_is_scikit_learns_recall_of_its_rows(study: dict[str, Any]) -> None:
    rows = {row.id: row for row in manifest.read_utterances(paths.utterances("iemocap"))}
    labels = manifest.read_labels(paths.labels("iemocap"))
    (said,) = predictions.read(paths.prediction("text_ngrams_zh", "meld", "emotion4", "iemocap"), EMOTION4)
    for sex in ("female", "male"):
        at = [i for i, name in enumerate(said.ids) if said.splits[i] == "test" and rows[name].gender == sex]
        truth = [manifest.label_of(labels[said.ids[i]], "emotion4") for i in at]
        known = [
            (t, EMOTION4.classes[said.scores[i].argmax()]) for t, i in zip(truth, at, strict=True) if t is not None
        ]
        expected = recall_score(*zip(*known, strict=True), labels=sorted({t for t, _ in known}), average="macro")
        (line,) = lines("strata", recipe="text_ngrams_zh", source="meld", target="iemocap", kind="gender", stratum=sex)
        assert float(line["value"]) == pytest.approx(expected, abs=1e-6)
        assert int(line["rows"]) == len(known)


def test_strata_of_a_kind_hold_every_row_once(study: dict[str, Any]) -> None:
    for target, kind in (("iemocap", "gender"), ("iemocap", "performance")):
        ours = lines("strata", recipe="text_ngrams_zh", source=target, target=target, kind=kind)
        assert sum(int(line["rows"]) for line in ours) == cell("uar", target, target).n


def test_calibration_before_scaling_is_that_of_the_cells(study: dict[str, Any]) -> None:
    for source, target in (("meld", "emotiontalk"), ("iemocap", "iemocap"), ("iemocap", "meld")):
        (raw,) = lines("calibration", recipe="text_ngrams_zh", source=source, target=target, state="raw")
        assert float(raw["ece"]) == pytest.approx(cell("ece", source, target).value, abs=2e-6)


def test_brier_is_scikit_learns(study: dict[str, Any]) -> None:
    (said,) = predictions.read(paths.prediction("text_ngrams_zh", "meld", "emotion4", "emotiontalk"), EMOTION4)
    labels = manifest.read_labels(paths.labels("emotiontalk"))
    truth = [manifest.label_of(labels[name], "emotion4") for name in said.ids]
    at = [i for i, t in enumerate(truth) if t is not None and said.splits[i] == "test"]
    scores = said.scores[at].astype(float)
    expected = sum(
        brier_score_loss([truth[i] == name for i in at], scores[:, k]) for k, name in enumerate(EMOTION4.classes)
    )
    (raw,) = lines("calibration", recipe="text_ngrams_zh", source="meld", target="emotiontalk", state="raw")
    assert float(raw["brier"]) == pytest.approx(expected, abs=1e-5)


def test_the_best_temperature_for_the_truth_is_the_least_loss(study: dict[str, Any]) -> None:
    for line in (line for recipe in RECIPES for line in lines("calibration", recipe=recipe, state="oracle")):
        keys = {key: line[key] for key in ("recipe", "source", "target")}
        for state in ("raw", "tempered"):
            (other,) = lines("calibration", state=state, **keys)
            assert float(line["nll"]) <= float(other["nll"]) + 1e-5


def test_the_parts_of_a_gap_sum_to_the_gap_of_the_cell(study: dict[str, Any]) -> None:
    for source, target in (("meld", "emotiontalk"), ("iemocap", "meld"), ("meld", "iemocap")):
        for metric in ("uar", "wf1"):
            terms = {
                line["term"]: float(line["value"])
                for line in lines(
                    "gap", scores="raw", recipe="text_ngrams_zh", source=source, target=target, metric=metric
                )
            }
            assert terms["gap"] == pytest.approx(cell(metric, source, target).gap, abs=2e-6)
            assert terms["prior"] + terms["coverage"] + terms["feature"] == pytest.approx(terms["gap"], abs=2e-6)


def test_the_true_prior_is_no_distance_away(study: dict[str, Any]) -> None:
    for line in (line for recipe in RECIPES for line in lines("prior", recipe=recipe)):
        assert float(line["uar_before"]) == pytest.approx(
            cell("uar", line["source"], line["target"], line["recipe"]).value, abs=2e-6
        )
        if line["method"] == "oracle":
            assert float(line["distance"]) == 0
        assert line["reason"] or float(line["uar"]) >= 0


def test_risk_falls_to_the_error_of_all_rows(study: dict[str, Any]) -> None:
    ours = lines("risk", recipe="text_ngrams_zh", source="meld", target="meld")
    coverage = [float(line["coverage"]) for line in ours]
    assert all(a < b for a, b in pairwise(coverage))
    assert coverage[-1] == 1
    assert float(ours[-1]["risk"]) == pytest.approx(1 - cell("wa", "meld", "meld").value, abs=2e-6)


def test_languages_are_means_of_cells(study: dict[str, Any]) -> None:
    (line,) = lines("languages", recipe="text_ngrams_zh", of="value")
    within = [cell("uar", "iemocap", "meld").value, cell("uar", "meld", "iemocap").value]
    assert float(line["within"]) == pytest.approx(np.mean(within), abs=1e-6)
    assert int(line["across_cells"]) == 4
    assert float(line["smallest_p"]) == pytest.approx(1 / 3, abs=1e-6)


def test_class_shares_by_language_are_those_of_the_predictions(study: dict[str, Any]) -> None:
    said: dict[str, list[str]] = {"zh": [], "en": []}
    for target in CORPORA:
        found = predictions.read(paths.prediction("text_ngrams_zh", "meld", "emotion4", target), EMOTION4)[0]
        labels = manifest.read_labels(paths.labels(target))
        for at, name in enumerate(found.ids):
            if found.splits[at] == "test" and manifest.label_of(labels[name], "emotion4") is not None:
                said["zh" if target == "emotiontalk" else "en"].append(EMOTION4.classes[found.scores[at].argmax()])
    ours = lines("language_shares", recipe="text_ngrams_zh", source="meld", of="predicted", language="zh")
    assert len(ours) == 4
    assert {line["passed"] for line in lines("language_shares", of="truth")} <= {"yes", "no"}
    zh, en = (np.mean([one == "sad" for one in said[language]]) for language in ("zh", "en"))
    (sad,) = [line for line in ours if line["check"] == "proportion/sad"]
    assert float(sad["value"]) == pytest.approx(zh - (zh + en) / 2, abs=1e-4)  # counts have two decimals


def test_recipes_are_compared_on_the_rows_that_all_predicted(study: dict[str, Any]) -> None:
    found = csv_tables.read(paths.COMPARISON, "score")
    (every,) = [o for o in found if o["scope"] == "all" and o["first"] == "text_ngrams_zh" and o["p"]]
    means = [
        np.mean([cell("uar", s, t, recipe).value for t in CORPORA for s in CORPORA if s != t])
        for recipe in ("text_ngrams_zh", "text_ngrams")
    ]
    assert (every["first"], every["second"], every["cells"]) == ("text_ngrams_zh", "text_ngrams", "6")
    assert float(every["difference"]) == pytest.approx(means[0] - means[1], abs=1e-6)
    assert float(every["low"]) < float(every["difference"]) < float(every["high"])
    assert every["p"] == every["smallest_p"]  # the route decides
    assert float(every["p_holm"]) == pytest.approx(2 * float(every["p"]), abs=1e-5)  # the first of two


def test_predictions_made_elsewhere_stand_beside_the_recipes(study: dict[str, Any]) -> None:
    values = {c.target: c.value for c in read_cells(paths.CELLS) if (c.recipe, c.metric) == ("llm", "uar")}
    assert min(value or 0 for value in values.values()) > 0.7
    (against,) = [
        o for o in csv_tables.read(paths.COMPARISON, "score") if (o["first"], o["scope"]) == ("llm", "all") and o["p"]
    ]
    ngrams = np.mean([cell("uar", s, t, "text_ngrams").value for t in CORPORA for s in CORPORA if s != t])
    assert float(against["difference"]) == pytest.approx(np.mean(list(values.values())) - ngrams, abs=1e-5)
    assert float(lines("ranks", recipe="llm")[0]["rank"]) < 1.5
    (tempered,) = lines("calibration", recipe="llm", target="meld", state="tempered")
    assert tempered["reason"] == "no_labelled_dev_rows"
    assert lines("strata", recipe="llm", source="none", target="iemocap", kind="gender")
    page = paths.REPORT.read_text(encoding="utf-8")
    assert "made elsewhere" in page
    assert "best cross-corpus cell is" in page  # the pairs that recipes have in common are still found


def test_the_report_answers_and_every_table_is_a_file(study: dict[str, Any]) -> None:
    page = paths.REPORT.read_text(encoding="utf-8")
    for anchor in ("recipes-compared", "languages", "gap-parts", "strata", "calibration", "prior"):
        assert f'<h2 id="{anchor}">' in page
    assert "text_ngrams_zh, llm are better" in page
    assert not re.search(r">nan<|\bnan\b", page.lower())
    names = {path.stem for path in paths.TABLES.glob("*.csv")}
    assert {"gap-overview", "prior-overview", "calibration-overview", "against-emotion4", "ranks-emotion4"} <= names
    assert names <= {path.stem for path in paths.TABLES.glob("*.tex")}
    for path in paths.TABLES.glob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert len(set(header)) == len(header), f"{path.name}: two columns of one name"
    text = (paths.TABLES / "gap-overview.csv").read_text(encoding="utf-8")
    assert text.startswith("space,recipe,metric,gap,prior,coverage,feature\nemotion4,")
    assert "−" not in text


def test_a_number_that_is_none_is_never_written() -> None:
    assert csv_tables.text(["a", "b"], [[None, 0.5], ["x", 2]]) == "a,b\n,0.500000\nx,2\n"
    with pytest.raises(ResultError, match="column b: nan"):
        csv_tables.text(["a", "b"], [["x", float("nan")]])
    with pytest.raises(ResultError, match="a line of 1 cells in a table of 2 columns"):
        csv_tables.text(["a", "b"], [["x"]])


def test_facts_name_the_baseline(study: dict[str, Any]) -> None:
    assert json.loads(paths.STUDY.read_text())["bootstrap"]["baseline"] == "text_ngrams"
