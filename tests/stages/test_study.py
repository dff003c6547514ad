"""Whole studies in this process: what comes out of the stages when the truth is known, or the input is bad."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from small_studies import params_of, run_to_cells, stage

from harness.core import paths
from harness.core.errors import HarnessError, ReleaseError, ResultError, UnknownLabelError
from harness.core.files import file_digest
from harness.core.plugins import find
from harness.study.cells import Cell, read_cells
from harness.training import model_files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def synth(params, **options) -> None:
    find("verb", "synth").run(params, **options)


def cell(cells: list[Cell], source: str, target: str, metric: str = "uar") -> Cell:
    return next(c for c in cells if (c.source, c.target, c.metric) == (source, target, metric))


@pytest.mark.slow
def test_without_shift_a_cross_corpus_cell_equals_its_in_domain_cell(folder: Path) -> None:
    world = {"shift": 0.0, "prior_shift": 0.0, "utterances": 1500, "dialogues": 150}
    params = params_of(folder, synth=world)
    synth(params)
    run_to_cells(params)
    cells = read_cells(paths.CELLS)
    for source, target in (("meld", "emotiontalk"), ("emotiontalk", "meld")):
        home, away = cell(cells, target, target), cell(cells, source, target)
        assert home.low <= away.value <= home.high
        assert away.gap_low <= 0 <= away.gap_high
        assert away.ratio == pytest.approx(1, abs=0.15)


@pytest.mark.slow
def test_with_growing_shift_the_ratio_falls_to_the_floor(folder: Path) -> None:
    ratios = []
    for shift in (0.0, 0.5, 1.0):
        params = params_of(folder, synth={"shift": shift, "prior_shift": 0.0, "utterances": 1200, "dialogues": 120})
        synth(params)
        run_to_cells(params)
        cells = read_cells(paths.CELLS)
        away = [cell(cells, "meld", "emotiontalk"), cell(cells, "emotiontalk", "meld")]
        home = [cell(cells, "meld", "meld"), cell(cells, "emotiontalk", "emotiontalk")]
        assert min(c.value for c in home) > 0.6, "the shift must not touch the in-domain cells"
        ratios.append(sum(c.ratio for c in away) / 2)
    assert ratios[0] > 0.85
    assert ratios[0] > ratios[1] + 0.05 > ratios[2] + 0.1
    assert ratios[2] < 0.15
    assert all(c.low <= c.floor + 0.05 for c in away)


def test_native_text_does_not_cross_languages_but_its_translation_does(folder: Path) -> None:
    params = params_of(folder, recipes=("text_ngrams", "text_ngrams_zh"), synth={"shift": 0.0})
    synth(params)
    run_to_cells(params)
    away = {c.recipe: c for c in read_cells(paths.CELLS) if (c.name, c.metric) == ("emotiontalk->meld", "uar")}
    assert away["text_ngrams"].low <= away["text_ngrams"].floor + 0.05
    assert away["text_ngrams_zh"].low > away["text_ngrams_zh"].floor + 0.1


def test_every_pair_has_a_value_or_a_reason_for_every_metric(folder: Path) -> None:
    corpora = ("emotiontalk", "ch_sims", "m3ed", "iemocap", "meld")
    params = params_of(folder, corpora=corpora, spaces=("emotion4", "polarity3", "valence"))
    synth(params)
    find("verb", "unlink").run(params, "m3ed")
    run_to_cells(params)
    cells = read_cells(paths.CELLS)
    for space, metrics in (("emotion4", 10), ("polarity3", 9), ("valence", 6)):
        found = [c for c in cells if c.space == space]
        assert len(found) == 25 * metrics
        assert {(c.source, c.target) for c in found} == {(a, b) for a in corpora for b in corpora}
    by_pair = {(c.space, c.source, c.target): c.reason for c in cells}
    assert by_pair["emotion4", "meld", "m3ed"] == "target_not_linked"
    assert by_pair["emotion4", "m3ed", "meld"] == "source_not_linked"
    assert by_pair["emotion4", "ch_sims", "meld"] == "source_not_annotated"
    assert by_pair["polarity3", "ch_sims", "meld"] == ""
    assert by_pair["valence", "iemocap", "ch_sims"] == ""
    facts = json.loads(paths.STUDY.read_text())
    assert facts["synthetic"]
    assert not facts["corpora"]["m3ed"]["present"]
    assert any("synthetic" in warning for warning in facts["warnings"])


def test_a_corpus_without_official_split_is_tested_on_the_same_rows_at_home_and_away(folder: Path) -> None:
    params = params_of(folder, corpora=("iemocap", "meld"))
    synth(params)
    run_to_cells(params)
    cells = read_cells(paths.CELLS)
    home, away = cell(cells, "iemocap", "iemocap"), cell(cells, "meld", "iemocap")
    assert home.n == away.n
    assert home.replicates == 1  # five folds make one set of predictions
    assert cell(cells, "iemocap", "meld").replicates == 5
    assert away.gap_low is not None


def test_corpora_of_one_family_are_never_source_and_target_of_each_other(folder: Path) -> None:
    params = params_of(folder, corpora=("ch_sims",), spaces=("polarity3",))
    params["corpora"] = {"ch_sims": {}, "ch_sims_v2": {"adapter": "ch_sims"}}
    synth(params)
    run_to_cells(params)
    cells = read_cells(paths.CELLS)
    assert cell(cells, "ch_sims", "ch_sims_v2").reason == "same_family"
    assert cell(cells, "ch_sims_v2", "ch_sims_v2").value is not None


def test_a_second_run_changes_no_byte(folder: Path) -> None:
    params = params_of(folder, recipes=("text_ngrams_zh",))
    synth(params)
    run_to_cells(params)
    before = {
        path: path.read_bytes() for top in ("models", "predictions", "results") for path in Path(top).rglob("*.*")
    }
    times = {path: path.stat().st_mtime_ns for path in before if path.suffix in (".safetensors", ".parquet")}
    run_to_cells(params)
    assert {path: path.read_bytes() for path in before} == before
    assert {path: path.stat().st_mtime_ns for path in times} == times, "current results are kept, not made again"


def test_a_new_corpus_leaves_the_models_of_the_others_alone(folder: Path) -> None:
    params = params_of(folder)
    synth(params)
    run_to_cells(params)
    model_files = {path: path.stat().st_mtime_ns for path in Path("models").rglob("*.safetensors")}
    cells = {path: path.stat().st_mtime_ns for path in Path("predictions").rglob("*.parquet")}
    params = params_of(folder, corpora=("emotiontalk", "meld", "m3ed"))
    synth(params)
    run_to_cells(params)
    assert {path: path.stat().st_mtime_ns for path in model_files} == model_files
    assert {path: path.stat().st_mtime_ns for path in cells} == cells
    assert len(list(Path("predictions").rglob("*.parquet"))) == 9


def test_a_corpus_that_left_the_study_leaves_no_prediction_behind(folder: Path) -> None:
    params = params_of(folder, corpora=("emotiontalk", "meld", "m3ed"))
    synth(params)
    run_to_cells(params)
    run_to_cells(params_of(folder))
    assert len(list(Path("predictions").rglob("*.parquet"))) == 4
    assert {c.target for c in read_cells(paths.CELLS)} == {"emotiontalk", "meld"}


def digests(top: Path) -> dict[str, str]:
    return {path.as_posix(): file_digest(path) for path in sorted(top.rglob("*")) if path.is_file()}


def test_what_was_edited_under_its_old_key_is_made_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    params = params_of(folder)
    synth(params)
    run_to_cells(params)
    made = {**digests(paths.MODELS), **digests(paths.PREDICTIONS), **digests(paths.FEATURES)}
    prediction = paths.prediction("text_ngrams_zh", "meld", "emotion4", "emotiontalk")
    table, metadata = pq.read_table(prediction), pq.read_metadata(prediction).metadata
    swapped = table.set_column(4, "p_happy", table["p_sad"]).set_column(5, "p_sad", table["p_happy"])
    with pq.ParquetWriter(prediction, swapped.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(swapped)
        writer.add_key_value_metadata(metadata)
    with pytest.raises(ResultError, match=r"emotiontalk\.parquet: damaged .*; delete it and run `dvc repro`"):
        stage("score", params)
    model = paths.model("text_ngrams_zh", "emotiontalk", "emotion4")
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    data = paths.features("ngrams", "meld", "zh") / "data.npy"
    np.save(data, 2 * np.load(data))
    with pytest.raises(ResultError, match=r"ngrams/meld/zh: damaged \(data\.npy is not as it was written\)"):
        stage("transfer", params, "text_ngrams_zh")
    stage("features", params, "ngrams")
    stage("transfer", params, "text_ngrams_zh")
    assert {**digests(paths.MODELS), **digests(paths.PREDICTIONS), **digests(paths.FEATURES)} == made
    assert caplog.text.count("; it is made again") == 3


def test_predictions_are_those_of_the_model_that_lies_there(folder: Path) -> None:
    params = params_of(folder)
    synth(params)
    run_to_cells(params)
    path = paths.model("text_ngrams_zh", "meld", "emotion4")
    before, made = digests(paths.PREDICTIONS), path.read_bytes()
    model = model_files.read(path)
    (trained,) = model.replicates
    sharper = replace(trained, arrays={**trained.arrays, "model.weight": 1.01 * trained.arrays["model.weight"]})
    model_files.write(path, model.key, [sharper])  # as another processor might have trained it from the same
    stage("transfer", params, "text_ngrams_zh")
    changed = {name for name, content in digests(paths.PREDICTIONS).items() if content != before[name]}
    of_meld = {name for name in before if "/meld/emotion4/" in name}
    assert changed >= of_meld
    path.write_bytes(made)
    stage("transfer", params, "text_ngrams_zh")
    assert digests(paths.PREDICTIONS) == before


def test_a_model_that_does_not_reproduce_its_dev_score_is_refused(folder: Path) -> None:
    params = params_of(folder)
    synth(params)
    run_to_cells(params)
    path = paths.model("text_ngrams_zh", "meld", "emotion4")
    model = model_files.read(path)
    (trained,) = model.replicates
    other = replace(trained, arrays={**trained.arrays, "model.weight": -trained.arrays["model.weight"]})
    model_files.write(path, model.key, [other])
    with pytest.raises(ResultError, match=r"meld/emotion4.safetensors: fold all, seed 1 scored .* when read back"):
        stage("transfer", params, "text_ngrams_zh")


@pytest.mark.parametrize(("split", "trained_again"), [("train", {"meld"}), ("dev", {"meld"}), ("test", set())])
def test_only_labels_of_the_sources_train_and_dev_make_a_model(
    folder: Path, split: str, trained_again: set[str]
) -> None:
    params = params_of(folder)
    synth(params)
    run_to_cells(params)
    times = {path: path.stat().st_mtime_ns for path in Path("models").rglob("*.safetensors")}
    csv = next(Path("data/synthetic/meld").rglob(f"{split}_sent_emo.csv"))
    text = csv.read_text(encoding="utf-8")
    csv.write_text(text.replace(",anger,", ",sadness,", 1), encoding="utf-8")
    assert csv.read_text(encoding="utf-8") != text
    stage("prepare", params, "meld")
    stage("transfer", params, "text_ngrams_zh")
    assert {path.parent.name for path, time in times.items() if path.stat().st_mtime_ns != time} == trained_again


class TestBadInput:
    """Each message names what is wrong, where, and what to do."""

    @pytest.fixture
    def meld(self, folder: Path) -> Path:
        self.params = params_of(folder, corpora=("meld", "emotiontalk"))
        synth(self.params)
        return next(Path("data/synthetic/meld").rglob("train_sent_emo.csv"))

    def edit(self, csv: Path, old: str, new: str) -> None:
        text = csv.read_text(encoding="utf-8")
        assert old in text
        csv.write_text(text.replace(old, new, 1), encoding="utf-8")

    def test_unknown_label(self, meld: Path) -> None:
        self.edit(meld, ",anger,", ",angry,")
        with pytest.raises(
            UnknownLabelError, match=r"train_sent_emo.csv, line \d+: unknown label 'angry'; did you mean 'anger'"
        ):
            stage("prepare", self.params, "meld")

    def test_missing_column(self, meld: Path) -> None:
        self.edit(meld, "Emotion", "Feeling")
        with pytest.raises(ReleaseError, match=r"train_sent_emo.csv, line 1: column 'Emotion' is missing"):
            stage("prepare", self.params, "meld")

    def test_duplicated_id(self, meld: Path) -> None:
        lines = meld.read_text(encoding="utf-8").splitlines(keepends=True)
        meld.write_text("".join([*lines, lines[1]]), encoding="utf-8")
        with pytest.raises(ReleaseError, match=r"line \d+"):
            stage("prepare", self.params, "meld")

    def test_truncated_json(self, meld: Path) -> None:
        path = next(Path("data/synthetic/emotiontalk").rglob("Multimodal/json/**/*.json"))
        path.write_text(path.read_text(encoding="utf-8")[:40], encoding="utf-8")
        with pytest.raises(ReleaseError, match=rf"{path.name}, line \d+: is not valid JSON .*truncated"):
            stage("prepare", self.params, "emotiontalk")

    def test_wrong_path(self, folder: Path) -> None:
        params = params_of(folder)
        (folder / "empty").mkdir()
        with pytest.raises(HarnessError, match="there is no such folder"):
            find("verb", "link").run(params, "meld", "nowhere")
        with pytest.raises(ReleaseError, match=r"sent_emo\.csv"):
            find("verb", "link").run(params, "meld", "empty")

    def test_a_linked_folder_that_is_gone(self, meld: Path) -> None:
        Path("data/synthetic/meld").rename("data/synthetic/elsewhere")
        with pytest.raises(HarnessError, match=r"data/raw/meld: the linked folder .* is gone; mount it, or link"):
            stage("prepare", self.params, "meld")

    def test_empty_split(self, meld: Path) -> None:
        dev = next(Path("data/synthetic/meld").rglob("dev_sent_emo.csv"))
        dev.write_text(dev.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
        with pytest.raises(HarnessError, match="dev"):
            stage("prepare", self.params, "meld")

    def test_unwritable_results(self, meld: Path) -> None:
        run_to_cells(self.params)
        for path in sorted(paths.RESULTS.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        paths.RESULTS.rmdir()
        paths.RESULTS.write_text("in the way")
        with pytest.raises(
            ResultError, match=r"results/cells.csv: cannot be written .* nothing that was finished is lost"
        ):
            stage("score", self.params)

    def test_an_absent_plan_names_the_command_that_makes_it(self, folder: Path) -> None:
        params = params_of(folder)
        synth(params)
        for corpus in params["corpora"]:
            stage("prepare", params, corpus)
        with pytest.raises(ResultError, match="run `dvc repro transfer@text_ngrams_zh`"):
            stage("score", params)
