"""Folds for a corpus that has no official split: the parts that are left out in turn.

    fold = speaker_folds(speakers, kinds)     nobody is heard in two folds
    fold = stratified_folds(ids, kinds)       for a corpus that does not say who speaks

Both are functions of what they are given, without any chance, so that two people who read one release get one
division. `kinds` is what the folds should hold alike, such as "anger/female".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from harness.core.errors import HarnessError

FEWEST = 3  # train, dev and test


def speaker_folds(speakers: Sequence[str], kinds: Sequence[str], count: int = 5) -> list[str]:
    """Return the fold of each row, "1" to `count`, so that all rows of a speaker are in one fold.

    Speakers are placed one by one, those with most rows first, each where the fold comes nearest to an equal share of
    every kind; among equals, into the emptier fold.

    Raises:
        HarnessError: there are fewer speakers than folds, or fewer than three folds.
    """
    _refuse(len(set(speakers)), count, "speakers")
    held: dict[str, Counter[str]] = {}
    for speaker, kind in zip(speakers, kinds, strict=True):
        held.setdefault(speaker, Counter())[kind] += 1
    folds: list[Counter[str]] = [Counter() for _ in range(count)]
    place = {}
    for speaker in sorted(held, key=lambda name: (-held[name].total(), *_natural(name))):
        at = min(range(count), key=lambda fold: (_growth(folds[fold], held[speaker]), folds[fold].total(), fold))
        folds[at] += held[speaker]
        place[speaker] = str(at + 1)
    return [place[speaker] for speaker in speakers]


def _growth(fold: Counter[str], more: Counter[str]) -> int:
    """Return by how much the sum of squared counts grows; it is least when every fold holds as much of every kind."""
    return sum((fold[kind] + count) ** 2 - fold[kind] ** 2 for kind, count in more.items())


def stratified_folds(ids: Sequence[str], kinds: Sequence[str], count: int = 5) -> list[str]:
    """Return the fold of each row, "1" to `count`, so that every fold holds an equal share of every kind.

    The rows of a kind are put in the order of their ids (`x-2` before `x-10`) and cut into runs: neighbours often come
    from one recording, and stay together. Speakers may still be heard in several folds.

    Raises:
        HarnessError: there are fewer rows than folds, or fewer than three folds.
    """
    _refuse(len(set(ids)), count, "ids")
    rows: dict[str, list[int]] = {}
    for at, (_, kind) in enumerate(zip(ids, kinds, strict=True)):
        rows.setdefault(kind, []).append(at)
    place = [""] * len(ids)
    for first, kind in enumerate(sorted(rows)):  # each kind begins in another fold, so that rare kinds spread
        ordered = sorted(rows[kind], key=lambda at: _natural(ids[at]))
        for rank, at in enumerate(ordered):
            place[at] = str((first + rank * count // len(ordered)) % count + 1)
    return place


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Return a sort key that puts numbers in a name in their own order."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts], name


def _refuse(there: int, count: int, what: str) -> None:
    if count < FEWEST:
        raise HarnessError(f"{count} folds; leave-one-out needs at least {FEWEST} (train, dev, test)")
    if there < count:
        raise HarnessError(f"{there} {what} for {count} folds; every fold needs one, ask for fewer folds")
