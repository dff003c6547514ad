"""Contract checks of utterances: their fields, what was left out, and that `prepare` would take the release."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from harness.corpora.contract.case import Check, ContractCase, Finding, such
from harness.corpora.contract.facts import LANGUAGE_TAG, TAG
from harness.study import manifest

WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SNAKE = "words such as no_majority"
GENDERS = ("female", "male", None)


def is_whole(case: ContractCase) -> Iterator[Finding]:
    """`prepare` takes the release: ids, splits, labels and the number of rows fit together."""
    for problem in manifest.problems(case.name, case.release):
        yield Finding(
            problem.removeprefix(f"{case.name}: "), todo="see harness/study/release.py for what each field means"
        )


def labels_each_once(case: ContractCase) -> Iterator[Finding]:
    """An id has one label row."""
    counts = Counter(row.id for row in case.release.annotations)
    twice = [name for name, count in counts.items() if count > 1]
    yield from such(twice, "ids have several label rows", "one", "give back one Annotation an utterance")


def has_dialogues(case: ContractCase) -> Iterator[Finding]:
    """Every turn of a dialogue is there once."""
    counts = Counter((row.dialogue, row.turn) for row in case.release.utterances)
    twice = [f"{dialogue} turn {turn}" for (dialogue, turn), count in counts.items() if count > 1]
    yield from such(twice, "turns stand for several utterances", "one each", "number the turns of a dialogue")


def has_text(case: ContractCase) -> Iterator[Finding]:
    """Text has no blanks around it, in every language."""
    texts = [(row.id, text) for row in case.release.utterances for text in (row.text, *row.translations.values())]
    loose = [name for name, text in texts if text is not None and _loose(text)]
    yield from such(loose, "texts begin or end with blanks", "none", "strip them, unless it matters", warning=True)


def has_languages(case: ContractCase) -> Iterator[Finding]:
    """Languages of text and translations are BCP 47 tags, and one corpus has one language."""
    rows = case.release.utterances
    tags = Counter(tag for row in rows for tag in (row.language, *row.translations))
    yield from such([repr(tag) for tag in tags if not LANGUAGE_TAG.fullmatch(tag)], "tags are none", TAG, "mend them")
    other = sorted({row.language for row in rows} - {case.adapter.LANGUAGE})
    yield from such(other, f"languages beside LANGUAGE ({case.adapter.LANGUAGE})", "one", "make it a corpus each")


def has_times(case: ContractCase) -> Iterator[Finding]:
    """Times are seconds, and a span does not run backwards."""
    rows = case.release.utterances
    odd = [
        row.id for row in rows if any(time is not None and not 0 <= time < math.inf for time in (row.start, row.end))
    ]
    yield from such(odd, "utterances have times that are no seconds", "finite numbers from 0", "None if unknown")
    back = [row.id for row in rows if row.start is not None and row.end is not None and row.start > row.end]
    yield from such(back, "spans run backwards", "start before end", "a note if it is published so", warning=True)


def has_people(case: ContractCase) -> Iterator[Finding]:
    """A gender is female, male or None."""
    odd = sorted({repr(row.gender) for row in case.release.utterances if row.gender not in GENDERS})
    yield from such(odd, "other genders", "female, male or None", "map them", warning=True)


def keeps_people_apart(case: ContractCase) -> Iterator[Finding]:
    """A corpus has a split or folds, and no speaker is in two of them."""
    rows = case.release.utterances
    folded = [row for row in rows if row.fold]
    if folded and len(folded) < len(rows):
        yield Finding(f"{len(folded):,} of {len(rows):,} utterances have a fold", "all or none", "give every row one")
    elsewhere = [row.id for row in folded if row.split != "train"]
    yield from such(elsewhere, "utterances with a fold are not in train", "split 'train'", "write split='train'")
    heard: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.speaker is not None:
            heard[row.speaker].add(row.fold or row.split)
    several = [speaker for speaker, parts in heard.items() if len(parts) > 1]
    todo = "fine if the split is official; else harness.api.speaker_folds"
    yield from such(several, "speakers are in several splits or folds", "each in one", todo, warning=True)


def counts_what_is_dropped(case: ContractCase) -> Iterator[Finding]:
    """Whatever is left out has a place and a reason of one word, and flags are words too."""
    release = case.release
    nowhere = [repr(row.where) for row in release.dropped if not str(row.where).strip()]
    yield from such(nowhere, "dropped rows have no place", "file and line, or an id", "fill Dropped.where")
    words = {
        "reasons of dropped rows": {row.reason for row in release.dropped},
        "reasons of surplus files": set(release.surplus.values()),
        "reasons of absent labels": {
            label.reason
            for row in release.annotations
            for shared in (row.shared, *row.views.values())
            for label in shared.values()
            if label.reason is not None
        },
        "flags": {flag for row in release.utterances for flag in row.flags},
        "strata": {name for row in release.utterances for name in row.strata},
    }
    for what, used in words.items():
        odd = sorted(repr(word) for word in used if not WORD.fullmatch(str(word).partition(":")[0]))
        yield from such(
            odd, f"{what} are not words of this form", SNAKE, "they are counted by word, so use few and fixed ones"
        )


def _loose(text: str) -> bool:
    return text != text.strip()


CHECKS: tuple[Check, ...] = (
    is_whole,
    labels_each_once,
    has_dialogues,
    has_text,
    has_languages,
    has_times,
    has_people,
    keeps_people_apart,
    counts_what_is_dropped,
)
