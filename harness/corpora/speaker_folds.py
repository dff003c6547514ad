"""Divide a corpus by its speakers: no speaker and no dialogue lies in two folds.

Speakers who talk with each other belong together, and so do all whom dialogues join; these groups are what can be
divided. There are at most five folds, filled with the largest group first. Each fold is tested once, as the sessions of
IEMOCAP are (harness/study/splits.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from harness.core.errors import SettingError
from harness.study.utterance import Utterance

MOST, LEAST = 5, 3  # folds: one to test, one to select on, and one to learn from at least


def divided(corpus: str, utterances: Sequence[Utterance]) -> tuple[list[Utterance], str]:
    """Return the utterances with their folds, and one line that names the speakers of each.

    Args:
        corpus: its row in params.yaml, for errors.
        utterances: of the release.

    Raises:
        SettingError: a speaker is unknown, or dialogues join the speakers into fewer than three groups.
    """
    place = f"corpora.{corpus}.split"
    unknown = sum(row.speaker is None for row in utterances)
    if unknown:
        raise SettingError(
            f"{place}: speakers needs to know who speaks, and {unknown:,} of {len(utterances):,} utterances have no "
            "speaker; write `split: official`"
        )
    groups = _groups(utterances)
    if len(groups) < LEAST:
        raise SettingError(
            f"{place}: speakers needs {LEAST} groups of speakers who do not talk with each other, and the dialogues "
            f"join the {sum(map(len, groups))} speakers of {corpus} into {len(groups)}; write `split: official`"
        )
    folds = _folds(groups, Counter(str(row.speaker) for row in utterances))
    of = {speaker: name for name, speakers in folds.items() for speaker in speakers}
    rows = [replace(row, split="train", fold=of[str(row.speaker)]) for row in utterances]
    named = "; ".join(f"{name}: {', '.join(speakers)}" for name, speakers in folds.items())
    return rows, f"divided by speakers into {len(folds)} folds, not by the official split ({named})"


def _groups(utterances: Sequence[Utterance]) -> list[list[str]]:
    """Return the speakers whom dialogues join, in order of their names."""
    joined: dict[str, str] = {}

    def root(speaker: str) -> str:
        while joined.setdefault(speaker, speaker) != speaker:
            speaker = joined[speaker]
        return speaker

    first_of: dict[str, str] = {}
    for row in utterances:
        speaker = str(row.speaker)
        joined[root(speaker)] = root(first_of.setdefault(row.dialogue, speaker))
    groups: dict[str, list[str]] = {}
    for speaker in sorted(joined):
        groups.setdefault(root(speaker), []).append(speaker)
    return list(groups.values())


def _folds(groups: Sequence[Sequence[str]], rows: Counter[str]) -> dict[str, list[str]]:
    """Return name of a fold -> its speakers; the largest group goes to the smallest fold first."""
    parts: list[list[str]] = [[] for _ in range(min(MOST, len(groups)))]

    def size(speakers: Sequence[str]) -> int:
        return sum(rows[speaker] for speaker in speakers)

    for group in sorted(groups, key=lambda speakers: (-size(speakers), speakers)):
        min(parts, key=size).extend(group)
    ordered = sorted(sorted(part) for part in parts)
    return {f"speakers{number}": part for number, part in enumerate(ordered, 1)}
