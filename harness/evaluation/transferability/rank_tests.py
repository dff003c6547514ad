"""Test whether an estimate of transferability ranks pairs of corpora in the order of their cells.

Pairs are no independent rows: those of one target share its difficulty, and a source that is good is good everywhere.
So a coefficient is given over all pairs and *within target* (the mean over targets of the coefficient among the sources
of each), and each has two permutation tests, both two-sided:

blocks   sources are permuted inside every target on its own. It removes what a target adds, but takes every target for
         a new draw of sources, and so promises too much where the same few sources come back under every target.
joint    corpora are renamed, the same way as source and as target (Mantel's test; QAP). It removes both. Of 5 corpora
         there are 120 namings, so that no p can be smaller than about 1 / 120: `smallest` says how small it can get.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.evaluation.transferability.estimate import Floats
from harness.evaluation.transferability.rank_coefficients import kendall, spearman, weighted

Coefficient = Callable[[Floats, Floats], Floats]
COEFFICIENTS: dict[str, Coefficient] = {"spearman": spearman, "kendall": kendall, "weighted": weighted}
SCOPES = ("overall", "within_target")
SLACK = 1e-9  # coefficients nearer than this are equal
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Permuted:
    """A two-sided permutation test: `p` and the smallest p it could have given, both None where there is a `reason`."""

    p: float | None
    smallest: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one rank correlation judges an estimate.

    Args:
        coefficient: `spearman`, `kendall` (tau b) or `weighted` (Vigna's tau, which counts exchanges at the top more).
        scope: `overall`, or `within_target`.
        value: from -1 to 1, positive where the estimate ranks as it should; None for a `reason`.
        blocks, joint: its permutation tests.
        pairs, targets: what it stands on; a target with fewer than two sources, or whose estimates or outcomes are all
            the same, is left out within target.
    """

    coefficient: str
    scope: str
    value: float | None
    blocks: Permuted
    joint: Permuted
    pairs: int
    targets: int
    reason: str = ""


def rank_correlation(
    estimate: NDArray[Any],
    happened: NDArray[Any],
    sources: Sequence[str],
    targets: Sequence[str],
    *,
    higher_is_better: bool = True,
    coefficients: Sequence[str] = tuple(COEFFICIENTS),
    draws: int = 10_000,
    seed: int = 0,
) -> tuple[Judgement, ...]:
    """Return every coefficient over all pairs and within target, with its permutation tests.

    Args:
        estimate: of each pair (n,).
        happened: what the pair really scored (n,), higher is better.
        sources, targets: names of each pair (n,); a pair occurs once.
        higher_is_better: False turns the estimate round (a distance), so that a good one has a positive coefficient.
        coefficients: which of them.
        draws: where there are more arrangements than this, so many are drawn by `seed`.

    Raises:
        ValueError: lengths differ, a number is not finite, a pair occurs twice.
    """
    x, y, place = _checked(estimate, happened, sources, targets)
    x = x if higher_is_better else -x
    blocks = [np.flatnonzero(np.asarray(targets) == name) for name in dict.fromkeys(targets)]
    tests = {"blocks": _by_block(blocks, draws, seed), "joint": _by_name(place, draws, seed)}
    return tuple(_judged(name, scope, x, y, blocks, tests) for scope in SCOPES for name in coefficients)


@dataclass(frozen=True, slots=True)
class _Arrangements:
    """Outcomes put elsewhere: which goes where, (arrangements, n), and the `number` of all ways, some not here."""

    places: Places
    number: int
    reason: str = ""


def _judged(
    name: str, scope: str, x: Floats, y: Floats, blocks: list[Places], tests: dict[str, _Arrangements]
) -> Judgement:
    varied = [b for b in blocks if len(b) > 1 and np.ptp(x[b]) > 0 and np.ptp(y[b]) > 0]
    parts = [np.arange(len(x))] if scope == "overall" else varied
    none = Permuted(None, None, "no_value")
    if not parts or np.ptp(x) == 0 or np.ptp(y) == 0 or len(x) < 2:
        alone = scope != "overall" and all(len(block) < 2 for block in blocks)
        reason = "one_source_a_target" if alone else "estimates_or_outcomes_do_not_vary"
        return Judgement(name, scope, None, none, none, 0, 0, reason)

    def coefficient(places: Places) -> Floats:
        return _coefficient(COEFFICIENTS[name], x, y[places], parts if scope == "overall" else blocks)

    value = float(coefficient(np.arange(len(x))[None])[0])
    permuted = {kind: _tested(coefficient, value, arrangements) for kind, arrangements in tests.items()}
    targets = len(blocks) if scope == "overall" else len(parts)
    return Judgement(name, scope, value, permuted["blocks"], permuted["joint"], sum(map(len, parts)), targets)


