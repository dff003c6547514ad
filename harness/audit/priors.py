"""Class priors: how the classes of a space are spread in a corpus, and how far two corpora are apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.audit.audited_corpus import CLASS_SPACES, AuditedCorpus
from harness.audit.counts import spread
from harness.study.labels import SPACES


def priors(corpus: AuditedCorpus) -> dict[str, Any]:
    """Return space -> view -> part ("all", splits or folds) -> prior, for what the corpus labels."""
    by_space: dict[str, Any] = {}
    for space, classes in CLASS_SPACES.items():
        for view in corpus.views:
            labels = corpus.column(space, view)
            if len(labels):
                group = corpus.frame.set_index("id")["group"].reindex(labels.index)
                parts = {name: prior(labels[group == name], classes) for name in corpus.groups}
                by_space.setdefault(space, {})[view] = {"all": prior(labels, classes), **parts}
    return by_space


def prior(labels: Iterable[str], classes: Sequence[str]) -> dict[str, Any]:
    """Return counts and the imbalance of labels.

    `entropy` is divided by its largest value, log(classes): 1 is balanced. `ratio` is the largest class over the
    smallest that occurs; classes that never occur are in `absent`.
    """
    counter = Counter(labels)
    counts = {name: counter[name] for name in classes}
    absent = [name for name, count in counts.items() if not count]
    total, most = sum(counts.values()), max(counts, key=counts.__getitem__)
    if not total:
        return {"rows": 0, "counts": counts, "absent": absent}
    shares = [count / total for count in counts.values() if count]
    return {
        "rows": total,
        "counts": counts,
        "absent": absent,
        "majority": most,
        "majority_share": counts[most] / total,
        "entropy": -sum(share * math.log(share) for share in shares) / math.log(len(classes)) + 0.0,
        "ratio": max(shares) / min(shares),
    }


def scales(corpus: AuditedCorpus) -> dict[str, Any]:
    """Return scale space -> view -> rows and spread of the numbers."""
    by_space: dict[str, Any] = {}
    for space in (name for name in SPACES if name not in CLASS_SPACES):
        for view in corpus.views:
            numbers = corpus.column(space, view)
            if len(numbers):
                by_space.setdefault(space, {})[view] = {"rows": len(numbers), "spread": spread(numbers)}
    return by_space


def distances(by_corpus: Mapping[str, Mapping[str, Any]], view: str, part: str) -> dict[str, list[dict[str, Any]]]:
    """Return space -> pairs of corpora with the distance of their priors.

    Args:
        by_corpus: corpus -> what `priors` returned.
        view: the label view that is compared.
        part: the split that is compared; of a corpus without it, all rows are.
    """
    by_part = {}
    for space in CLASS_SPACES:
        parts = {name: spaces.get(space, {}).get(view) for name, spaces in by_corpus.items()}
        chosen = {name: by_part_of.get(part, by_part_of["all"]) for name, by_part_of in parts.items() if by_part_of}
        shares = {name: _shares(prior["counts"]) for name, prior in chosen.items() if prior["rows"]}
        pairs = [
            {
                "a": a,
                "b": b,
                "total_variation": total_variation(shares[a], shares[b]),
                "jensen_shannon": jensen_shannon(shares[a], shares[b]),
            }
            for a, b in combinations(shares, 2)
        ]
        if pairs:
            by_part[space] = pairs
    return by_part


def _shares(counts: Mapping[str, int]) -> NDArray[np.float64]:
    return np.array(list(counts.values()), dtype=np.float64) / sum(counts.values())


def total_variation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return half the sum of absolute differences: the share of rows that would have to change class."""
    return float(np.abs(a - b).sum() / 2)


def jensen_shannon(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the Jensen-Shannon distance to base 2, by scipy: 0 for equal priors, 1 for disjoint ones."""
    from scipy.spatial.distance import jensenshannon

    return float(np.nan_to_num(jensenshannon(a, b, base=2)))  # equal priors may round below 0
