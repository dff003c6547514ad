"""Single source: train on one corpus' train split, select on its dev split, test on every corpus.

A corpus with an official split has one fold. A corpus without one is left out session by session: each session is
tested once, the next one in order (after the last, the first) is its dev part, the rest is train. Where some of its
utterances are marked as dev instead, those of all other sessions are the dev part, and no session is kept from
training: the usual way of IEMOCAP, whose dev part shares speakers with train (docs/protocol.md 2). As a target of
another corpus, all of it is tested, so that in-domain and cross-corpus values stand on the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.study.utterance import Utterance

SINGLE_SOURCE = "single_source"  # the protocol of the transfer matrix
NO_SOURCE = "none"  # in the place of a source: learned from no corpus of the study
ALL = "all"  # the one fold of a corpus with an official split


@dataclass(frozen=True, slots=True)
class Fold:
    """Utterance ids of one division of a source corpus."""

    name: str
    train: list[str]
    dev: list[str]
    test: list[str]


def folds(utterances: Sequence[Utterance]) -> list[Fold]:
    """Return the folds of a source corpus."""
    if not has_folds(utterances):
        train, dev, test = ([row.id for row in utterances if row.split == split] for split in ("train", "dev", "test"))
        return [Fold(ALL, train, dev, test)]
    names = sorted({str(row.fold) for row in utterances})
    if any(row.split == "dev" for row in utterances):
        return [
            Fold(
                name,
                train=[row.id for row in utterances if row.fold != name and row.split != "dev"],
                dev=[row.id for row in utterances if row.fold != name and row.split == "dev"],
                test=[row.id for row in utterances if row.fold == name],
            )
            for name in names
        ]
    return [
        Fold(
            name,
            train=[row.id for row in utterances if row.fold not in (name, names[(at + 1) % len(names)])],
            dev=[row.id for row in utterances if row.fold == names[(at + 1) % len(names)]],
            test=[row.id for row in utterances if row.fold == name],
        )
        for at, name in enumerate(names)
    ]


def has_folds(utterances: Sequence[Utterance]) -> bool:
    """Tell whether the corpus is divided by folds instead of an official split."""
    return bool(utterances) and all(row.fold for row in utterances)


def target_rows(utterances: Sequence[Utterance]) -> dict[str, str]:
    """Return id -> "dev" or "test" of the rows that a model of another corpus predicts."""
    if has_folds(utterances):
        return {row.id: "test" for row in utterances}
    return {row.id: row.split for row in utterances if row.split != "train"}


def own_rows(fold: Fold) -> dict[str, str]:
    """Return id -> "dev" or "test" of the rows that a fold's model predicts in its own corpus."""
    return {**dict.fromkeys(fold.dev, "dev"), **dict.fromkeys(fold.test, "test")}


def adaptation_rows(utterances: Sequence[Utterance]) -> list[str]:
    """Return the ids whose features, never labels, a transductive method may see of a target corpus.

    Those of the train split; of a corpus without an official split all of them, tested ones too.
    """
    divided = has_folds(utterances)
    return [row.id for row in utterances if divided or row.split == "train"]
