"""Rows of the matrix as pieces: cut once by whoever hands them out, and put together whatever the order they end in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_studies import params_of, stage

from harness.core import engine, memory, paths
from harness.core.errors import ResultError
from harness.core.files import file_digest, read_json
from harness.core.piece_call import PieceCall, do
from harness.core.pieces import Needs, Piece
from harness.stages import transfer
from harness.study.labels import space
from harness.training import matrix_plan, matrix_row_finish, matrix_rows, model_files, replicates
from harness.training.matrix_row import CellRow
from harness.training.matrix_row_finish import RowToFinish, finish
from harness.training.matrix_rows import RowPieces, resamples_together
from harness.training.selection import dev_scores
from harness.verbs import synth

MLP = {"hidden": 8, "layers": 1, "dropout": 0.3, "lr": 0.01, "weight_decay": 0.01, "batch": 64, "epochs": 3,
       "patience": 3}  # fmt: skip
SPACE = space("emotion4")


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A study of sound whose features are there: a network, the same with a search, and a linear model."""
    folder = tmp_path_factory.mktemp("rows")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        params = params_of(
            folder, ("emotiontalk", "iemocap"), ("text_e5_mlp", "text_ngrams"), training={"resamples": 3},
            settings={"mlp": MLP, "sparse": {"c": [0.1, 1]}}, encoders={"e5": {"encoder": "e5"}},
            synth={"utterances": 120, "dialogues": 30, "speakers": 10},
        )  # fmt: skip
        searched = {**params["recipes"]["text_e5_mlp"], "settings": {**MLP, "lr": [0.001, 0.01], "draws": 2}}
        params["recipes"]["searched"] = searched
        synth.run(params)
        for corpus in params["corpora"]:
            stage("prepare", params, corpus)
        for encoder in ("e5", "ngrams"):
            stage("features", params, encoder)
        yield params
    memory.forget()


