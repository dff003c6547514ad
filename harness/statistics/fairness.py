"""Fairness as audEERING's ser-tests measures it: a group against all groups together, with a threshold.

Definitions and thresholds: github.com/audeering/ser-tests, test/emotion/*.yaml and common/*.py. A threshold is the
largest difference that a random model showed in 1,000 simulations with 1,000 rows a group (sex, language); with fewer
rows chance alone can exceed it, which the warnings say. A check is passed when the size of its value is below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UAR, UAP, RECALL, PRECISION = 0.075, 0.05, 0.175, 0.075  # fairness_sex.yaml
LANGUAGE = 0.1  # fairness_language.yaml
SPEAKER = 0.1  # correctness_speaker_average.yaml
SPEAKER_ROWS, SPEAKER_CLASS_ROWS = 10, 8  # common/correctness_speaker_average.py
GROUP_ROWS = 1000  # of the simulations behind the thresholds
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Check:
    """One number against its threshold; `passed` and `value` are None where it is undefined, with the reason."""

    name: str  # "uar", "precision/anger", "proportion/sad", ...
    group: str
    value: float | None
    threshold: float
    passed: bool | None
    reason: str | None = None
    warning: str | None = None


def by_group(confusion: Floats, groups: Sequence[str], classes: Sequence[str]) -> list[Check]:
    """Check UAR, mean precision, recall and precision of each group (sex) against those of all groups together.

    ser-tests draws test sets in which every group has the same share of each class; we weigh instead, which is what
    such draws give on average: rows of each group count by the shares of the smallest group. Two groups stand equally
    far from what they have together, about half of their difference. A class that a group's truth lacks cannot be
    weighed and is left out; precision of a class that a group is never given is undefined (ser-tests takes 0), and
    counts as 0 in the mean over classes, as there.

    Args:
        confusion: (groups, truth, predicted) rows, over all replicates together (their mean).
        groups: names, such as female and male.
        classes: names, in the order of the matrices.

    Raises:
        ValueError: shapes and names do not fit.
    """
    confusion = np.asarray(confusion, dtype=np.float64)
    if confusion.shape != (len(groups), len(classes), len(classes)):
        raise ValueError(f"counts {confusion.shape} of {len(groups)} groups and {len(classes)} classes")
    rows = confusion.sum(axis=2)
    shared = (rows > 0).all(axis=0) & (len(groups) > 1)
    warnings = [_few(int(count)) for count in rows.sum(axis=1)]
    if not shared.any():
        why = "one group only" if len(groups) < 2 else "no class occurs in all groups"
        return [Check("uar", group, None, UAR, None, why, w) for group, w in zip(groups, warnings, strict=True)]
    even = _balanced(confusion, rows, shared)
    together = even.sum(axis=0)
    checks = []
    for group, counts, warning in zip(groups, even, warnings, strict=True):
        apart = _differences(counts, together, shared, classes)
        checks += [_check(name, group, value, limit, warning) for name, value, limit in apart]
    return checks


def _balanced(confusion: Floats, rows: Floats, shared: NDArray[np.bool_]) -> Floats:
    """Return counts in which each group has the smallest group's number of rows of each shared class."""
    smallest = rows[np.where(shared, rows, 0).sum(axis=1).argmin()]
    scale = np.where(shared, smallest, 0) / np.where(rows > 0, rows, 1)
    even: Floats = confusion * scale[:, :, None]
    return even


def _differences(
    counts: Floats, together: Floats, shared: NDArray[np.bool_], classes: Sequence[str]
) -> list[tuple[str, float, float]]:
    """Return (name, group minus all, threshold), NaN where undefined."""
    (recall, precision), (recalls, precisions) = _rates(counts), _rates(together)
    checks = [
        ("uar", float(np.mean((recall - recalls)[shared])), UAR),
        ("uap", float(np.mean((np.nan_to_num(precision) - np.nan_to_num(precisions))[shared])), UAP),
    ]
    for at in np.flatnonzero(shared).tolist():
        checks.append((f"recall/{classes[at]}", float(recall[at] - recalls[at]), RECALL))
        checks.append((f"precision/{classes[at]}", float(precision[at] - precisions[at]), PRECISION))
    return checks


