"""The clustered bootstrap of a whole transfer matrix, against a loop that draws rows and calls scikit-learn.

Five targets as large as the real test parts, five sources each, five replicates, 10,000 resamples, and every metric of
params.yaml with its interval and that of the gap: once for a space of seven classes, once for a scale.
"""

import time
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.metrics import recall_score

from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.scoring import ScoredRows
from harness.statistics import sums
from harness.study.labels import EMOTION7, VALENCE, ClassSpace, Space

TARGETS = {  # rows and dialogues (videos) of the test parts; IEMOCAP is tested whole
    "emotiontalk": (1929, 84),
    "ch_sims": (1034, 34),
    "m3ed": (4201, 179),
    "iemocap": (10_039, 151),
    "meld": (2610, 280),
}
SOURCES, REPLICATES, RESAMPLES, LOOPED, LEVEL = 5, 5, 10_000, 20, 0.95
PARAMS = Path(__file__).resolve().parent.parent / "params.yaml"


def run() -> list[str]:
    metrics = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))["metrics"]
    start = time.perf_counter()
    for _, dialogues in TARGETS.values():
        sums.draws(dialogues, RESAMPLES, 1)
    drawing = time.perf_counter() - start
    lines = [
        f"{RESAMPLES:,} resamples, {SOURCES} sources x {len(TARGETS)} targets, {REPLICATES} replicates a cell:",
        f"drawing the dialogues of the {len(TARGETS)} targets, once for all: {drawing:.2f} s",
    ]
    for space, kind in ((EMOTION7, "classes"), (VALENCE, "scale")):
        cells = [[_cell(space, target, source) for source in range(SOURCES)] for target in TARGETS]
        spent, intervals = 0.0, 0
        for of_target in cells:
            seconds, found = _bootstrap(of_target, space, metrics[kind])
            spent, intervals = spent + seconds, intervals + found
        lines.append(f"{space.name}, {', '.join(metrics[kind])}: {spent:.2f} s, {intervals} intervals")
    loop = _loop(_cell(EMOTION7, "meld", 0)) * SOURCES * len(TARGETS) * REPLICATES
    return [*lines, f"a loop with scikit-learn on MELD's size, UAR only, scaled from {LOOPED}: {loop:.0f} s"]


def _cell(space: Space, target: str, source: int) -> ScoredRows:
    rows, dialogues = TARGETS[target]
    chance = np.random.default_rng([source, rows])
    clusters = np.sort(np.concatenate([np.arange(dialogues), chance.integers(dialogues, size=rows - dialogues)]))
    if isinstance(space, ClassSpace):
        k = len(space.classes)
        truth: NDArray[np.int64] | NDArray[np.float64] = chance.integers(k, size=rows)
        scores = chance.dirichlet(np.full(k, 0.5), (REPLICATES, rows)).astype(np.float32)
    else:
        truth = chance.uniform(-1, 1, rows)
        scores = np.clip(truth[:, None] + chance.normal(0, 0.5, (REPLICATES, rows, 1)), -1, 1).astype(np.float32)
    return ScoredRows(truth, scores, clusters, rows, tuple(range(REPLICATES)))


def _bootstrap(cells: list[ScoredRows], space: Space, metrics: list[str]) -> tuple[float, int]:
    """Return the seconds of all cells of one target, and how many intervals of values and gaps they gave."""
    start = time.perf_counter()
    weights = sums.draws(int(cells[0].clusters.max()) + 1, RESAMPLES, 1)
    home: list[NDArray[np.float64]] = []
    intervals = 0
    for cell in cells:
        values = []
        for drawn in scoring.spreads(cell, space, metrics, weights).values():
            values += list(np.atleast_2d(drawn.T))
        home = home or values
        for one, other in zip(values, home, strict=True):
            intervals += sums.interval(one, LEVEL) is not None
            intervals += one is not other and sums.interval(one - other, LEVEL) is not None
    return time.perf_counter() - start, intervals


def _loop(cell: ScoredRows) -> float:
    """Return the seconds that all resamples of one replicate would take row by row."""
    dialogues = int(cell.clusters.max()) + 1
    of_dialogue = [np.flatnonzero(cell.clusters == one) for one in range(dialogues)]
    predicted = cell.scores[0].argmax(axis=-1)
    start = time.perf_counter()
    for draw in sums.draws(dialogues, RESAMPLES, 1)[:LOOPED]:
        rows = np.concatenate([of_dialogue[one] for one in np.repeat(np.arange(dialogues), draw)])
        recall_score(cell.truth[rows], predicted[rows], average="macro")
    return (time.perf_counter() - start) * RESAMPLES / LOOPED
