"""Cases of the protocols in worlds of known truth, against plain scikit-learn where there is a plain way."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from small_studies import stage
from worlds import recipe, study

from harness.core import paths
from harness.core.errors import ResultError, SettingError
from harness.features import store as features
from harness.study import cells as transfer
from harness.study import manifest, predictions
from harness.study import splits as single_source
from harness.study.labels import EMOTION4
from harness.training import protocol_case
from harness.training.protocol_case_plan import planned
from harness.training.protocol_case_rows import learned

CORPORA = ("emotiontalk", "meld", "iemocap")
PLAIN = {"settings": {"c": [0.01]}}
ROWS = {"text": recipe(text=True, **PLAIN), "own": recipe(text=True, normalise="target_std", **PLAIN)}


def protocols(params: dict[str, Any], **rows: dict[str, Any]) -> None:
    params["protocols"] = {name: {"spaces": ["emotion4"], **row} for name, row in rows.items()}
    for name in rows:
        stage("protocols", params, name)


def raw(corpus: str, ids: list[str]) -> np.ndarray:
    store = features.read(paths.features("said", corpus, "native"))
    place = {name: at for at, name in enumerate(store.ids)}
    return np.asarray(store.matrix)[[place[name] for name in ids]]


def labelled(corpus: str, splits: tuple[str, ...]) -> tuple[list[str], list[str]]:
    rows, labels = manifest.read_utterances(paths.utterances(corpus)), manifest.read_labels(paths.labels(corpus))
    fold = single_source.folds(rows)[0]
    chosen = {name for split in splits for name in getattr(fold, split)}
    known = [(row.id, manifest.label_of(labels[row.id], "emotion4", "multimodal")) for row in rows if row.id in chosen]
    return [name for name, label in known if label], [str(label) for _, label in known if label]


def scores(path: str) -> dict[tuple[str, int], dict[str, np.ndarray]]:
    return {
        (one.fold, one.seed): dict(zip(one.ids, one.scores, strict=True))
        for one in predictions.read(Path(path), EMOTION4)
    }


def cell(protocol: str, **wanted: str) -> dict[str, Any]:
    plan = json.loads(paths.case_plan(protocol).read_text(encoding="utf-8"))
    (found,) = [one for one in plan["cells"] if all(one[key] == value for key, value in wanted.items())]
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Two small corpora and their models, for tests that train nothing."""
    folder = tmp_path_factory.mktemp("cases")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return folder, study(folder, {"text": ROWS["text"]}, utterances=120)


@pytest.fixture
def small(made: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(made[0])
    shutil.rmtree(paths.PROTOCOLS, ignore_errors=True)
    return dict(made[1])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ROWS)
def test_leave_one_out_is_logistic_regression_on_the_others_together(here: Path, name: str) -> None:
    params = study(here, {name: ROWS[name]}, corpora=CORPORA, shift=0.5)
    protocols(params, leave_one_corpus_out={"recipes": [name]})
    found = scores(cell("leave_one_corpus_out", target="meld")["file"])
    parts = [
        (corpus, *labelled(corpus, ("train", "test") if corpus == "iemocap" else ("train",)))
        for corpus in ("emotiontalk", "iemocap")
    ]

    def own(corpus: str, x: np.ndarray) -> np.ndarray:
        if name != "own":
            return x
        rows = manifest.read_utterances(paths.utterances(corpus))
        all_ = raw(corpus, [row.id for row in rows if row.split == "train"])
        return (x - all_.mean(axis=0)) / all_.std(axis=0)

    x = np.concatenate([own(corpus, raw(corpus, ids)) for corpus, ids, _ in parts])
    y = [label for _, _, labels in parts for label in labels]
    mean, std = x.mean(axis=0), x.std(axis=0)
    model = LogisticRegression(C=0.01, class_weight="balanced", tol=1e-8, max_iter=2000).fit((x - mean) / std, y)
    ids = list(found["all", 1])
    wanted = model.predict_proba((own("meld", raw("meld", ids)) - mean) / std)
    order = [list(model.classes_).index(one) for one in EMOTION4.classes]
    np.testing.assert_allclose(np.array(list(found["all", 1].values())), wanted[:, order], atol=2e-3)


