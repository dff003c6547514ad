"""Read annotators' votes as sets of words, whichever words a corpus uses, and ratings as numbers.

Several words in one vote are joined by a comma or a semicolon. A rare word that resembles a frequent one is taken for
its misspelling; what was folded is part of the result.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.audit.audited_corpus import AuditedCorpus
from harness.study.labels import MAIN_VIEW

_JOINT = re.compile(r"[,;，；、]")
RARE = 0.002  # share of all words of a view below which a word may be a misspelling
RESEMBLES = 0.7  # difflib's ratio


@dataclass(frozen=True, slots=True)
class Ballot:
    """One annotator's vote on one utterance: the words named and the confidence, if stated."""

    words: frozenset[str]
    confidence: float | None


@dataclass(frozen=True)
class Votes:
    """All votes of one view: id -> ballots; `folded` maps each misspelt word to the word it was taken for."""

    view: str
    ballots: Mapping[str, Sequence[Ballot]]
    folded: Mapping[str, str]

    @cached_property
    def single(self) -> dict[str, list[str]]:
        """Return id -> words of the utterances on which two or more annotators named exactly one word each."""
        return {
            id_: [next(iter(ballot.words)) for ballot in ballots]
            for id_, ballots in self.ballots.items()
            if len(ballots) > 1 and all(len(ballot.words) == 1 for ballot in ballots)
        }


def votes_of(corpus: AuditedCorpus) -> list[Votes]:
    """Return the class votes of every view of the corpus that has some, the main view first."""
    return [votes for view in _views(corpus) if (votes := _read(corpus, view)).ballots]


def ratings_of(corpus: AuditedCorpus) -> dict[str, dict[str, list[float]]]:
    """Return scale -> id -> the annotators' numbers, for votes on a rating scale instead of classes."""
    ratings: dict[str, dict[str, list[float]]] = {}
    views = set(_views(corpus))
    for id_, row in corpus.annotations.items():
        for key, by_annotator in row.get("votes", {}).items():
            numbers = [_number(vote["label"]) for vote in by_annotator.values()] if key not in views else []
            if known := [number for number in numbers if number is not None]:
                ratings.setdefault(key, {})[id_] = known
    return ratings


def _views(corpus: AuditedCorpus) -> list[str]:
    return list(dict.fromkeys([MAIN_VIEW, *corpus.card.get("views", ()), *corpus.views]))


def _read(corpus: AuditedCorpus, view: str) -> Votes:
    raw: dict[str, list[tuple[frozenset[str], float | None]]] = {}
    for id_, row in corpus.annotations.items():
        for vote in row.get("votes", {}).get(view, {}).values():
            if words := _words(vote["label"]):
                raw.setdefault(id_, []).append((words, vote.get("confidence")))
    folded = misspelt(word for ballots in raw.values() for words, _ in ballots for word in words)
    ballots = {
        id_: [Ballot(frozenset(folded.get(word, word) for word in words), sure) for words, sure in ballots]
        for id_, ballots in raw.items()
    }
    return Votes(view, ballots, folded)


def _words(label: Any) -> frozenset[str]:
    words = (" ".join(word.split()).casefold() for word in _JOINT.split(str(label)))
    return frozenset(word for word in words if word)


def misspelt(words: Iterable[str]) -> dict[str, str]:
    """Return rare word -> the frequent word that it resembles."""
    counter = Counter(words)
    least = RARE * sum(counter.values())
    frequent = [word for word, count in counter.most_common() if count >= least]
    resembled = {}
    for word, count in counter.items():
        if count < least and (close := difflib.get_close_matches(word, frequent, n=1, cutoff=RESEMBLES)):
            resembled[word] = close[0]
    return resembled


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