def _rates(counts: Floats) -> tuple[Floats, Floats]:
    """Return recall and precision of each class, NaN where undefined."""
    hits = np.diagonal(counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        return hits / counts.sum(axis=1), hits / counts.sum(axis=0)


def by_language(predicted: Floats, languages: Sequence[str], classes: Sequence[str]) -> list[Check]:
    """Check how far the share of each predicted class in a language is from its share in all languages together.

    All languages count alike, as ser-tests takes as many rows of each. It reads the same kind of material in every
    language; corpora differ in what is felt in them, so that a model that is right may fail. Compare with the same
    check of the truth.

    Args:
        predicted: (languages, classes) rows.
        languages: names.
        classes: names.

    Raises:
        ValueError: shapes and names do not fit, or a language has no rows.
    """
    predicted = np.asarray(predicted, dtype=np.float64)
    if predicted.shape != (len(languages), len(classes)) or not (predicted.sum(axis=1) > 0).all():
        raise ValueError(f"counts {predicted.shape} of {len(languages)} languages and {len(classes)} classes, no zeros")
    if len(languages) < 2:
        reason = "one language only"
        return [Check(f"proportion/{class_name}", languages[0], None, LANGUAGE, None, reason) for class_name in classes]
    shares = predicted / predicted.sum(axis=1, keepdims=True)
    return [
        _check(f"proportion/{class_name}", language, float(apart[at]), LANGUAGE, _few(int(rows)))
        for language, apart, rows in zip(languages, shares - shares.mean(axis=0), predicted.sum(axis=1), strict=True)
        for at, class_name in enumerate(classes)
    ]


def by_speaker(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], speakers: Sequence[str | None], classes: Sequence[str]
) -> list[Check]:
    """Check, for each class, the mean over speakers of how far its predicted share is from its true share.

    Only speakers with at least 10 rows and 8 of every class count, as in ser-tests.

    Args:
        truth: class indices (n,).
        predicted: class indices (replicates, n); shares are means over replicates.
        speakers: of each row, None where unknown.
        classes: names.

    Raises:
        ValueError: shapes do not fit.
    """
    if predicted.ndim != 2 or predicted.shape[1] != len(truth) or len(speakers) != len(truth):
        raise ValueError(f"truth {truth.shape}, predicted {predicted.shape} and {len(speakers)} speakers")
    k = len(classes)
    names = {name: at for at, name in enumerate(dict.fromkeys(speaker for speaker in speakers if speaker is not None))}
    number = np.array([names[speaker] if speaker is not None else len(names) for speaker in speakers], dtype=np.int64)
    true = _counts(number, truth, len(names), k)
    predicted_counts = np.mean([_counts(number, replicate, len(names), k) for replicate in predicted], axis=0)
    kept = (true.sum(axis=1) >= SPEAKER_ROWS) & (true >= SPEAKER_CLASS_ROWS).all(axis=1)
    if not kept.any():
        why = f"no speaker has {SPEAKER_CLASS_ROWS} rows of every class"
        return [Check(f"proportion/{class_name}", "speakers", None, SPEAKER, None, why) for class_name in classes]
    rows = true[kept].sum(axis=1, keepdims=True)
    apart = np.abs(predicted_counts[kept] - true[kept]) / rows
    warning = f"{int(kept.sum())} of {len(names)} speakers have enough rows" if kept.sum() < len(names) else None
    return [
        _check(f"proportion/{class_name}", "speakers", float(value), SPEAKER, warning)
        for class_name, value in zip(classes, apart.mean(axis=0), strict=True)
    ]


def _counts(number: NDArray[np.int64], values: NDArray[np.int64], groups: int, k: int) -> Floats:
    """Return how often each group has each class, (groups, k); numbers of `groups` and above are left out."""
    counts = np.bincount(number * k + values, minlength=(groups + 1) * k)
    return counts.reshape(-1, k)[:groups].astype(np.float64)


def _few(rows: int) -> str | None:
    return f"{rows} rows, fewer than the {GROUP_ROWS} of the threshold's simulation" if rows < GROUP_ROWS else None


def _check(name: str, group: str, value: float, limit: float, warning: str | None) -> Check:
    if not np.isfinite(value):
        return Check(name, group, None, limit, None, "never predicted", warning)
    return Check(name, group, value, limit, abs(value) < limit, None, warning)


def passed(checks: Sequence[Check]) -> tuple[int, int, int]:
    """Return how many checks were passed, failed and undefined."""
    verdicts = [check.passed for check in checks]
    return verdicts.count(True), verdicts.count(False), verdicts.count(None)
