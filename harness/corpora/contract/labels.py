"""Contract checks of labels: native labels, shared labels, views, votes and published counts."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping

from harness.corpora.contract.case import Check, ContractCase, Finding, such
from harness.corpora.contract.rows import WORD
from harness.corpora.reading.card import published_differences
from harness.study.labels import SPACES, ClassSpace
from harness.study.release import Vote


def has_native_labels(case: ContractCase) -> Iterator[Finding]:
    """Native labels are kept as published, in values that JSON can hold."""
    odd = [row.id for row in case.release.annotations if not _is_json(row.native)]
    yield from such(odd, "label rows hold values that JSON has not", "text, numbers, None, lists", "no NaN, no objects")


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def keeps_its_word_on_spaces(case: ContractCase) -> Iterator[Finding]:
    """A space that SPACES calls None has no label."""
    for name in (name for name, how in case.adapter.SPACES.items() if how is None):
        labelled = [
            row.id for row in case.release.annotations if name in row.shared and row.shared[name].value is not None
        ]
        yield from such(labelled, f"utterances have a label in {name}", "none", f"say in SPACES how {name} is answered")


def uses_every_class(case: ContractCase) -> Iterator[Finding]:
    """Every class of a space that SPACES claims occurs."""
    for name in (name for name, how in case.adapter.SPACES.items() if how is not None and name in SPACES):
        space = SPACES[name]
        used = {row.shared[name].value for row in case.release.annotations if name in row.shared} - {None}
        if not used:
            yield Finding(f"no utterance has a label in {name}", "some", "or write None into SPACES", warning=True)
        elif isinstance(space, ClassSpace):
            absent = [label for label in space.classes if label not in used]
            yield from such(
                absent, f"classes of {name} do not occur", "all", "fine if the corpus has none", warning=True
            )


def has_the_views_it_names(case: ContractCase) -> Iterator[Finding]:
    """Label views are those of VIEWS, and each of them occurs."""
    known = set(case.adapter.VIEWS[1:])
    used = Counter(view for row in case.release.annotations for view in row.views)
    yield from such(sorted(set(used) - known), "views are not in VIEWS", ", ".join(case.adapter.VIEWS), "add them")
    idle = sorted(known - set(used))
    yield from such(idle, "views of VIEWS do not occur", "labels", "fine if this release lacks them", warning=True)


def has_named_votes(case: ContractCase) -> Iterator[Finding]:
    """Votes stand under a view or the name of a scale; each has an annotator once, a label, a finite confidence."""
    odd = [
        f"{row.id} ({name})"
        for row in case.release.annotations
        for name, votes in row.votes.items()
        if not WORD.fullmatch(name) or not _are_votes(votes)
    ]
    yield from such(odd, "lists of votes are not so", "Vote(annotator, label, confidence)", "leave blank votes out")


def _are_votes(votes: list[Vote]) -> bool:
    sure = [vote.confidence for vote in votes if vote.confidence is not None]
    named = all(vote.annotator.strip() and vote.label.strip() for vote in votes)
    return named and len({vote.annotator for vote in votes}) == len(votes) and all(map(math.isfinite, sure))


def has_distributions(case: ContractCase) -> Iterator[Finding]:
    """A soft label stands under a space, or view/space, and is a distribution over its classes."""
    rows = case.release.annotations
    odd = [f"{row.id} ({name})" for row in rows for name, shares in row.soft.items() if not _distributes(name, shares)]
    yield from such(odd, "soft labels are none", "shares from 0 to 1 that sum to 1", "divide votes by their number")


def _distributes(name: str, shares: Mapping[str, float]) -> bool:
    space = SPACES.get(name.rpartition("/")[2])
    if not isinstance(space, ClassSpace) or not set(shares) <= set(space.classes):
        return False
    return all(0 <= share <= 1 for share in shares.values()) and math.isclose(sum(shares.values()), 1, abs_tol=1e-6)


def has_the_published_counts(case: ContractCase) -> Iterator[Finding]:
    """Counts are equal to the published ones."""
    if case.synthetic:
        return
    group = {row.id: row.fold or row.split for row in case.release.utterances}
    for table in published_differences(case.release, group):
        pairs = [f"{place} {there} published, {here} read" for place, (there, here) in table["differences"].items()]
        todo = "find out why, and say it in a note"
        yield from such(pairs, f"counts differ from {table['source']}", "equal", todo, warning=True)


CHECKS: tuple[Check, ...] = (
    has_native_labels,
    keeps_its_word_on_spaces,
    uses_every_class,
    has_the_views_it_names,
    has_named_votes,
    has_distributions,
    has_the_published_counts,
)
