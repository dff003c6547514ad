"""How far annotators agree: Fleiss' kappa by statsmodels, Krippendorff's alpha by krippendorff, plain shares.

A vote may name several classes. Kappa and nominal alpha need one class per vote, so they see the utterances on which
every annotator named exactly one; `alpha_sets` sees all of them and counts how much two sets share (MASI distance).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.audit.votes import Votes

LARGEST = 20_000_000  # krippendorff lays out utterances x values x values; beyond it every k-th utterance is taken


def agreement(votes: Votes) -> dict[str, Any]:
    """Return every measure of agreement of one view; those that are undefined are None."""
    sets = {id_: [ballot.words for ballot in ballots] for id_, ballots in votes.ballots.items() if len(ballots) > 1}
    sizes = Counter(len(words) for words in votes.single.values())
    usual = sizes.most_common(1)[0][0] if sizes else 0
    equal = [words for words in votes.single.values() if len(words) == usual]
    return {
        "utterances": len(votes.ballots),
        "annotators_per_utterance": dict(sorted(Counter(len(ballots) for ballots in votes.ballots.values()).items())),
        "single": {"utterances": len(votes.single), "share": len(votes.single) / len(sets) if sets else None},
        "words": dict(
            Counter(w for ones in votes.ballots.values() for ballot in ones for w in ballot.words).most_common()
        ),
        "folded": dict(votes.folded),
        "fleiss": fleiss(equal),
        "fleiss_utterances": len(equal),
        "fleiss_annotators": usual,
        "alpha": alpha(list(votes.single.values()), "nominal"),
        "alpha_sets": alpha_sets(list(sets.values())),
        "pairwise": fmean(pairwise(words) for words in sets.values()) if sets else None,
        "unanimous": fmean(len(set(words)) == 1 for words in sets.values()) if sets else None,
    }


def rating_agreement(by_id: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Return agreement of ratings on a scale: alpha for intervals and for ranks, mean distance of two annotators."""
    several = [list(numbers) for numbers in by_id.values() if len(numbers) > 1]
    gaps = [abs(a - b) for numbers in several for a, b in combinations(numbers, 2)]
    return {
        "utterances": len(by_id),
        "annotators_per_utterance": dict(sorted(Counter(len(ratings) for ratings in by_id.values()).items())),
        "values": {
            f"{value:g}": n for value, n in sorted(Counter(v for ratings in by_id.values() for v in ratings).items())
        },
        "alpha_interval": alpha(several, "interval"),
        "alpha_ordinal": alpha(several, "ordinal"),
        "mean_gap": fmean(gaps) if gaps else None,
        "unanimous": fmean(len(set(numbers)) == 1 for numbers in several) if several else None,
    }


def fleiss(rows: Sequence[Sequence[Hashable]]) -> float | None:
    """Return Fleiss' kappa of rows with equally many votes; None where only one class was ever named."""
    from statsmodels.stats.inter_rater import fleiss_kappa

    table, values = count_table(rows)
    return float(fleiss_kappa(table, method="fleiss")) if len(values) > 1 else None


def alpha(rows: Sequence[Sequence[Any]], level: str) -> float | None:
    """Return Krippendorff's alpha of rows of votes, at the level nominal, ordinal or interval; None if undefined."""
    import krippendorff

    table, values = count_table(rows)
    if len(values) < 2 or not len(table):
        return None
    every = -(-table.size * len(values) // LARGEST)
    domain = np.arange(len(values)) if level == "nominal" else np.array(values)
    return float(krippendorff.alpha(value_counts=table[::every], value_domain=domain, level_of_measurement=level))


def alpha_sets(rows: Sequence[Sequence[frozenset[str]]]) -> float | None:
    """Return alpha over sets of classes with the MASI distance (Passonneau 2006); None if only one set occurs."""
    table, values = count_table(rows)
    if len(values) < 2:
        return None
    distance = np.array([[masi(a, b) for b in values] for a in values])
    weights = 1 / (table.sum(axis=1) - 1)
    together = (table * weights[:, None]).T @ table - np.diag((table * weights[:, None]).sum(axis=0))
    totals = together.sum(axis=1)
    expected = np.outer(totals, totals) - np.diag(totals)
    return float(1 - (totals.sum() - 1) * (together * distance).sum() / (expected * distance).sum())


def masi(a: frozenset[str], b: frozenset[str]) -> float:
    """Return 1 - Jaccard x monotonicity: 0 for equal sets, 1 for disjoint ones."""
    shared = a & b
    monotone = 1.0 if a == b else 2 / 3 if shared in (a, b) else 1 / 3
    return 1 - len(shared) / len(a | b) * monotone


def pairwise(words: Sequence[Hashable]) -> float:
    """Return the share of pairs of annotators who said the same."""
    pairs = list(combinations(words, 2))
    return sum(a == b for a, b in pairs) / len(pairs)


def count_table(rows: Sequence[Sequence[Any]]) -> tuple[NDArray[np.int64], list[Any]]:
    """Return how many annotators gave each value to each row, (rows, values), and the values in order."""
    values = sorted(
        {value for row in rows for value in row}, key=lambda v: sorted(v) if isinstance(v, frozenset) else v
    )
    counters = [Counter(row) for row in rows]
    table = np.array([[counter[value] for value in values] for counter in counters], dtype=np.int64)
    return table.reshape(len(rows), len(values)), values