def test_few_shots_mend_what_a_shift_broke_and_the_score_knows_protocol_and_variant(here: Path) -> None:
    params = study(here, {"text": ROWS["text"]}, corpora=("emotiontalk", "meld"), shift=6.0, utterances=900)
    protocols(params, few_shot={"recipes": ["text"], "shots": [2, 15]})
    stage("score", params)
    cells = [one for one in transfer.read_cells(paths.CELLS) if one.metric == "uar" and one.target == "meld"]
    few = {(one.source, one.variant): one for one in cells if one.protocol == "few_shot"}
    (zero,) = [one for one in transfer.in_matrix(cells) if one.source == "emotiontalk"]
    assert zero.value is not None
    pooled = few["emotiontalk", "k=15"]
    assert pooled.value is not None
    assert pooled.value > zero.value + 0.1
    assert few["none", "k=15"].value is not None
    assert pooled.replicates == 2
    assert pooled.gap == pytest.approx(pooled.value - zero.in_domain, abs=1e-5)
    assert len(transfer.in_matrix(cells)) == 2


def test_the_oracle_selects_on_target_dev_and_says_so(here: Path) -> None:
    rows = {"text": recipe(text=True, settings={"c": [1e-5, 1e-2]})}
    params = study(here, rows, corpora=CORPORA)
    protocols(params, oracle={"recipes": ["text"]})
    stage("score", params)
    cells = [one for one in transfer.read_cells(paths.CELLS) if one.protocol == "oracle" and one.metric == "uar"]
    assert {one.selection for one in cells} == {"target_dev_one_standard_error"}
    assert len([one for one in cells if one.value is not None]) == 6


def test_a_pooled_target_of_sessions_is_tested_fold_by_fold(here: Path) -> None:
    params = study(here, {"text": ROWS["text"]}, corpora=CORPORA)
    protocols(params, pooled={"recipes": ["text"]})
    found = scores(cell("pooled", target="iemocap")["file"])
    assert len(found) == 5
    together = [name for one in found.values() for name in one]
    assert len(together) == len(set(together))
    stage("score", params)
    (one,) = [
        one
        for one in transfer.read_cells(paths.CELLS)
        if (one.protocol, one.target, one.metric) == ("pooled", "iemocap", "uar")
    ]
    assert one.replicates == 1
    assert one.coverage is not None


def test_what_is_taken_away_is_not_seen_and_nothing_taken_away_changes_nothing(here: Path) -> None:
    rows = {"all": recipe(True, True, True, **PLAIN), "text": recipe(text=True, **PLAIN)}
    params = study(here, rows, corpora=("emotiontalk", "meld"), lost=0.2)
    options = {"recipes": ["all"], "rates": [0.0, 0.5], "fills": ["mask", "zero", "mean", "retrain"]}
    protocols(params, missing_modality=options)
    full = scores(paths.prediction("all", "emotiontalk", "emotion4", "meld").as_posix())["all", 1]

    def variant(name: str) -> dict[str, np.ndarray]:
        path = cell("missing_modality", source="emotiontalk", target="meld", variant=name)["file"]
        return scores(path)["all", 1]

    for fill in ("mask", "zero", "mean"):
        for name, row in variant(f"{fill}:rate=0.0").items():
            np.testing.assert_array_equal(row, full[name])
        lost = variant(f"{fill}:rate=0.5")
        assert np.mean([np.abs(lost[name] - full[name]).max() > 1e-6 for name in lost]) > 0.5
    masked, mean = variant("mask:ta"), variant("mean:ta")
    for name, row in masked.items():  # the mean of a standardised feature is what stands for an absent one
        np.testing.assert_allclose(row, mean[name], atol=1e-5)
    retrained, alone = (
        variant("retrain:t"),
        scores(paths.prediction("text", "emotiontalk", "emotion4", "meld").as_posix())["all", 1],
    )
    for name, row in retrained.items():
        np.testing.assert_allclose(row, alone[name], atol=1e-6)
    assert set(variant("mask:v")) < set(full), "an utterance without a face has nothing left"


def test_a_second_run_trains_nothing_and_a_new_option_only_what_is_new(here: Path) -> None:
    params = study(here, {"text": ROWS["text"]}, corpora=("emotiontalk", "meld"))
    protocols(params, few_shot={"recipes": ["text"], "shots": [2]})
    before = {path: path.stat().st_mtime_ns for path in paths.PROTOCOLS.rglob("*.parquet")}
    protocols(params, few_shot={"recipes": ["text"], "shots": [2, 4]})
    after = {path: path.stat().st_mtime_ns for path in paths.PROTOCOLS.rglob("*.parquet")}
    assert len(after) == 2 * len(before)
    assert all(after[path] == time for path, time in before.items())
    protocols(params, few_shot={"recipes": ["text"], "shots": [4]})
    assert set(paths.PROTOCOLS.rglob("*.parquet")) == set(after) - set(before)


