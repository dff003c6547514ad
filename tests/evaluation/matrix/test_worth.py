"""What a source is worth: the crossing of its value with the target's own line, in every resample and draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.core.plugins import find
from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.cells import CellScorer, CellToScore
from harness.evaluation.matrix.worth import worths
from harness.study.labels import EMOTION4
from harness.study.splits import NO_SOURCE

N, SETTINGS = 1200, {"resamples": 300, "seed": 1, "level": 0.95}
TRUTH, CLUSTERS = np.tile(np.arange(4), N // 4), np.arange(N) % 60
UAR = find("metric", "uar")
PROTOCOLS = {"few": {"protocol": "few_shot", "recipes": ["r"]}, "other": {"protocol": "oracle", "recipes": ["r"]}}


def scored(seeds: tuple[int, ...], share: float) -> scoring.ScoredRows:
    """Models that are right in about this share of the rows, each seed in other ones."""
    chance = np.random.default_rng([*seeds, round(1000 * share)])
    right = chance.random((len(seeds), N)) < share + chance.normal(0, 0.01, (len(seeds), 1))
    said = np.where(right, TRUTH, (TRUTH + 1) % 4)
    return scoring.ScoredRows(
        TRUTH, np.eye(4, dtype=np.float32)[said], CLUSTERS, N, seeds, [str(at) for at in range(N)]
    )


def cell(source: str, share: float, protocol: str = "single_source", variant: str = "", **more: Any) -> CellToScore:
    seeds = (1, 2, 3, 4, 5) if variant else (1,)
    row = CellToScore("r", {}, source, "t", "multimodal", protocol=protocol, variant=variant)
    row.scored = more.get("scored") or scored(seeds, share)
    draws = row.scored.draws(SETTINGS)
    row.values = {of.metric: of for of in scoring.values(row.scored, EMOTION4, ["uar"], draws)}
    return row


LINE = [cell(NO_SOURCE, share, "few", f"k={k}") for k, share in ((5, 0.3), (20, 0.4), (100, 0.5))]
SCORER = CellScorer(SETTINGS, EMOTION4, ["uar"], None)  # type: ignore[arg-type]


def test_a_source_is_worth_a_number_of_labels_within_an_interval() -> None:
    (found,) = worths([*LINE, cell("a", 0.45)], PROTOCOLS, UAR, SCORER)
    assert (found.recipe, found.protocol, found.source, found.target) == ("r", "few", "a", "t")
    assert found.shots == pytest.approx(45, rel=0.5)  # the middle of 20 and 100 on a logarithmic scale
    assert found.low < found.shots < found.high  # type: ignore[operator]
    assert 10 < found.low < 40 < 45 < found.high < 100 or found.high_bound == ">"  # type: ignore[operator]


def test_a_source_that_no_tried_number_reaches_is_worth_more() -> None:
    (found,) = worths([*LINE, cell("a", 0.8)], PROTOCOLS, UAR, SCORER)
    assert (found.shots, found.bound, found.low_bound, found.high_bound) == (100, ">", ">", ">")


def test_a_source_on_other_rows_has_a_worth_and_no_interval() -> None:
    other = scored((1,), 0.45).only(frozenset(str(at) for at in range(0, N, 2)))
    (found,) = worths([*LINE, cell("a", 0.45, scored=other)], PROTOCOLS, UAR, SCORER)
    assert found.shots is not None
    assert (found.low, found.high) == (None, None)


def test_without_the_targets_own_line_nothing_is_worth_anything() -> None:
    assert not list(worths([cell("a", 0.45)], PROTOCOLS, UAR, SCORER))
    assert not list(worths([*LINE, cell("t", 0.45)], PROTOCOLS, UAR, SCORER)), "the in-domain model is no source"