def _coefficient(measure: Coefficient, x: Floats, y: Floats, parts: list[Places]) -> Floats:
    """Return the mean over parts of a coefficient of x (n,) and each row of y (m, n); parts that do not vary are out.

    Renaming corpora can move a target whose outcomes do not vary, so that the parts left out differ between rows.
    """
    total, known = np.zeros(len(y)), np.zeros(len(y))
    for part in parts:
        if len(part) > 1 and np.ptp(x[part]) > 0:
            moved = y[:, part]
            varies = np.ptp(moved, axis=1) > 0
            total[varies] += measure(x[part], moved[varies])
            known += varies
    mean: Floats = np.divide(total, known, out=np.zeros(len(y)), where=known > 0)
    return mean


def _tested(coefficient: Callable[[Places], Floats], value: float, arrangements: _Arrangements) -> Permuted:
    if arrangements.reason:
        return Permuted(None, None, arrangements.reason)
    coefficients = np.abs(coefficient(arrangements.places))
    reached = coefficients >= abs(value) - SLACK
    if len(arrangements.places) == arrangements.number:
        return Permuted(float(reached.mean()), float((coefficients >= coefficients.max() - SLACK).mean()))
    p = (1 + int(reached.sum())) / (1 + len(coefficients))
    return Permuted(p, max(1 / (1 + len(coefficients)), 1 / arrangements.number))


def _by_block(blocks: list[Places], draws: int, seed: int) -> _Arrangements:
    number = math.prod(math.factorial(len(block)) for block in blocks)
    if number == 1:
        return _Arrangements(np.zeros((0, 0), np.int64), 1, "one_source_a_target")
    places = np.empty((min(number, draws), sum(map(len, blocks))), np.int64)
    if number <= draws:
        ways = product(*(permutations(block.tolist()) for block in blocks))
        places[:, np.concatenate(blocks)] = [sum(way, ()) for way in ways]
    else:
        chance = np.random.default_rng([seed, 1])
        for block in blocks:
            places[:, block] = chance.permuted(np.tile(block, (draws, 1)), axis=1)
    return _Arrangements(places, number)


def _by_name(place: NDArray[np.int64], draws: int, seed: int) -> _Arrangements:
    """Return the namings of corpora; `place` (corpora, corpora) holds the number of a pair, or -1."""
    corpora = len(place)
    pairs = np.argwhere(place >= 0)
    pairs = pairs[np.argsort(place[tuple(pairs.T)])]
    if len(pairs) not in (corpora * (corpora - 1), corpora * corpora) or corpora < 3:
        return _Arrangements(np.zeros((0, 0), np.int64), 0, "some_pairs_are_missing")
    number = math.factorial(corpora)
    if number <= draws:
        names = np.array(list(permutations(range(corpora))), dtype=np.int64)
    else:
        names = np.random.default_rng([seed, 2]).permuted(np.tile(np.arange(corpora), (draws, 1)), axis=1)
    return _Arrangements(place[names[:, pairs[:, 0]], names[:, pairs[:, 1]]], number)


def _checked(
    estimate: NDArray[Any], happened: NDArray[Any], sources: Sequence[str], targets: Sequence[str]
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    x, y = (np.asarray(values, dtype=np.float64) for values in (estimate, happened))
    if not (x.shape == y.shape == (len(sources),) == (len(targets),)):
        raise ValueError(f"{x.shape}, {y.shape}, {len(sources)} and {len(targets)} pairs do not belong together")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("leave out pairs without an estimate or an outcome")
    names = list(dict.fromkeys([*sources, *targets]))
    place = np.full((len(names), len(names)), -1, dtype=np.int64)
    for at, (source, target) in enumerate(zip(sources, targets, strict=True)):
        key = names.index(source), names.index(target)
        if place[key] >= 0:
            raise ValueError(f"the pair {source}->{target} occurs twice")
        place[key] = at
    return x, y, place
