"""Cells of a target whose test rows are all of one dialogue: values, and no interval to be sure of them by."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.core import paths
from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.cells import CellScorer, CellToScore
from harness.evaluation.matrix.target_corpus import TargetCorpus
from harness.report.marks import DEGENERATE, FEW, RARE, SEEN, SPEAKERS, marks_of
from harness.statistics import sums
from harness.study import manifest
from harness.study.cells import Cell
from harness.study.labels import EMOTION4, SPACES, Shared
from harness.study.predictions import Predictions
from harness.study.release import Annotation
from harness.study.utterance import Utterance

NAMES = [f"u{at}" for at in range(40)]
STATISTICS = {"resamples": 100, "seed": 1, "level": 0.95, "few_clusters": 20}
SETTINGS = {"normalise": "none", "fusion": "linear", "text": "e", "audio": "none", "video": "none", "also": "none"}


def made(
    dialogues: int,
    metric: str = "uar",
    label: Callable[[int], int] = lambda at: at % 4,
    dialogue: Callable[[int], int] | None = None,
    speakers: int = 0,
    folds: bool = False,
) -> list[Cell]:
    """A metric of an in-domain model that is right in 4 of 5 rows, and of another one that is in 3 of 5."""
    of = dialogue or (lambda at: at % dialogues)
    labels = [EMOTION4.classes[label(at)] for at in range(len(NAMES))]
    utterances = [
        Utterance(n, "test", f"d{of(at)}", at, f"s{at % speakers}" if speakers else None, "zh", n)
        for at, n in enumerate(NAMES)
    ]
    if folds:
        utterances = [replace(row, split="train", fold=f"Ses{at % 5}") for at, row in enumerate(utterances)]
    absent = dict.fromkeys(SPACES, Shared(None, "not_annotated"))
    paths.utterances("one").parent.mkdir(parents=True)
    manifest.write_utterances(paths.utterances("one"), utterances)
    known = [{**absent, EMOTION4.name: Shared(label)} for label in labels]
    manifest.write_labels(paths.labels("one"), [Annotation(n, {}, k) for n, k in zip(NAMES, known, strict=True)])
    scorer, rows = CellScorer(STATISTICS, EMOTION4, [metric], TargetCorpus("one"), metric), []
    for source, right in (("one", 4), ("other", 3)):
        said = [at % 4 if at // 4 % 5 < right else (at + 1) % 4 for at in range(len(NAMES))]
        found = Predictions("all", 1, NAMES, ["test"] * len(NAMES), np.eye(4, dtype=np.float32)[said])
        settings = {**SETTINGS, "normalise": "target_std"} if folds else SETTINGS
        row = CellToScore("r", settings, source, "one", "multimodal", file=Path("none"), by_fold=source == "one")
        rows.append(scorer.score(row, [found]))
    return list(scorer.cells(rows))


def test_one_dialogue_has_no_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home, away = made(1)
    assert [home.value, away.value, away.gap] == pytest.approx([0.8, 0.6, -0.2])
    assert [home.low, home.high, away.low, away.high, away.gap_low, away.gap_high, away.ratio] == [None] * 7
    assert away.warnings == "interval missing: all in one dialogue"
    assert marks_of(away) == FEW


def test_two_dialogues_have_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home, away = made(2, dialogue=lambda at: at // 20)
    assert home.low is not None
    assert home.low <= 0.8 <= home.high  # type: ignore[operator]
    assert away.warnings == "interval from 2 dialogues only"


def test_speakers_are_counted_and_from_ten_on_they_have_an_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for count in (0, 5, 10):
        (tmp_path / str(count)).mkdir()
        monkeypatch.chdir(tmp_path / str(count))
        found[count] = made(10, dialogue=lambda at: at // 4, speakers=count)
    unknown, few, enough = (found[count][1] for count in (0, 5, 10))
    assert (unknown.speakers, unknown.low_speaker) == (None, None)
    assert (few.speakers, few.low_speaker, few.gap_low_speaker) == (5, None, None)
    assert few.warnings.endswith("speakers: 5, so an interval holds for these alone")
    assert SPEAKERS in marks_of(few)
    assert SPEAKERS not in marks_of(enough) + marks_of(unknown)
    assert enough.low_speaker < enough.value < enough.high_speaker  # type: ignore[operator]
    assert enough.gap_low_speaker < enough.gap < enough.gap_high_speaker  # type: ignore[operator]
    assert (few.low, few.high) == (enough.low, enough.high), "the interval over dialogues knows no speakers"


def test_a_transductive_step_that_saw_the_test_rows_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A corpus without an official split has no train rows of its own to be standardised by."""
    monkeypatch.chdir(tmp_path)
    home, away = made(10, dialogue=lambda at: at // 4, folds=True)
    assert "test rows seen" in away.warnings
    assert SEEN in marks_of(away)
    assert "test rows seen" not in home.warnings


def test_a_ratio_has_the_interval_of_its_resamples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten dialogues of four rows, one of each class: in every resample the UAR is the share of right rows."""
    monkeypatch.chdir(tmp_path)
    home, away = made(10, dialogue=lambda at: at // 4)
    right, other = ([at % 5 < many for at in range(10)] for many in (4, 3))
    weights = sums.draws(10, STATISTICS["resamples"], STATISTICS["seed"])
    shares = [(weights @ np.array(of) / 10 - 0.25) for of in (other, right)]
    low, high = scoring.interval(shares[0] / shares[1], 10, 0.95)
    assert away.ratio == pytest.approx((0.6 - 0.25) / (0.8 - 0.25))
    assert (away.ratio_low, away.ratio_high) == (pytest.approx(low), pytest.approx(high))
    assert (home.ratio_low, home.ratio_high) == (None, None)


def test_a_class_of_one_dialogue_has_a_recall_and_no_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a third of the resamples lack it."""
    monkeypatch.chdir(tmp_path)
    cells = {
        cell.metric: cell
        for cell in made(20, "recall", lambda at: 1 if at == 1 else at % 2 * 2)
        if cell.source == "one"
    }
    rare, common = (cells[f"recall/{EMOTION4.classes[at]}"] for at in (1, 0))
    assert (rare.value, rare.low, rare.high, rare.reason) == (1, None, None, "")
    assert rare.warnings == "interval missing: too few test rows of sad (1)"
    assert common.low is not None


@pytest.mark.parametrize("rare", [(1, 5), (0, 4)], ids=["right", "wrong"])
def test_a_class_of_two_rows_decides_no_mean_and_the_cell_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rare: tuple[int, int]
) -> None:
    """The model says class at % 4 of most rows, so the two rows of class 1 are right or wrong."""
    monkeypatch.chdir(tmp_path)
    truth = np.array([1 if at in rare else (0, 2, 3)[at % 3] for at in range(40)])
    said = np.array([at % 4 if at // 4 % 5 < 4 else (at + 1) % 4 for at in range(40)])
    home, _ = made(10, label=lambda at: int(truth[at]))
    recalls = [(said[truth == name] == name).mean() for name in (0, 2, 3)]
    assert home.value == pytest.approx(np.mean(recalls))
    assert (home.n_classes, home.n) == (3, 40)
    assert home.floor == pytest.approx(1 / 3)
    assert "classes left out: sad (2 rows)" in home.warnings
    assert RARE in marks_of(home)
    assert DEGENERATE not in marks_of(home)


def test_the_interval_of_a_mean_is_of_the_resamples_that_have_every_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten rows of one dialogue are enough rows, and about a third of the resamples have none of them."""
    monkeypatch.chdir(tmp_path)
    cell, _ = made(4, label=lambda at: 1 if at % 4 == 1 else 0)
    assert cell.low is not None
    assert re.search(r"interval from the (6|7)\d% of resamples that have every class", cell.warnings)
    assert FEW in marks_of(cell)


def test_where_most_resamples_lose_a_class_there_is_no_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cell, _ = made(3, label=lambda at: at % 3)  # each class in a dialogue of its own
    assert cell.value is not None
    assert (cell.low, cell.high) == (None, None)
    assert cell.warnings.endswith("the metric is undefined in too many of the resamples")
