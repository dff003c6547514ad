"""Estimates of transferability in a study: from train rows of the target alone, ranked against what happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import worlds
from small_studies import params_of, run_to_cells, stage
from worlds import recipe

from harness.core import csv_tables, memory, paths
from harness.core.plugins import find
from harness.evaluation.transferability import against_cells
from harness.evaluation.transferability import pairs as foresee
from harness.study import manifest
from harness.study.cells import Cell
from harness.study.labels import EMOTION4
from harness.training import model_files
from harness.training.corpus_features import corpus_features, with_modalities
from harness.training.predictor import predict

CORPORA = ("emotiontalk", "m3ed", "meld", "iemocap")
RECIPE = "text_ngrams_zh"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A study of one recipe on four corpora, one of them without an official split."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("foresee"))
        params = params_of(Path.cwd(), CORPORA, (RECIPE,), foresee={"recipes": [RECIPE], "spaces": ["emotion4"]})
        find("verb", "synth").run(params)
        run_to_cells(params)
        stage("foresee", params)
        yield params


def lines(name: str, **wanted: str) -> list[dict[str, str]]:
    found = csv_tables.read(paths.FORESEEN / f"{name}.csv", "foresee")
    return [line for line in found if all(line[key] == value for key, value in wanted.items())]


def test_every_pair_has_every_estimate_or_a_reason(study: dict[str, Any]) -> None:
    every = lines("estimates")
    assert len(every) == 12 * 8
    for line in every:
        assert bool(line["value"]) != bool(line["reason"]), line
    assert {line["reason"] for line in lines("estimates", target="iemocap")} == {foresee.DIVIDED}
    assert {line["reason"] for line in lines("estimates", target="meld")} == {""}


def test_leep_is_its_formula_on_the_train_rows(study: dict[str, Any]) -> None:
    recipe = with_modalities(dict(study["recipes"][RECIPE]), study["encoders"])
    memory.forget()
    target = corpus_features("meld", recipe)
    train = {row.id for row in target.prepared.utterances if row.split == "train"}
    truth = {name: label for name, label in target.labels("emotion4").items() if name in train}
    (one,) = model_files.read(paths.model(RECIPE, "emotiontalk", "emotion4")).replicates
    p = predict(find("fusion", "linear"), one.arrays, target.rows(list(truth)), EMOTION4, recipe, one.chosen).astype(
        float
    )
    y = np.array([EMOTION4.classes.index(str(label)) for label in truth.values()])
    joint = np.array([p[y == k].sum(axis=0) for k in range(4)]) / len(y)  # (y, z)
    given = joint / joint.sum(axis=0)
    expected = np.log((p * given[y]).sum(axis=1)).mean()
    (line,) = lines("estimates", estimator="leep", source="emotiontalk", target="meld")
    assert float(line["value"]) == pytest.approx(expected, abs=1e-5)


def test_no_label_of_a_test_row_is_seen(study: dict[str, Any]) -> None:
    before = (paths.FORESEEN / "estimates.csv").read_bytes()
    path = paths.labels("meld")
    kept, split = path.read_text(encoding="utf-8"), {}
    for row in manifest.read_utterances(paths.utterances("meld")):
        split[row.id] = row.split
    rows = [json.loads(line) for line in kept.splitlines()]
    try:
        for row in rows:
            if split[row["id"]] == "test":
                row["emotion4"] = "sad"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        stage("foresee", study)
        assert (paths.FORESEEN / "estimates.csv").read_bytes() == before
        for row in rows:
            if split[row["id"]] == "train":
                row["emotion4"] = "sad"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        stage("foresee", study)
        assert (paths.FORESEEN / "estimates.csv").read_bytes() != before
    finally:
        path.write_text(kept, encoding="utf-8")
        stage("foresee", study)


def test_estimates_that_say_what_happened_rank_it(study: dict[str, Any]) -> None:
    pairs = [(s, t) for s in CORPORA for t in CORPORA if s != t]
    values = np.linspace(0.3, 0.6, len(pairs))
    found = [
        ["emotion4", "r", s, t, "leep_over_entropy", float(v), "labels", ""]
        for (s, t), v in zip(pairs, values, strict=True)
    ]
    cells = [
        Cell("emotion4", "multimodal", "r", s, t, "single_source", "source_dev", "uar", value=float(v))
        for (s, t), v in zip(pairs, values, strict=True)
    ]
    judged = list(against_cells.ranks(found, cells, {"emotion4": "uar"}))
    at = {name: place for place, name in enumerate(against_cells.COLUMNS)}
    for line in judged:
        if line[at["outcome"]] == "value" and line[at["scope"]] == "overall":
            assert line[at["value"]] == pytest.approx(1)
            assert line[at["p_joint"]] == pytest.approx(line[at["smallest_p"]])
            assert line[at["smallest_p"]] >= 1 / 24 - 1e-9
    assert {line[at["reason"]] for line in judged if line[at["outcome"]] == "ratio"} == {"too_few_pairs"}


def test_what_groups_by_target_is_ranked_within_a_target_alone(study: dict[str, Any]) -> None:
    for name in ("leep", "logme"):
        (line,) = lines("ranks", estimator=name, coefficient="spearman", scope="overall", outcome="value")
        assert (line["value"], line["reason"]) == ("", against_cells.OF_ONE_TARGET)
        (line,) = lines("ranks", estimator=name, coefficient="spearman", scope="within_target", outcome="value")
        assert line["value"]
        assert (line["p_joint"], line["reason"]) == ("", "p_joint:some_pairs_are_missing"), "iemocap is no target"


def test_sources_differ_where_the_target_is_standardised_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = {"own": recipe(text=True, normalise="target_std", settings={"c": [0.01]})}
    params = worlds.study(tmp_path, rows, corpora=CORPORA[:3], utterances=120)
    for name in ("logme", "h_score"):
        found = []
        for source in CORPORA[:2]:
            job = foresee.CorpusPair(params, "own", rows["own"], "emotion4", source, CORPORA[2])
            (line,) = [line for line in foresee.work(job) if line[4] == name]
            found.append(line[5])
        assert found[0] is not None
        assert found[0] != found[1]


def test_a_target_without_a_labelled_train_row_has_a_reason(study: dict[str, Any]) -> None:
    path = paths.labels("meld")
    kept = path.read_text(encoding="utf-8")
    train = {row.id for row in manifest.read_utterances(paths.utterances("meld")) if row.split == "train"}
    rows = [json.loads(line) for line in kept.splitlines()]
    try:
        bare = [{**row, "emotion4": None} if row["id"] in train else row for row in rows]
        path.write_text("".join(json.dumps(row) + "\n" for row in bare), encoding="utf-8")
        memory.forget()
        job = foresee.CorpusPair(study, RECIPE, study["recipes"][RECIPE], "emotion4", "emotiontalk", "meld")
        assert {line[-1] for line in foresee.work(job)} == {foresee.UNLABELLED}
    finally:
        path.write_text(kept, encoding="utf-8")
        memory.forget()


def test_nothing_asked_is_nothing_estimated(study: dict[str, Any]) -> None:
    stage("foresee", {**study, "foresee": {"recipes": [], "spaces": []}})
    assert lines("estimates") == lines("ranks") == []
    stage("foresee", study)
    assert lines("ranks")
