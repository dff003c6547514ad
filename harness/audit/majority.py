"""Whether weighting votes by the annotators' confidence changes the label, and which vote is the published label.

The words of votes are matched to the classes of a space by the corpus itself: a word means the class that most
utterances have on which every annotator named that word alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from harness.audit.audited_corpus import AuditedCorpus
from harness.audit.votes import Votes
from harness.study.labels import MAIN_VIEW

SPACE = "emotion7"
OUTSIDE = "(outside)"
TIED = "(tied)"
CLOSE = 1e-9


def majority(corpus: AuditedCorpus, votes: Votes) -> dict[str, Any]:
    """Return how plain and confidence-weighted majorities compare with each other and with the published label."""
    label = {id_: _published(row, votes.view) for id_, row in corpus.annotations.items()}
    meaning = meanings(votes, label)
    sure = {id_: ones for id_, ones in votes.ballots.items() if all(ballot.confidence for ballot in ones)}
    plain = {id_: winner([(ballot.words, 1.0) for ballot in ones]) for id_, ones in votes.ballots.items()}
    weighted = {
        id_: winner([(ballot.words, ballot.confidence or 0.0) for ballot in ones]) for id_, ones in sure.items()
    }
    both = [id_ for id_ in weighted if TIED not in (plain[id_], weighted[id_])]
    return {
        "meanings": meaning,
        "plain": _reproduced(plain, label, meaning),
        "weighted": _reproduced(weighted, label, meaning) if sure else None,
        "plain_where_weighted": _reproduced({id_: plain[id_] for id_ in sure}, label, meaning) if sure else None,
        "with_confidence": len(sure),
        "flips": sum(plain[id_] != weighted[id_] for id_ in both),
        "both_decided": len(both),
        "ties_settled": sum(plain[id_] == TIED != weighted[id_] for id_ in weighted),
        "ties_made": sum(weighted[id_] == TIED != plain[id_] for id_ in weighted),
    }


def winner(votes: Sequence[tuple[frozenset[str], float]]) -> str:
    """Return the word with most weight, or "(tied)"; an annotator who names several words shares the vote out."""
    weights: dict[str, float] = defaultdict(float)
    for words, weight in votes:
        for word in words:
            weights[word] += weight / len(words)
    best = max(weights.values())
    first = [word for word, weight in weights.items() if best - weight < CLOSE]
    return first[0] if len(first) == 1 else TIED


def meanings(votes: Votes, label: Mapping[str, str | None]) -> dict[str, str]:
    """Return word -> class, from the utterances on which every annotator named that word alone."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for id_, ballots in votes.ballots.items():
        first, given = ballots[0].words, label[id_]
        if given and len(first) == 1 and all(ballot.words == first for ballot in ballots):
            seen[next(iter(first))][given] += 1
    return {word: counter.most_common(1)[0][0] for word, counter in sorted(seen.items())}


def _published(row: Mapping[str, Any], view: str) -> str | None:
    """Return the published class, "(outside)" for a label the space lacks, None where there is no label."""
    values = row if view == MAIN_VIEW else row.get("views", {}).get(view, {})
    if values.get(SPACE):
        return str(values[SPACE])
    return OUTSIDE if str(values.get("reasons", {}).get(SPACE, "")).startswith("outside_space") else None


def _reproduced(
    chosen: Mapping[str, str], label: Mapping[str, str | None], meaning: Mapping[str, str]
) -> dict[str, Any]:
    """Return how often a majority is the published label, over the utterances that have both."""
    decided = {id_: meaning[word] for id_, word in chosen.items() if word in meaning}
    compared = [id_ for id_ in decided if label[id_]]
    equal = sum(decided[id_] == label[id_] for id_ in compared)
    return {
        "utterances": len(chosen),
        "tied": sum(word == TIED for word in chosen.values()),
        "compared": len(compared),
        "equal": equal,
        "share": equal / len(compared) if compared else None,
    }
