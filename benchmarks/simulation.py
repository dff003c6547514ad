"""Coverage, type I error, calibration error and power, simulated: what an interval and a p hold.

Each line is of 200 simulated test sets, with the parameters beside it. About a minute.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from harness.core.plugins import find
from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.recipes_compared import PairOnTarget, compared
from harness.evaluation.matrix.speaker_spread import spread_over_speakers
from harness.statistics import speakers, sums
from harness.statistics.paired_tests import exchanged, random_exchanges
from harness.statistics.total_spread import detectable
from harness.study.labels import EMOTION4, EMOTION7, Space

SETTINGS = {"resamples": 500, "seed": 1, "level": 0.95}
TRIALS = 200
UAR, RMS_CE, ECE = (find("metric", name) for name in ("uar", "rms_ce", "ece"))


def run() -> Iterator[str]:
    yield from _cells()
    yield from _rare_class()
    yield from _speakers()
    yield from _calibration()
    yield from _means_over_targets()
    yield from _power()


def _scored(truth: Any, said: Any, clusters: Any, space: Space, least: int = 0) -> scoring.ScoredRows:
    scores = np.eye(len(space.classes), dtype=np.float32)[said][None]  # type: ignore[union-attr]
    names = [str(at) for at in range(len(truth))]
    return scoring.ScoredRows(
        truth, scores, np.unique(clusters, return_inverse=True)[1], len(truth), (1,), names, least
    )


def _interval(scored: scoring.ScoredRows, space: Space, metric: Any) -> tuple[float, Any, tuple[Any, Any]]:
    statistic = scoring.statistic(scored, space, metric)
    drawn = sums.resampled(statistic, scored.draws(SETTINGS), metric)
    value = float(metric.from_statistic(statistic.sum(axis=1))[0])
    return value, drawn, scoring.interval(drawn, scored.dialogues, 0.95, metric)


def _cells() -> Iterator[str]:
    """Yield the coverage of a cell, its gap and its ratio, over other test dialogues of the same models."""
    for dialogues in (4, 6, 10, 20, 60, 150):
        for replicates in (1, 5, 25) if dialogues in (10, 60) else (5,):
            chance, held = np.random.default_rng(9), []
            for _ in range(TRIALS):
                skills = [np.log(recall / (1 - recall)) + chance.normal(0, 0.1, replicates) for recall in (0.6, 0.5)]
                home, away = (_mean_recall(of) for of in skills)
                sides = _same_rows(chance, dialogues, skills)
                weights = sums.draws(dialogues, 500, 1)
                inside, outside = (sums.resampled(of, weights, UAR) for of in sides)
                spans = (
                    (outside, away),
                    (outside - inside, away - home),
                    ((outside - 0.25) / (inside - 0.25), (away - 0.25) / (home - 0.25)),
                )
                ends = [(scoring.interval(drawn, dialogues, 0.95, UAR), true) for drawn, true in spans]
                held.append([low is not None and low <= true <= high for (low, high), true in ends])
            cell, gap, ratio = np.mean(held, axis=0)
            yield (
                f"{dialogues} dialogues, {replicates} replicates: coverage of a cell {cell:.3f}, of its gap {gap:.3f}, "
                f"of its ratio {ratio:.3f}"
            )


def _mean_recall(skills: Any) -> float:
    hard = np.random.default_rng(8).normal(0, 0.4, 50_000)
    return float(np.mean(1 / (1 + np.exp(-(skills[:, None] + hard)))))


def _same_rows(chance: Any, dialogues: int, skills: Any) -> list[Any]:
    """Return the sums per dialogue of two groups of models on the same rows, 20 a dialogue."""
    clusters = np.repeat(np.arange(dialogues), 20)
    truth = chance.integers(0, 4, len(clusters))
    hard, found = chance.normal(0, 0.4, dialogues)[clusters], []
    for of in skills:
        right = chance.random((len(of), len(truth))) < 1 / (1 + np.exp(-(of[:, None] + hard)))
        said = np.where(right, truth, (truth + chance.integers(1, 4, right.shape)) % 4)
        found.append(sums.confusion(truth, said, clusters, 4))
    return found


def _rare_class() -> Iterator[str]:
    rows, recall = [1636, 107, 1084, 2, 1103, 40, 1708], np.array([0.7, 0.4, 0.6, 0.5, 0.5, 0.5, 0.6])
    truth = np.repeat(np.arange(7), rows)
    for least in (0, 10):
        chance, found = np.random.default_rng(1), []
        for _ in range(TRIALS):
            clusters = chance.integers(0, 151, len(truth))
            clusters[truth == 3] = 7
            said = np.where(chance.random(len(truth)) < recall[truth], truth, (truth + 1) % 7)
            value, _, (low, high) = _interval(_scored(truth, said, clusters, EMOTION7, least), EMOTION7, UAR)
            found.append((value, low if low is not None else np.nan, high if high is not None else np.nan))
        true = recall[np.array(rows) >= least].mean()
        values, lows, highs = np.array(found).T
        yield (
            f"IEMOCAP's classes, two disgust rows in one dialogue, least support {least}: "
            f"sd of UAR {values.std():.3f}, coverage {np.mean((lows <= true) & (true <= highs)):.3f}"
        )


def _speakers() -> Iterator[str]:
    for name, cast in (("10 speakers in pairs", _pairs), ("100 speakers, six leads", _leads)):
        for sd in (0.0, 0.2, 0.4):
            chance, held = np.random.default_rng(2), []
            skill = np.random.default_rng(3).normal(0, np.hypot(sd, 0.4), 400_000)
            true = float(np.mean(1 / (1 + np.exp(-(0.4 + skill)))))
            for _ in range(TRIALS):
                dialogue, who = cast(chance)
                truth = chance.integers(0, 4, len(dialogue))
                skill = 0.4 + chance.normal(0, sd, 100)[who] + chance.normal(0, 0.4, dialogue.max() + 1)[dialogue]
                right = chance.random(len(truth)) < 1 / (1 + np.exp(-skill))
                said = np.where(right, truth, (truth + chance.integers(1, 4, len(truth))) % 4)
                scored = _scored(truth, said, dialogue, EMOTION4)
                value, drawn, by_dialogue = _interval(scored, EMOTION4, UAR)
                of: dict[str, str | None] = {row: f"s{one}" for row, one in zip(scored.ids, who, strict=True)}
                both = spread_over_speakers(scored, of, EMOTION4, UAR, SETTINGS, drawn)
                assert both.crossed is not None
                ends = by_dialogue, speakers.interval(value, both.crossed, both.groups, 0.95)
                held.append([low <= true <= high for low, high in ends])
            one, two = np.mean(held, axis=0)
            yield f"{name}, sd of speakers {sd}: coverage over dialogues {one:.3f}, and speakers {two:.3f}"


def _pairs(chance: Any) -> tuple[Any, Any]:
    dialogue = np.repeat(np.arange(150), 35)
    return dialogue, 2 * (dialogue % 5) + chance.integers(0, 2, len(dialogue))


def _leads(chance: Any) -> tuple[Any, Any]:
    share = np.r_[np.full(6, 0.83 / 6), np.full(94, 0.17 / 94)]
    dialogue, who = [], []
    for number in range(280):
        cast = chance.choice(100, 3, replace=False, p=share)
        rows = int(chance.integers(4, 16))
        dialogue += [number] * rows
        who += chance.choice(cast, rows).tolist()
    return np.array(dialogue), np.array(who)


def _calibration() -> Iterator[str]:
    for n, dialogues in ((450, 60), (1500, 84), (2610, 280)):
        for sharper in (1.0, 1.5):
            chance, found = np.random.default_rng(4), []
            true = 0.0 if sharper == 1 else _of_probabilities(np.random.default_rng(5), 300_000, 30_000, sharper)[0]
            for _ in range(TRIALS):
                value, low, high, ece = _of_probabilities(chance, n, dialogues, sharper)
                found.append((value, ece, low <= true <= high, low <= value <= high))
            value, ece, held, own = np.mean(found, axis=0)
            yield (
                f"sharpened by {sharper}, n = {n}: RMS-CE {value:.3f} (true {true:.3f}), median "
                f"{np.median([one[0] for one in found]):.3f}, coverage {held:.3f}, own value inside {own:.3f}; "
                f"ECE {ece:.3f}"
            )


def _of_probabilities(chance: Any, n: int, dialogues: int, sharper: float) -> tuple[float, float, float, float]:
    true = np.exp(chance.normal(0, 1, (n, 4)))
    true /= true.sum(axis=1, keepdims=True)
    truth = (true.cumsum(axis=1) > chance.random((n, 1))).argmax(axis=1)
    said = true**sharper
    said /= said.sum(axis=1, keepdims=True)
    clusters = np.concatenate([np.arange(dialogues), chance.integers(0, dialogues, n - dialogues)])
    scored = scoring.ScoredRows(truth, said[None].astype(np.float32), clusters, n, (1,))
    statistic = scoring.statistic(scored, EMOTION4, RMS_CE)
    value = float(RMS_CE.from_statistic(statistic.sum(axis=1))[0])
    ece = float(ECE.from_statistic(statistic.sum(axis=1))[0])
    if n > 100_000:  # the truth alone is wanted
        return value, 0.0, 0.0, ece
    low, high = scoring.interval(sums.resampled(statistic, scored.draws(SETTINGS), RMS_CE), dialogues, 0.95)
    return value, low or 0.0, high or 0.0, ece


def _two_models(chance: Any, dialogues: int, better: float = 0.0) -> tuple[Any, Any]:
    """Return the sums per dialogue of two models on rows that differ by dialogue, the first better by some recall."""
    clusters = np.repeat(np.arange(dialogues), 20)
    truth = chance.integers(0, 4, len(clusters))
    hard = chance.normal(0, 0.4, dialogues)[clusters]
    both = []
    for recall in (0.6 + better, 0.6):
        skill = np.log(recall / (1 - recall)) + hard
        right = chance.random(len(truth)) < 1 / (1 + np.exp(-skill))
        said = np.where(right, truth, (truth + chance.integers(1, 4, len(truth))) % 4)
        both.append(sums.confusion(truth, said[None], clusters, 4))
    return both[0], both[1]


def _pair(chance: Any, name: str, dialogues: int, seed: int, better: float = 0.0) -> PairOnTarget:
    ours, theirs = _two_models(chance, dialogues, better)
    weights = sums.draws(dialogues, 500, seed)
    drawn = sums.resampled(ours, weights, UAR) - sums.resampled(theirs, weights, UAR)
    observed, moved = exchanged(ours, theirs, UAR, random_exchanges(dialogues, 500, seed))
    return PairOnTarget("a", "b", name, 1, dialogues, float(observed), drawn, moved)


def _means_over_targets() -> Iterator[str]:
    for sizes in ((60, 280), (4, 80), (4, 400), (6, 80, 80), (60, 84, 100, 151, 280)):
        chance, held, rejected = np.random.default_rng(6), [], []
        for _ in range(TRIALS):
            pairs = [_pair(chance, f"t{at}", n, 10 + at) for at, n in enumerate(sizes)]
            found = next(one for one in compared(pairs, 0.95) if one.scope == "all")
            assert found.low is not None
            assert found.high is not None
            assert found.p is not None
            held.append(found.low <= 0 <= found.high)
            rejected.append(found.p <= 0.05)
        yield (
            f"two equal recipes, targets of {', '.join(map(str, sizes))} dialogues: coverage of the mean difference "
            f"{np.mean(held):.3f}, p under .05 in {np.mean(rejected):.3f}"
        )


def _recall_of(difference: float) -> float:
    """Return by how much the recall of `_two_models` must be better to differ so much on average over dialogues."""
    hard = np.random.default_rng(8).normal(0, 0.4, 200_000)

    def mean(recall: float) -> float:
        return float(np.mean(1 / (1 + np.exp(-(np.log(recall / (1 - recall)) + hard)))))

    return difference**2 / (mean(0.6 + difference) - mean(0.6))


def _power() -> Iterator[str]:
    for dialogues in (60, 280):
        chance = np.random.default_rng(7)
        planned = [
            detectable(float(np.std(_pair(chance, "t", dialogues, 3).resamples, ddof=1)), None, 0.95) or 0.0
            for _ in range(20)
        ]
        better = _recall_of(float(np.mean(planned)))
        found = [_pair(chance, "t", dialogues, 5 + at, better) for at in range(TRIALS)]
        sure = [scoring.interval(pair.resamples, dialogues, 0.95) for pair in found]
        yield (
            f"{dialogues} dialogues of 20 rows: detectable difference {np.mean(planned):.3f}; a recipe so much better "
            f"is found in {np.mean([low is not None and low > 0 for low, _ in sure]):.3f} (planned .8)"
        )
