"""Our logistic regression against scikit-learn's, on sparse tf-idf rows shaped like MELD's train split."""

import time
import warnings

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from harness.fusion import linear
from harness.study.labels import EMOTION7

ROWS, COLUMNS, PER_ROW = 10_000, 40_000, 40


def run() -> list[str]:
    chance = np.random.default_rng(1)
    y = chance.choice(7, size=ROWS, p=[0.18, 0.12, 0.07, 0.03, 0.11, 0.03, 0.46])
    columns = (COLUMNS * chance.random((ROWS, PER_ROW)) ** 3).astype(int)
    columns[:, :4] = y[:, None] * 50 + chance.integers(50, size=(ROWS, 4))
    starts = np.arange(0, ROWS * PER_ROW + 1, PER_ROW)
    x = sparse.csr_matrix((np.full(ROWS * PER_ROW, PER_ROW**-0.5), columns.ravel(), starts), shape=(ROWS, COLUMNS))
    x.sum_duplicates()
    weight = (ROWS / (7 * np.bincount(y)))[y]
    start = time.perf_counter()
    arrays = linear.fit(x, y, weight, EMOTION7, {"c": 1.0}, None)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=1.0, max_iter=1000, tol=1e-5).fit(x, y, sample_weight=weight)
    theirs = time.perf_counter() - start
    apart = np.abs(linear.predict(arrays, x, EMOTION7) - model.predict_proba(x)).max()
    return [
        f"{ROWS} rows, {COLUMNS} columns, 7 classes: ours {ours:.1f} s, scikit-learn {theirs:.1f} s",
        f"ratio: {ours / theirs:.2f}",
        f"largest difference of a probability: {apart:.1e}",
    ]
