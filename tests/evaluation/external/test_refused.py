"""A file of predictions that would flatter or mislead, or cannot be read, is refused in words."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from externals import NAME, prepare, right, take
from small_studies import stage

from harness.core.errors import NameUnknownError, ReleaseError, SettingError
from harness.study import predictions
from harness.study.labels import VALENCE


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


def change(rows: list[dict[str, Any]], at: int, **new: Any) -> list[dict[str, Any]]:
    return [{**row, **(new if number == at else {})} for number, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ({"corpus": "mled"}, r"line 7: no corpus is called 'mled'; did you mean 'meld'\?"),
        ({"id": "test_dia0_ut0"}, r"line 7: meld has no utterance 'test_dia0_ut0'; did you mean 'test_dia\d"),
        ({"id": ""}, "line 7: no id"),
        ({"label": "happi"}, r"line 7: 'happi' is no class of emotion4; did you mean 'happy'\?; expected one of happy"),
        ({"label": "SAD"}, "line 7: 'SAD' is no class of emotion4; did you mean 'sad'"),
        ({"label": "悲伤"}, "line 7: '悲伤' is no class of emotion4; .*give other names as these .docs/labels.md"),
        ({"corpus": "MELD"}, "line 7: no corpus is called 'MELD'; did you mean 'meld'"),
        ({"label": ""}, "line 7: no label; .*a refusal a class, too"),
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
        ({"p_positive": 0.702}, r"line 7: p_negative \+ p_neutral \+ p_positive is 1.002; expected 1, give or take"),
        ({"p_negative": 10, "p_neutral": 20, "p_positive": 70}, "line 7: .* is 100; .*divide each by their sum"),
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


@pytest.mark.parametrize(
    ("encoding", "delimiter", "message"),
    [
        ("gbk", ",", "invalid UTF8 data.*; expected rows of cells with commas .*; save it as CSV in UTF-8"),
        ("utf-16", ",", "is no CSV file that can be read .*; save it as CSV in UTF-8"),
        ("utf-8", ";", "has ';' between its cells; expected cells with commas"),
        ("utf-8", "\t", "between its cells; expected cells with commas"),
        ("utf-8-sig", ",", ""),
    ],
)
def test_another_encoding_or_delimiter_is_told(
    params: dict[str, Any], encoding: str, delimiter: str, message: str
) -> None:
    labels = {"neutral": "中性"} if message else {}
    rows = [("corpus", "id", "space", "label")]
    rows += [("meld", one["id"], "emotion4", labels.get(one["label"], one["label"])) for one in right("meld")]
    Path("given.csv").write_bytes("".join(f"{delimiter.join(row)}\n" for row in rows).encode(encoding))
    with pytest.raises(ReleaseError, match=message) if message else nullcontext():
        stage("external", params, NAME)


def test_truth_values_are_no_numbers(params: dict[str, Any]) -> None:
    rows = [{**row, "value": True} for row in right("iemocap", "valence")]
    with pytest.raises(ReleaseError, match="the column 'value' is of the type bool; expected numbers"):
        take(params, rows, file="given.parquet")


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


def test_a_row_that_is_not_there_lists_the_rows_there_are(params: dict[str, Any]) -> None:
    with pytest.raises(NameUnknownError, match="no row of external"):
        stage("external", params, "oracle_of_delhi")