@pytest.fixture
def here(params: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return params


def jobs_of(params: dict[str, Any], recipe: str) -> list[CellRow]:
    return matrix_plan.planned(params, recipe)[1]


def run_by_hand(first: list[Piece], newest_first: bool) -> int:
    """Do pieces in this process, the oldest or the newest that waits at a time, and return how many there were."""
    waiting, count = list(first), 0
    while waiting:
        piece = waiting.pop(-1 if newest_first else 0)
        result = piece.work(piece.job)
        waiting += list(piece.then(result)) if piece.then else []
        count += 1
    return count


def made(job: CellRow) -> dict[str, str]:
    files = [job.path, *(paths.prediction(job.recipe, job.source, job.space, target) for target in job.targets)]
    return {path.as_posix(): file_digest(path) for path in files}


@pytest.mark.parametrize("recipe", ["text_e5_mlp", "searched", "text_ngrams"])
def test_a_row_is_the_same_file_whatever_the_order_and_the_grouping(recipe: str, here: dict[str, Any]) -> None:
    settings = engine.EngineSettings()
    for job in jobs_of(here, recipe):
        found = []
        for newest_first, together in ((False, 1), (True, 3)):
            job.path.unlink(missing_ok=True)
            row = RowPieces(job, settings, batched=False, together=together)
            begun = list(row.begin())
            expected = sum(piece.size + piece.expects for piece in begun)
            count = run_by_hand(begun, newest_first)
            assert count == expected or together > 1
            found.append(made(job))
            assert not job.work.exists(), "what a model is put together from is deleted"
        assert found[0] == found[1]


def test_a_worker_finds_the_pieces_that_were_cut_elsewhere(here: dict[str, Any]) -> None:
    """Whether seeds are one batch is decided once: a worker on another machine decides nothing."""
    job = jobs_of(here, "text_e5_mlp")[0]
    job.path.unlink(missing_ok=True)
    assert len(job.training.seeds) > 1
    run_by_hand(list(RowPieces(job, engine.EngineSettings(), batched=True, together=1).begin()), False)
    for replicate in model_files.read(job.path).replicates:
        assert replicate.made_on["batched"] == len(job.training.seeds)


def test_a_row_that_was_lost_while_it_was_finished_is_finished_again(here: dict[str, Any]) -> None:
    """Its machine may be lost after the model was put together and its pieces were deleted."""
    job = jobs_of(here, "text_e5_mlp")[0]
    job.path.unlink(missing_ok=True)
    row = RowPieces(job, engine.EngineSettings(), batched=False, together=1)
    last: list[Piece] = list(row.begin())
    while not last[0].reads:
        piece = last.pop(0)
        last += list(piece.then(piece.work(piece.job))) if piece.then else []
    (finishing,) = last
    assert do(call_of(finishing)).error is None
    made_once = made(job)
    for target in job.targets:
        paths.prediction(job.recipe, job.source, job.space, target).unlink()
    assert not any(path.exists() for path in finishing.reads)
    assert do(call_of(finishing)).error is None
    assert made(job) == made_once
    job.path.unlink()
    told = do(call_of(finishing)).error
    assert "was written by another process and is not seen" in str(told), "without a model the pieces are needed"


def call_of(piece: Piece) -> PieceCall:
    return PieceCall(piece.work, piece.job, piece.name, reads=piece.reads, is_made=piece.is_made, latency_wait=0.1)


def test_a_network_keeps_its_curve_and_what_it_was_made_on(here: dict[str, Any]) -> None:
    for job in jobs_of(here, "text_e5_mlp"):
        job.path.unlink(missing_ok=True)
    stage("transfer", here, "text_e5_mlp")
    for row in read_json(paths.plan("text_e5_mlp"), "")["rows"]:
        for replicate in row["replicates"]:
            curve = replicate["curve"]
            assert curve["epoch"] == list(range(1, len(curve["epoch"]) + 1))
            assert len(curve["dev"]) == len(curve["loss"]) == len(curve["epoch"]) <= MLP["epochs"]
            assert curve["dev"][replicate["chosen"]["epoch"] - 1] == pytest.approx(replicate["dev"], abs=1e-5)
            assert replicate["made_on"]["device"] == "cpu"
            assert replicate["made_on"]["batched"] == 1
        assert not any("curve" in variant for variant in row["variants"])


def test_a_linear_model_says_that_it_was_made_on_a_cpu(here: dict[str, Any]) -> None:
    stage("transfer", here, "text_ngrams")
    rows = read_json(paths.plan("text_ngrams"), "")["rows"]
    assert {str(of.get("made_on")) for row in rows for of in row["replicates"]} == {"{'device': 'cpu'}"}
    assert not any("curve" in of for row in rows for of in row["replicates"])


def test_a_model_that_is_gone_or_another_one_is_never_an_empty_row(
    here: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage("transfer", here, "text_ngrams")
    job = jobs_of(here, "text_ngrams")[0]
    kept = job.path.read_bytes()
    job.path.unlink()
    with pytest.raises(ResultError, match="is not there"):
        transfer._trained(job)
    model_files.write(job.path, "0" * 64, [])
    with pytest.raises(ResultError, match="is not the model that was just made"):
        transfer._trained(job)
    job.path.write_bytes(kept)


def test_nearly_equal_classes_may_fall_either_way_on_another_device() -> None:
    y = np.array([0] * 20 + [1] * 20)
    scores = np.full((40, 4), 0.01, np.float32)
    scores[np.arange(40), y] = 0.97
    scores[0] = [0.4850, 0.4851, 0.01, 0.01]  # of class 0, said to be 1 by a hair
    scores[20] = [0.4850, 0.4851, 0.01, 0.01]  # of class 1, right by a hair
    said = replicates.dev_score(scores, y, SPACE)
    low, high = dev_scores(scores, y, SPACE)
    assert said == pytest.approx((19 / 20 + 1) / 2)
    assert (low, high) == (pytest.approx(19 / 20), pytest.approx(1))
    other = scores.copy()
    other[0, :2] += [1e-4, -1e-4]
    other[20, :2] += [1e-4, -1e-4]
    assert low <= replicates.dev_score(other, y, SPACE) <= high
    clear = scores.copy()
    clear[[0, 20], 1] += 0.1
    assert dev_scores(clear, y, SPACE) == (pytest.approx(said), pytest.approx(said))


def test_a_model_that_does_not_say_what_it_said_is_refused(here: dict[str, Any]) -> None:
    stage("transfer", here, "text_e5_mlp")
    job = jobs_of(here, "text_e5_mlp")[0]
    kept, model = job.path.read_bytes(), model_files.read(job.path)
    wrong = [
        model_files.Trained(of.fold, of.seed, of.arrays, of.dev + 0.05, of.chosen, of.error) for of in model.replicates
    ]
    model_files.write(job.path, job.key, wrong)
    with pytest.raises(ResultError, match=r"scored .* on dev when it was trained and scores .* when read back"):
        finish(RowToFinish(job))
    job.path.write_bytes(kept)


@pytest.mark.parametrize(
    ("resamples", "folds", "slots", "together"),
    [(10, 36, 2, 10), (10, 1, 2, 1), (10, 4, 2, 5), (10, 1, 64, 1), (10, 36, 64, 1), (0, 5, 2, 1), (3, 100, 1, 3)],
)
def test_resamples_are_grouped_as_long_as_all_machines_have_work(
    resamples: int, folds: int, slots: int, together: int
) -> None:
    assert resamples_together(resamples, folds, slots) == together
    if resamples:
        assert folds * -(-resamples // together) >= min(4 * slots, folds * resamples)


class Gpus:
    """Workers with GPUs, as far as the decision about batches looks at them."""

    def __init__(self, gpus: float, slots: int) -> None:
        self._gpus, self._slots = gpus, slots

    def gpus(self) -> float:
        return self._gpus

    def slots(self, needs: object) -> int:
        return self._slots


@pytest.mark.parametrize(
    ("batch", "gpus", "batches", "expected"),
    [("auto", 0, 999, False), ("auto", 2, 17, True), ("auto", 2, 16, False), (True, 0, 1, True), (False, 2, 99, False)],
)
def test_seeds_are_one_batch_on_gpus_that_all_have_enough_to_do(
    batch: Any, gpus: float, batches: int, expected: bool, tmp_path: Path
) -> None:
    workers: Any = Gpus(gpus, 8)
    opened = engine.Engine(engine.EngineSettings(batch=batch), workers, engine.Counts(), None)
    assert matrix_rows.is_batched(opened, batches) is expected


def test_a_network_has_its_share_of_a_gpu_and_a_linear_model_none(here: dict[str, Any]) -> None:
    settings = engine.EngineSettings(num_cpus=2, num_gpus=0.5, memory=9)
    for recipe, needs in (("text_e5_mlp", Needs(2, 0.5, 9)), ("text_ngrams", Needs(1, 0, 9))):
        job = jobs_of(here, recipe)[0]
        row = RowPieces(job, settings, batched=False, together=1)
        assert {piece.needs for piece in row.begin()} == {needs}
        assert {piece.name for piece in row.begin()} >= {f"transfer {recipe} ({job.source}, {job.space}, seed 1)"}


def test_the_check_of_dev_scores_is_part_of_every_model(here: dict[str, Any]) -> None:
    from harness.core.imports import closure

    files = {path.name for path in closure(Path(matrix_row_finish.__file__))}
    assert {"replicates.py", "network.py", "epochs.py"} <= files
    assert not {"engine.py", "pieces.py", "piece_call.py", "local.py", "ray.py", "journal.py"} & files, (
        "no key of a model changes with the engine"
    )