def test_a_case_that_was_lost_while_it_was_joined_is_joined_again(here: Path) -> None:
    params = study(here, {"text": ROWS["text"]}, corpora=CORPORA, utterances=200)
    (case,) = [
        of for of in planned({**params, "protocols": {"pooled": POOLED}}, "pooled") if of.case.target == "iemocap"
    ]
    runs = [protocol_case.CasePiece(case, False, at) for at in range(5)]
    for run in runs:
        protocol_case.work(run)
    protocol_case.join(runs)
    joined = case.path.read_bytes()
    assert not case.work.exists()
    assert protocol_case.is_joined(runs)
    protocol_case.join(runs)
    assert case.path.read_bytes() == joined
    case.path.unlink()
    with pytest.raises(ResultError):
        protocol_case.join(runs)


POOLED = {"recipes": ["text"], "spaces": ["emotion4"]}
NETWORK = {"hidden": 8, "layers": 1, "dropout": 0.0, "lr": 0.01, "weight_decay": 0.01, "batch": 64, "epochs": 4}


@pytest.mark.parametrize("search", [{}, {"lr": [0.001, 0.01], "draws": 2}])
def test_seeds_as_one_batch_and_runs_in_pieces_of_their_own_change_nothing(here: Path, search: dict[str, Any]) -> None:
    settings = {**NETWORK, "patience": 4, **search}
    params = study(here, {"net": recipe(text=True, fusion="mlp", settings=settings)}, corpora=CORPORA, utterances=200)
    found = []
    for batched in (False, True):
        params["engine"] |= {"batch": batched}
        shutil.rmtree(paths.PROTOCOLS, ignore_errors=True)
        protocols(params, pooled={"recipes": ["net"]})
        found.append(scores(cell("pooled", target="iemocap")["file"]))
        assert not list(paths.WORK.glob("*/*.parquet")), "the runs are joined and deleted"
    assert len(found[0]) == 5 * len(params["training"]["seeds"]), "five folds, each a run of its own"
    assert found[0].keys() == found[1].keys()
    for replicate, said in found[0].items():
        for name, values in said.items():
            np.testing.assert_allclose(found[1][replicate][name], values, atol=1e-4)


def test_reasons_are_counted(small: Any, capsys: pytest.CaptureFixture[str]) -> None:
    small["protocols"] = {"leave_one_corpus_out": {"recipes": ["text"], "spaces": ["emotion4"]}}
    stage("protocols", small, "leave_one_corpus_out")
    said = "leave_one_corpus_out: 0 of 2 cases predicted\n  without: 2 fewer than two corpora can be learned from\n"
    assert capsys.readouterr().out.endswith(said)


def test_what_there_is_to_draw_from_is_counted_in_the_smallest_fold(here: Path) -> None:
    params = study(here, {"text": ROWS["text"]}, corpora=CORPORA, utterances=240)
    fold, folds = labelled("iemocap", ("train",))[1], labelled("iemocap", ("train", "dev", "test"))[1]
    most = min(folds.count(name) for name in EMOTION4.classes)
    assert min(fold.count(name) for name in EMOTION4.classes) < most
    row = {"recipes": ["text"], "spaces": ["emotion4"]}
    params["protocols"] = {"few_shot": {**row, "shots": [most]}, "size_matched": row}
    few = {one.case.target: one.case.reason for one in planned(params, "few_shot") if one.case.source == "none"}
    assert few["iemocap"].startswith("target_has_")
    sizes = {
        sum(len(learned(part, job.recipe, "emotion4")) for part in run.train)
        for job in planned(params, "size_matched")
        for run in job.case.runs
    }
    assert len(sizes) == 1


def test_adaptation_mends_a_shift_without_a_label_and_is_called_transductive(here: Path) -> None:
    network = {"hidden": 24, "layers": 2, "dropout": 0.1, "lr": 0.003, "weight_decay": 0.01, "batch": 64}
    rows = {
        "net": recipe(text=True, fusion="mlp", settings={**network, "epochs": 16, "patience": 16}),
        "plain": ROWS["text"],
    }
    params = study(here, rows, corpora=("emotiontalk", "meld"), shift=2.0, utterances=900)
    names = ("coral", "mmd", "dann")
    protocols(
        params, **{name: {"recipes": ["net"]} for name in names}, linear={"protocol": "coral", "recipes": ["plain"]}
    )
    stage("score", params)
    cells = [one for one in transfer.read_cells(paths.CELLS) if one.metric == "uar" and one.source != one.target]
    honest = {(one.recipe, one.target): one.value or 0 for one in transfer.in_matrix(cells)}
    for name in (*names, "linear"):
        found = [one for one in cells if one.protocol == f"{name}_transductive"]
        assert len(found) == 2
        gains = [(one.value or 0) - honest[one.recipe, one.target] for one in found]
        assert np.mean(gains) > 0.02, (name, gains)
    with pytest.raises(SettingError, match="aligns networks, and recipe plain is linear"):
        protocols(params, mmd={"recipes": ["plain"]})
