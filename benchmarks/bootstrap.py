"""The clustered bootstrap from sums per dialogue against a loop that draws rows and calls scikit-learn."""

import time

import numpy as np
from sklearn.metrics import recall_score

from harness import statistics
from harness.metrics import macro_f1, uar, wa, wf1

ROWS, DIALOGUES, CLASSES, RESAMPLES, LOOPED = 3000, 120, 7, 10_000, 50


def run() -> list[str]:
    chance = np.random.default_rng(1)
    truth = chance.integers(CLASSES, size=ROWS)
    predicted = np.where(chance.random(ROWS) < 0.5, truth, chance.integers(CLASSES, size=ROWS))
    clusters = np.sort(chance.integers(DIALOGUES, size=ROWS))
    start = time.perf_counter()
    sums = statistics.confusion(truth, predicted[None], clusters, CLASSES)
    weights = statistics.draws(int(clusters.max()) + 1, RESAMPLES, seed=1)
    for metric in (uar, macro_f1, wa, wf1):
        statistics.interval(statistics.resampled(sums, weights, metric), 0.95)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    for draw in weights[:LOOPED]:
        rows = np.concatenate(
            [np.flatnonzero(clusters == c) for c in np.repeat(np.arange(len(draw)), draw.astype(int))]
        )
        recall_score(truth[rows], predicted[rows], average="macro")
    loop = (time.perf_counter() - start) * RESAMPLES / LOOPED
    return [
        f"{RESAMPLES} resamples of {ROWS} rows in {DIALOGUES} dialogues, 4 metrics: {ours:.3f} s",
        f"a loop with scikit-learn, UAR only, scaled from {LOOPED}: {loop:.0f} s, {loop / ours:.0f} times as long",
    ]
