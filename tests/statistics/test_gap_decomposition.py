"""The three terms of a gap: worlds in which one cause alone is at work, exact sums, and brute force."""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import softmax
from small_studies import CHECKOUT

from harness.core.plugins import find
from harness.statistics import sums
from harness.statistics.gap_decomposition import CAUSES, Decomposition, GapCell, decomposed

K = 4
MEANS = 1.5 * np.eye(K)
SOURCE, TARGET = np.array([0.7, 0.1, 0.1, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])
DOC = CHECKOUT / "docs" / "decomposition.md"


def bayes(x: Any, shares: Any, at: Any = MEANS) -> Any:
    """Posteriors (1, n, K) of a model that knows p(x | y) as `at` says, at a prior."""
    with np.errstate(divide="ignore"):
        return softmax(-((x[:, None] - at) ** 2).sum(axis=-1) / 2 + np.log(shares), axis=1)[None]


def world(source: Any, moved: float = 0.0, target: Any = TARGET, n: int = 4000, seed: int = 0) -> GapCell:
    """Target rows, their own Bayes model, and one of a source with another prior or means moved along a circle."""
    chance = np.random.default_rng(seed)
    truth = chance.choice(K, n, p=target)
    x = MEANS[truth] + chance.normal(size=(n, K))
    elsewhere = (1 - moved) * MEANS + moved * np.roll(MEANS, 1, axis=0)
    source = np.asarray(source, dtype=float)
    return GapCell(truth, np.arange(n) // 10, bayes(x, target), bayes(x, source, elsewhere), np.asarray(target), source)


def terms(cell: GapCell, metric: str = "wa", resamples: int = 0) -> tuple[Decomposition, dict[str, float]]:
    draws = sums.draws(int(cell.clusters.max()) + 1, resamples, 1) if resamples else np.zeros((0, 1))
    found = decomposed(cell, find("metric", metric), draws)
    assert found.gap is not None
    parts = {cause: getattr(found, cause) for cause in CAUSES}
    assert sum(one.value for one in parts.values()) == pytest.approx(found.gap.value, abs=1e-12)
    return found, {"gap": found.gap.value, **{cause: one.value for cause, one in parts.items()}}


def test_pure_prior_shift_is_all_prior() -> None:
    _, found = terms(world(SOURCE))
    assert found["gap"] < -0.1
    assert found["prior"] == pytest.approx(found["gap"], abs=1e-3)
    assert found["coverage"] == 0
    assert found["feature"] == pytest.approx(0, abs=1e-3)


def test_pure_feature_shift_is_all_feature() -> None:
    _, found = terms(world(TARGET, moved=0.6))
    assert found["gap"] < -0.1
    assert found["feature"] == found["gap"]
    assert found["prior"] == found["coverage"] == 0


def test_a_class_that_the_source_lacks_is_all_coverage() -> None:
    lacking = np.array([0.1, 0.2, 0, 0.4]) / 0.7
    found, values = terms(world(lacking))
    assert values["gap"] < -0.1
    assert values["coverage"] == pytest.approx(values["gap"], abs=1e-3)
    assert values["prior"] == pytest.approx(0, abs=1e-3)
    assert values["feature"] == pytest.approx(0, abs=1e-3)
    assert found.warnings == ("the source's train part has no row of classes 2",)


@pytest.mark.parametrize("metric", ["wa", "uar", "macro_f1", "wf1"])
def test_all_three_at_once_sum_to_the_gap(metric: str) -> None:
    cell = world(np.array([0.8, 0.1, 0, 0.1]), moved=0.4)
    found, values = terms(cell, metric, resamples=200)
    plain = [find("metric", metric).from_statistic(sums.confusion(cell.truth, s.argmax(-1), cell.clusters, K)
             .sum(axis=1)).mean() for s in (cell.cross, cell.inside)]  # fmt: skip
    assert values["gap"] == pytest.approx(plain[0] - plain[1])
    for cause in CAUSES:
        term = getattr(found, cause)
        assert term.low < term.value < term.high
        assert term.least <= term.value <= term.most
    if metric == "wa":
        assert all(values[cause] < -0.02 for cause in CAUSES)


def test_balanced_models_have_no_prior_term() -> None:
    cell = world(np.full(K, 0.25), moved=0.4, target=np.full(K, 0.25))
    assert terms(cell)[1]["prior"] == 0


def test_terms_equal_shapley_values_by_brute_force() -> None:
    cell = world(np.array([0.8, 0.1, 0, 0.1]), moved=0.4, n=300)
    s, t, inside, cross = cell.source, cell.target, cell.inside[0], cell.cross[0]

    def value(*broken: str) -> float:
        rows = []
        for i in range(300):
            p = cross[i] if "feature" in broken else inside[i]
            own, now = (s if "feature" in broken else t), (s if "prior" in broken else t)
            q = [p[c] * now[c] / own[c] if s[c] > 0 else 0 for c in range(K)]
            q = [one / sum(q) for one in q]
            if "coverage" not in broken:
                q = [inside[i][c] if s[c] == 0 else one * (1 - inside[i][2]) for c, one in enumerate(q)]
            rows.append(int(np.argmax(q)) == cell.truth[i])
        return float(np.mean(rows))

    found = terms(cell)[1]
    for cause in CAUSES:
        others = [one for one in CAUSES if one != cause]
        weight = {0: 1 / 3, 1: 1 / 6, 2: 1 / 3}
        shapley = sum(
            weight[size] * (value(*group, cause) - value(*group))
            for size in range(3)
            for group in itertools.combinations(others, size)
        )
        assert found[cause] == pytest.approx(shapley, abs=1e-9)


def test_the_resamples_are_those_of_repeated_dialogues() -> None:
    cell = world(np.array([0.8, 0.1, 0, 0.1]), moved=0.4, n=120)
    draws = sums.draws(12, 40, 2)
    found = decomposed(cell, find("metric", "uar"), draws)
    slow: list[list[float]] = []
    for drawn in draws.astype(int):
        rows = np.concatenate([np.tile(np.flatnonzero(cell.clusters == d), times) for d, times in enumerate(drawn)])
        again = replace(cell, truth=cell.truth[rows], clusters=np.zeros(len(rows), dtype=np.int64),
                        inside=cell.inside[:, rows], cross=cell.cross[:, rows])  # fmt: skip
        slow.append([terms(again, "uar")[1][name] for name in ("gap", *CAUSES)])
    for name, values in zip(("gap", *CAUSES), np.array(slow).T, strict=True):
        term = getattr(found, name)
        assert_allclose((term.low, term.high), np.quantile(values, [0.025, 0.975]), atol=1e-9)


def test_models_may_have_different_numbers_of_replicates() -> None:
    cell = world(np.array([0.8, 0.1, 0, 0.1]), moved=0.3, n=200)
    once = terms(cell)[1]
    more = replace(cell, cross=np.repeat(cell.cross, 6, axis=0), inside=np.repeat(cell.inside, 4, axis=0))
    assert terms(more)[1] == pytest.approx(once)


def test_the_interval_of_a_term_holds_it_as_often_as_it_says() -> None:
    """The truth is the term of 400,000 rows of the same world."""
    source = np.array([0.6, 0.2, 0, 0.2])
    true = terms(world(source, moved=0.3, n=200_000, seed=99))[1]
    hits = dict.fromkeys(CAUSES, 0)
    for seed in range(150):
        found, _ = terms(world(source, moved=0.3, n=800, seed=seed), resamples=300)
        for cause in CAUSES:
            term = getattr(found, cause)
            hits[cause] += term.low <= true[cause] <= term.high
    assert all(0.89 <= one / 150 <= 0.99 for one in hits.values()), hits


def test_bad_input_is_named() -> None:
    cell, none = world(SOURCE, n=50), np.zeros((0, 5))
    with pytest.raises(ValueError, match="confusion"):
        decomposed(cell, find("metric", "ece"), none)
    with pytest.raises(ValueError, match="per class"):
        decomposed(cell, find("metric", "recall"), none)
    with pytest.raises(ValueError, match="same classes"):
        decomposed(replace(cell, source=np.array([0.5, 0.5])), find("metric", "wa"), none)
    with pytest.raises(ValueError, match="in common"):
        decomposed(replace(cell, source=np.eye(4)[0], target=np.eye(4)[1]), find("metric", "wa"), none)
    with pytest.raises(ValueError, match="dialogue numbers"):
        decomposed(replace(cell, clusters=np.zeros(3, dtype=int)), find("metric", "wa"), none)


def test_a_cell_takes_milliseconds() -> None:
    cell = world(SOURCE, moved=0.2, n=2000)
    five = replace(cell, inside=np.repeat(cell.inside, 5, axis=0), cross=np.repeat(cell.cross, 5, axis=0))
    draws = sums.draws(200, 2000, 1)
    started = time.perf_counter()
    decomposed(five, find("metric", "uar"), draws)
    assert time.perf_counter() - started < 2


def test_the_example_of_the_page_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, str(DOC), "exec"), {})
