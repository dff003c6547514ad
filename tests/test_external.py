"""Predictions made elsewhere: scored as any recipe, and a file that would flatter or mislead is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import yaml
from studies import CHECKOUT, params_of, stage

from harness import layout, manifest, predictions
from harness.errors import HarnessError, NameUnknownError, ReleaseError, SettingError
from harness.external import checked
from harness.external_cells import Target, cells
from harness.external_rows import read
from harness.external_table import Table
from harness.files import read_json
from harness.labels import EMOTION4, POLARITY3, VALENCE
from harness.plugins import find
from harness.protocols import single_source
from harness.transfer import Cell, read_cells

NAME = "oracle_of_delphi"
CORPORA = ("meld", "iemocap", "emotiontalk")  # an official split, folds, and no valence
PAGE = (CHECKOUT / "docs" / "external-predictions.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("external")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        quick = {"statistics": {"resamples": 20}, "metrics": {"classes": ["uar"], "scale": ["ccc"]}}
        params = params_of(folder, CORPORA, (), ("emotion4", "polarity3", "valence"), **quick)
        find("verb", "synth").run(params)
        for corpus in CORPORA:
            stage("prepare", params, corpus)
    return folder, params


@pytest.fixture
def params(prepared: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(prepared[0])
    row = {"file": "given.csv", "description": "a priestess", "inputs": ["text"]}
    return {**prepared[1], "external": {NAME: row}}


def truths(corpus: str, space: str) -> dict[str, Any]:
    """Return id -> label of all utterances of a corpus, a wrong or middling one where there is none."""
    rows = manifest.read_labels(layout.labels(corpus))
    found = {name: manifest.label_of(row, space) for name, row in rows.items()}
    return {name: ("neutral" if space != "valence" else 0.0) if one is None else one for name, one in found.items()}


def split_of(corpus: str) -> dict[str, str]:
    return single_source.target_rows(manifest.read_utterances(layout.utterances(corpus)))


def right(corpus: str, space: str = "emotion4", **more: Any) -> list[dict[str, Any]]:
    """Return right answers for all test rows of a corpus, as rows of a file."""
    label = "value" if space == "valence" else "label"
    said, split = truths(corpus, space), split_of(corpus)
    return [
        {"corpus": corpus, "id": name, "space": space, label: one, **more}
        for name, one in said.items()
        if split.get(name) == "test"
    ]


def labelled(rows: list[dict[str, Any]]) -> list[int]:
    """Return the places of the rows that have a label."""
    labels = manifest.read_labels(layout.labels(rows[0]["corpus"]))
    return [at for at, row in enumerate(rows) if manifest.label_of(labels[row["id"]], row["space"]) is not None]


def give(rows: list[dict[str, Any]], path: str = "given.csv") -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})
    if path.endswith("parquet"):
        pq.write_table(table, path)
    else:
        pa.csv.write_csv(table, path)
    return table


def take(params: dict[str, Any], rows: list[dict[str, Any]], **more: Any) -> dict[tuple[str, str, str], dict[str, str]]:
    """Write a file, run the stage, and return its cells by space, source and target."""
    params["external"][NAME] |= more
    give(rows, params["external"][NAME]["file"])
    stage("external", params, NAME)
    planned = read_json(layout.plan(NAME), "")["cells"]
    return {(cell["space"], cell["source"], cell["target"]): cell for cell in planned}


def scored(params: dict[str, Any]) -> dict[tuple[str, str], Cell]:
    """Run `score`, and return the cells by space and name."""
    stage("score", params)
    found = read_cells(layout.CELLS)
    assert {cell.recipe for cell in found} == {NAME}
    return {(cell.space, cell.name): cell for cell in found}


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
    shape = read_json(layout.plan(NAME), "")
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
    cards = {name: read_json(layout.card(name), "") for name in CORPORA}
    cards["iemocap"]["family"] = cards["meld"]["family"]
    targets = {name: Target(name, card) for name, card in cards.items()}
    rows = read(Table(Path("given.csv")), None, {name: target.ids for name, target in targets.items()})
    reasons = {cell.target: cell.reason for cell in cells(rows, targets, ["emotion4"])}
    assert reasons == {"meld": "", "iemocap": "same_family", "emotiontalk": ""}


def test_a_corpus_with_folds_is_its_own_target_fold_by_fold(params: dict[str, Any]) -> None:
    utterances = manifest.read_utterances(layout.utterances("iemocap"))
    said, folds = truths("iemocap", "emotion4"), single_source.folds(utterances)
    rows = [{"corpus": "iemocap", "source": "iemocap", "id": name, "label": said[name], "fold": fold.name}
            for fold in folds for name in said]  # fmt: skip
    cell = take(params, rows, space="emotion4")["emotion4", "iemocap", "iemocap"]
    kept = predictions.read(Path(cell["file"]), EMOTION4)
    assert [one.fold for one in kept] == [fold.name for fold in folds]
    for one, fold in zip(kept, folds, strict=True):
        assert dict(zip(one.ids, one.splits, strict=True)) == single_source.own_rows(fold)
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


def change(rows: list[dict[str, Any]], at: int, **new: Any) -> list[dict[str, Any]]:
    return [{**row, **(new if number == at else {})} for number, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ({"corpus": "mled"}, r"line 7: no corpus is called 'mled'; did you mean 'meld'\?"),
        ({"id": "test_dia0_ut0"}, r"line 7: meld has no utterance 'test_dia0_ut0'; did you mean 'test_dia\d"),
        ({"id": ""}, "line 7: no id"),
        ({"label": "happi"}, r"line 7: 'happi' is no class of emotion4; did you mean 'happy'\?; expected one of happy"),
        ({"label": ""}, "line 7: no label; .*a refusal is answered by a class"),
        ({"space": "emotion5"}, r"line 7: no space is called 'emotion5'; did you mean 'emotion[47]'\?"),
        ({"source": "iemocup"}, r"line 7: no source is called 'iemocup'; did you mean 'iemocap'\?.*or write none"),
        ({"seed": "1.5"}, "line 7: the seed '1.5'; expected a whole number"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_with_its_line(params: dict[str, Any], new: dict[str, str], message: str) -> None:
    rows = right("meld", source="", seed="1")
    with pytest.raises(ReleaseError, match=rf"given.csv, {message}"):
        take(params, change(rows, 5, **new))


def test_several_bad_cells_are_counted_and_parquet_counts_rows(params: dict[str, Any]) -> None:
    rows = change(change(right("meld"), 5, label="joy"), 9, label="joy")
    with pytest.raises(ReleaseError, match=r"given.parquet, row 6: 'joy' is no class of emotion4 \(and 1 more like it"):
        take(params, rows, file="given.parquet")


def test_an_utterance_stands_there_once(params: dict[str, Any]) -> None:
    rows = right("meld")
    with pytest.raises(ReleaseError, match=f"line {len(rows) + 2}: the utterance of line 6 once more"):
        take(params, [*rows, rows[4]])
    take(params, [*right("meld", seed=1), *right("meld", seed=2), *right("meld", source="emotiontalk", seed=1)])


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ({"p_positive": 0.702}, r"line 7: p_negative \+ p_neutral \+ p_positive is not 1"),
        ({"p_positive": -0.1, "p_neutral": 1.0}, "line 7: p_positive is negative"),
        ({"p_positive": None}, "line 7: p_positive is empty or no number"),
        ({"p_positive": float("nan")}, "line 7: p_positive is empty or no number"),
        ({"p_positive": float("inf")}, "line 7: p_positive is not finite"),
        ({"p_happy": 0.2}, "line 7: p_happy is not 0, and polarity3 has no such class"),
    ],
)
def test_bad_probabilities_are_named_with_their_line(params: dict[str, Any], new: Any, message: str) -> None:
    given = {"p_negative": 0.1, "p_neutral": 0.2, "p_positive": 0.7004, "p_happy": None}  # 1, give or take .001
    rows = [{"corpus": "meld", "id": row["id"], **given} for row in right("meld", "polarity3")]
    take(params, rows, space="polarity3")
    with pytest.raises(ReleaseError, match=f"given.csv, {message}"):
        take(params, change(rows, 5, **new))


def test_what_is_no_number_is_named_with_its_line(params: dict[str, Any]) -> None:
    rows = right("iemocap", "valence")
    cell = take(params, rows)["valence", "none", "iemocap"]
    (kept,) = predictions.read(Path(cell["file"]), VALENCE)
    assert kept.scores.shape == (len(rows), 1)
    with pytest.raises(ReleaseError, match="line 7: value is 'good', no number"):
        take(params, change([{**row, "value": str(row["value"])} for row in rows], 5, value="good"))
    with pytest.raises(ReleaseError, match=r"line 7: no value of valence; expected a number between -1 and 1; rescale"):
        take(params, change(rows, 5, value=4.5))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("corpus,space,label\nmeld,emotion4,sad\n", "the column 'id' is missing"),
        ("corpus,id,space\nmeld,{0},emotion4\n", "'p_anger' of emotion4 is missing; or one column `label`"),
        ("corpus,id,space,label\nmeld,{0},valence,happy\n", "the column 'value' of valence is missing"),
        ("corpus,id,space,label,sorce\nmeld,{0},emotion4,sad,meld\n", "'sorce' is unknown; did you mean 'source'"),
        ("corpus,id,space,label,p_sad\nmeld,{0},emotion4,sad,1\n", "has a column `label` and probabilities"),
        ("corpus,id,id\nmeld,a,b\n", "the column 'id' stands there twice"),
        ("corpus,id,label\nmeld,{0}\n", "Row #2: Expected 3 columns, got 2"),
        ("", "is no CSV file that can be read"),
        ("corpus,id,space,label\n\nmeld,{0},emotion4,sad\n\nmeld,x,emotion4,sad\n", "line 5: meld has no"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_as_described_is_refused(params: dict[str, Any], text: str, message: str) -> None:
    Path("given.csv").write_text(text.format(right("meld")[0]["id"]), encoding="utf-8")
    with pytest.raises(ReleaseError, match=message):
        stage("external", params, NAME)


def test_no_other_kind_of_file_is_opened(params: dict[str, Any]) -> None:
    Path("given.pkl").write_bytes(b"cos\nsystem\n(S'touch run'\ntR.")
    params["external"][NAME]["file"] = "given.pkl"
    with pytest.raises(SettingError, match=r"ends in \.csv or \.parquet"):
        stage("external", params, NAME)
    Path("given.pkl").rename("given.parquet")
    params["external"][NAME]["file"] = "given.parquet"
    with pytest.raises(ReleaseError, match="is no PARQUET file"):
        stage("external", params, NAME)
    assert not Path("run").exists()


@pytest.mark.parametrize("space", [None, "emotion4"])
def test_the_space_is_said_once(params: dict[str, Any], space: str | None) -> None:
    rows = right("meld") if space else [{k: v for k, v in row.items() if k != "space"} for row in right("meld")]
    with pytest.raises(SettingError, match="say the space of its predictions in one of them"):
        take(params, rows, space=space)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"file": None}, "lacks file"),
        ({"text": "e5"}, "has the unknown key text"),
        ({"inputs": ["words"]}, "no modality is called 'words'"),
        ({"inputs": "text"}, "it is a list"),
        ({"space": "emotion44"}, "no label space is called 'emotion44'"),
        ({"partial": "yes"}, "it is true or false"),
        ({"file": 7}, "file is 7; it is text"),
    ],
)
def test_a_row_is_checked(changes: dict[str, Any], message: str) -> None:
    row = {"file": "a.csv", "description": "", **changes}
    row = {key: value for key, value in row.items() if (key, value) != ("file", None)}
    with pytest.raises(HarnessError, match=message):
        checked({"recipes": {}, "corpora": {}}, NAME, row)


def test_names_that_mean_something_else_are_refused(params: dict[str, Any]) -> None:
    row = {"file": "a.csv", "description": ""}
    with pytest.raises(SettingError, match=f"external.{NAME}: recipes has a row of this name"):
        checked({"recipes": {NAME: {}}, "corpora": {}}, NAME, row)
    with pytest.raises(SettingError, match="a corpus is called none"):
        checked({"recipes": {}, "corpora": {"none": {}}}, NAME, row)
    with pytest.raises(NameUnknownError, match="no row of external"):
        stage("external", params, "oracle_of_delhi")


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
    plan = read_json(layout.plan("keywords"), "")
    assert [cell["target"] for cell in plan["cells"] if "file" in cell] == list(CORPORA)
