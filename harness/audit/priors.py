"""Class priors: how the classes of a space are spread in a corpus, and how far two corpora are apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.audit.corpus_data import CLASS_SPACES, Corpus, group_of
from harness.audit.counts import spread
from harness.study.labels import SPACES, ScaleSpace


def priors(corpus: Corpus) -> dict[str, Any]:
    """Return space -> view -> part ("all", splits or folds) -> prior, for what the corpus labels."""
    group = {row.id: group_of(row) for row in corpus.utterances}
    found: dict[str, Any] = {}
    for space, classes in CLASS_SPACES.items():
        for view in corpus.views:
            column = corpus.column(space, view)
            if column:
                parts = {"all": prior(column.values(), classes)}
                for name in corpus.groups:
                    parts[name] = prior((label for id_, label in column.items() if group[id_] == name), classes)
                found.setdefault(space, {})[view] = parts
    return found


def prior(labels: Iterable[str], classes: Sequence[str]) -> dict[str, Any]:
    """Return counts and the imbalance of labels.

    `entropy` is divided by its largest value, log(classes): 1 is balanced. `ratio` is the largest class over the
    smallest that occurs; classes that never occur are in `absent`.
    """
    counter = Counter(labels)
    counts = [counter[name] for name in classes]
    total = sum(counts)
    there = [count for count in counts if count]
    if not total:
        return {"rows": 0, "counts": dict(zip(classes, counts, strict=True)), "absent": list(classes)}
    entropy = -sum(count / total * math.log(count / total) for count in there)
    return {
        "rows": total,
        "counts": dict(zip(classes, counts, strict=True)),
        "absent": [name for name, count in zip(classes, counts, strict=True) if not count],
        "majority": classes[counts.index(max(counts))],
        "majority_share": max(counts) / total,
        "entropy": entropy / math.log(len(classes)) + 0.0,
        "ratio": max(counts) / min(there),
    }


def scales(corpus: Corpus) -> dict[str, Any]:
    """Return scale space -> view -> rows and spread of the numbers."""
    found: dict[str, Any] = {}
    for space in (name for name, one in SPACES.items() if isinstance(one, ScaleSpace)):
        for view in corpus.views:
            numbers = list(corpus.column(space, view).values())
            if numbers:
                found.setdefault(space, {})[view] = {"rows": len(numbers), "spread": spread(numbers)}
    return found


def distances(by_corpus: Mapping[str, Mapping[str, Any]], view: str, part: str) -> dict[str, list[dict[str, Any]]]:
    """Return space -> pairs of corpora with the distance of their priors.

    Args:
        by_corpus: corpus -> what `priors` returned.
        view: the label view that is compared.
        part: the split that is compared; of a corpus without it, all rows are.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for space in CLASS_SPACES:
        shares = {
            name: _shares(parts.get(part, parts["all"]))
            for name, by_space in by_corpus.items()
            if (parts := by_space.get(space, {}).get(view)) and parts.get(part, parts["all"])["rows"]
        }
        pairs = [
            {"a": a, "b": b, "total_variation": total_variation(shares[a], shares[b]), "jensen_shannon": js}
            for a, b in combinations(shares, 2)
            if (js := jensen_shannon(shares[a], shares[b])) is not None
        ]
        if pairs:
            found[space] = pairs
    return found


def _shares(facts: Mapping[str, Any]) -> NDArray[np.float64]:
    counts = np.array(list(facts["counts"].values()), dtype=np.float64)
    shares: NDArray[np.float64] = counts / counts.sum()
    return shares


def total_variation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return half the sum of absolute differences: the share of rows that would have to change class."""
    return float(np.abs(a - b).sum() / 2)


def jensen_shannon(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the Jensen-Shannon distance to base 2, by scipy: 0 for equal priors, 1 for disjoint ones."""
    from scipy.spatial.distance import jensenshannon

    return float(np.nan_to_num(jensenshannon(a, b, base=2)))  # equal priors may round below 0
