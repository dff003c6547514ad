"""Predictions made elsewhere, scored as any recipe: which rows are kept, and what they become."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from externals import CORPORA, NAME, give, labelled, prepare, right, scored, split_of, take, truths
from small_studies import CHECKOUT, stage

from harness.core import paths
from harness.core.errors import ReleaseError
from harness.core.files import read_json
from harness.evaluation.external.cells import cells
from harness.evaluation.external.predictions_file import PredictionsFile
from harness.evaluation.external.rows import read
from harness.study import manifest, predictions, splits
from harness.study.labels import EMOTION4, POLARITY3
from harness.study.prepared import PreparedCorpus

PAGE = (CHECKOUT / "docs" / "external-predictions.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("external")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return folder, prepare(folder)


@pytest.fixture
def params(prepared: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(prepared[0])
    return copy.deepcopy(prepared[1])


def test_right_answers_score_one_in_every_space(params: dict[str, Any]) -> None:
    rows = [row for corpus in CORPORA for space in ("emotion4", "polarity3") for row in right(corpus, space)]
    made = take(params, rows + right("iemocap", "valence"))
    assert made["valence", "none", "meld"]["reason"] == "target_not_annotated"
    assert len(made) == 9
    found = scored(params)
    for corpus in CORPORA:
        cell = found["emotion4", f"none->{corpus}"]
        assert (cell.value, cell.gap, cell.in_domain) == (1.0, None, None)
        assert "not predicted" not in cell.warnings
    assert found["valence", "none->iemocap"].value == pytest.approx(1, abs=1e-6)
    assert found["valence", "none->emotiontalk"].reason == "not_predicted"
    shape = read_json(paths.plan(NAME), "")
    assert shape["settings"]["inputs"] == ["text"]
    assert shape["settings"]["fusion"] == "external"
    assert (shape["recipe"], shape["rows"]) == (NAME, [])


def test_only_rows_that_may_be_tested_are_kept(params: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"corpus": "meld", "id": name, "space": "emotion4", "label": one}
            for name, one in reversed(truths("meld", "emotion4").items())]  # fmt: skip
    cell = take(params, rows)["emotion4", "none", "meld"]
    (kept,) = predictions.read(Path(cell["file"]), EMOTION4)
    assert dict(zip(kept.ids, kept.splits, strict=True)) == split_of("meld")
    assert (kept.fold, kept.seed) == ("all", 0)
    train = len(rows) - len(kept.ids)
    assert train > 0
    assert f"{len(kept.ids)} of {len(rows)} rows used\n  not used: {train} train\n" in capsys.readouterr().out


def test_parquet_and_csv_and_probabilities_say_the_same(params: dict[str, Any]) -> None:
    chance = np.random.default_rng(1)
    columns = [f"p_{name}" for name in POLARITY3.classes]
    rows = [{**row, **dict(zip(columns, chance.dirichlet(np.ones(3)).tolist(), strict=True))}
            for row in right("meld", "polarity3")]  # fmt: skip
    for row in rows:
        del row["label"], row["space"]
    said = []
    for file in ("given.csv", "given.parquet"):
        cell = take(params, rows, file=file, space="polarity3")["polarity3", "none", "meld"]
        (kept,) = predictions.read(Path(cell["file"]), POLARITY3)
        said.append(dict(zip(kept.ids, kept.scores.tolist(), strict=True)))
    assert said[0] == said[1]
    for row in rows:
        assert said[0][row["id"]] == pytest.approx([row[name] for name in columns], abs=1e-6)


def test_a_source_has_its_own_cells_and_seeds_are_replicates(params: dict[str, Any]) -> None:
    wrong = [{**row, "label": "anger"} for row in right("iemocap", source="meld", seed=2)]
    rows = right("meld", source="meld") + right("meld", source="meld", seed=2) + right("iemocap", source="meld")
    made = take(params, rows + wrong)
    assert {source for _, source, _ in made} == {"meld"}
    assert made["emotion4", "meld", "emotiontalk"]["reason"] == "not_predicted"
    found = scored(params)
    assert found["emotion4", "meld->meld"].value == 1.0
    away = found["emotion4", "meld->iemocap"]
    assert (away.value, away.replicates) == ((1 + 1 / 4) / 2, 2)
    assert away.gap is None, "no in-domain value of iemocap"


def test_as_many_rows_that_are_others_have_no_gap(params: dict[str, Any]) -> None:
    home, away = right("meld", source="meld"), right("meld", source="emotiontalk")
    known = labelled(home)
    gone = {id(home[known[0]]), id(away[known[-1]])}  # one labelled row each, not the same
    for rows, paired in (([*home, *away], True), ([row for row in [*home, *away] if id(row) not in gone], False)):
        take(params, rows, partial=True)
        cell = scored(params)["emotion4", "emotiontalk->meld"]
        assert (cell.value, cell.in_domain, cell.n) == (1.0, 1.0, len(known) - (not paired))
        assert (cell.gap is not None) == paired


def test_the_order_of_the_rows_does_not_matter(params: dict[str, Any]) -> None:
    rows = right("meld", seed=1) + [{**row, "label": "sad"} for row in right("meld", seed=2)]
    file = Path(take(params, rows)["emotion4", "none", "meld"]["file"])
    before = [(one.seed, one.ids, one.scores.tolist()) for one in predictions.read(file, EMOTION4)]
    take(params, [rows[at] for at in np.random.default_rng(1).permutation(len(rows))])
    after = [(one.seed, one.ids, one.scores.tolist()) for one in predictions.read(file, EMOTION4)]
    assert before == after
    assert [seed for seed, _, _ in after] == [1, 2]


def test_corpora_of_one_family_are_not_set_against_each_other(params: dict[str, Any]) -> None:
    give(right("meld", source="meld") + right("iemocap", source="meld") + right("emotiontalk", source="meld"))
    targets = {name: PreparedCorpus(name) for name in CORPORA}
    targets["iemocap"].card = {**targets["iemocap"].card, "family": targets["meld"].card["family"]}
    rows = read(PredictionsFile(Path("given.csv")), None, {name: target.ids for name, target in targets.items()})
    reasons = {cell.target: cell.reason for cell in cells(rows, targets, ["emotion4"])}
    assert reasons == {"meld": "", "iemocap": "same_family", "emotiontalk": ""}


def test_a_corpus_with_folds_is_its_own_target_fold_by_fold(params: dict[str, Any]) -> None:
    utterances = manifest.read_utterances(paths.utterances("iemocap"))
    said, folds = truths("iemocap", "emotion4"), splits.folds(utterances)
    rows = [{"corpus": "iemocap", "source": "iemocap", "id": name, "label": said[name], "fold": fold.name}
            for fold in folds for name in said]  # fmt: skip
    cell = take(params, rows, space="emotion4")["emotion4", "iemocap", "iemocap"]
    kept = predictions.read(Path(cell["file"]), EMOTION4)
    assert [one.fold for one in kept] == [fold.name for fold in folds]
    for one, fold in zip(kept, folds, strict=True):
        assert dict(zip(one.ids, one.splits, strict=True)) == splits.own_rows(fold)
    home = scored(params)["emotion4", "iemocap->iemocap"]
    assert (home.value, home.replicates, home.n) == (1.0, 1, len(labelled(right("iemocap"))))
    with pytest.raises(
        ReleaseError, match="labelled test rows of iemocap"
    ):  # a fold that is dev of another is not tested
        take(params, [row for row in rows if row["fold"] != folds[1].name])
    with pytest.raises(ReleaseError, match=r"line 2: 'all' is no fold of iemocap.*the model was not trained on"):
        take(params, [{**row, "fold": ""} for row in rows if row["fold"] == folds[0].name])


def test_a_missing_test_row_is_refused_unless_the_file_says_that_it_is_partial(params: dict[str, Any]) -> None:
    rows = right("meld")
    lost = labelled(rows)[3]
    short, missing = rows[:lost] + rows[lost + 1 :], rows[lost]["id"]
    total = len(labelled(rows))
    with pytest.raises(ReleaseError, match=rf"1 of {total} labelled test rows of meld .* the first is {missing}; give"):
        take(params, short)
    made = take(params, short, partial=True)
    warning = f"1 of {total} labelled test rows not predicted"
    assert made["emotion4", "none", "meld"]["warning"] == warning
    found = scored(params)["emotion4", "none->meld"]
    assert (found.warnings.split("; ")[0], found.n) == (warning, total - 1)


def test_each_replicate_must_be_complete(params: dict[str, Any]) -> None:
    rows, again = right("meld", seed=1), right("meld", seed=2)
    lost = again.pop(labelled(again)[0])["id"]
    with pytest.raises(ReleaseError, match=rf"the first is {lost} by seed 2 of fold all"):
        take(params, rows + again)


def test_a_test_row_that_no_one_could_score_may_be_missing(params: dict[str, Any]) -> None:
    rows = right("meld")
    known = [rows[at] for at in labelled(rows)]
    assert len(known) < len(rows), "some have no label in this space"
    assert "warning" not in take(params, known)["emotion4", "none", "meld"]


def test_what_an_earlier_file_left_behind_is_deleted(params: dict[str, Any]) -> None:
    first = Path(take(params, right("meld", source="iemocap"))["emotion4", "iemocap", "meld"]["file"])
    assert first.exists()
    take(params, right("meld"))
    assert not first.exists()
    assert not first.parent.exists()


def test_rows_of_a_corpus_that_is_not_here_are_counted(
    params: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    stage("prepare", params | {"corpora": {"m3ed": {}}}, "m3ed")
    params["corpora"] = {**params["corpora"], "m3ed": {}}
    rows = [*right("meld"), {"corpus": "m3ed", "id": "who knows", "space": "emotion4", "label": "sad"}]
    assert take(params, rows)["emotion4", "none", "m3ed"]["reason"] == "target_not_linked"
    assert "not used: 1 target_not_linked\n" in capsys.readouterr().out


def test_the_page_is_as_it_says(params: dict[str, Any]) -> None:
    row, script = (re.findall(rf"```{kind}\n(.*?)```", PAGE, re.S)[0] for kind in ("yaml", "python"))
    exec(compile(script, "external-predictions.md", "exec"), {})
    params["external"] = yaml.safe_load(row)["external"]
    stage("external", params, "keywords")
    plan = read_json(paths.plan("keywords"), "")
    assert [cell["target"] for cell in plan["cells"] if "file" in cell] == list(CORPORA)
