"""The choices behind a made-up corpus: with or without media, and with which of the defects of real releases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from harness.core.errors import NameUnknownError
from harness.corpora.synthetic.world import Drawn, World
from harness.study.utterance import Split

ALL = "all"
NONE = "none"

Place = tuple[int, int]  # dialogue and turn


@dataclass(slots=True)
class Making:
    """One corpus in the making; `counts` says how many of each defect were put in.

    A writer asks `pick` for the utterances that a defect is to hit, or `has` where it concerns a whole file, and
    tells `counts`.
    """

    corpus: str
    world: World
    media: bool = False
    defects: frozenset[str] = frozenset()
    counts: Counter[str] = field(default_factory=Counter)
    _waiting: dict[Split, list[Place]] = field(default_factory=dict)

    def has(self, defect: str, count: int = 1) -> bool:
        """Tell whether a defect is wanted, and count it if it is."""
        if defect in self.defects:
            self.counts[defect] += count
        return defect in self.defects

    def pick(self, drawn: Sequence[Drawn], split: Split, n: int, defect: str) -> frozenset[Place]:
        """Choose n utterances of a split for a defect, none of them chosen before; empty if it is not wanted.

        The choice is the same whatever other defects are on.
        """
        if split not in self._waiting:
            places = [(row.dialogue, row.turn) for row in drawn if row.split == split]
            random.Random(f"{self.world.seed}/{self.corpus}/{split}").shuffle(places)
            self._waiting[split] = places
        chosen = [self._waiting[split].pop() for _ in range(n)]
        return frozenset(chosen) if self.has(defect, n) else frozenset()


def chosen(writer: ModuleType, corpus: str, wanted: str | Sequence[str], known: Mapping[str, str]) -> frozenset[str]:
    """Return the defects of one corpus that a study wants.

    Args:
        writer: the writer of its layout, with `DEFECTS` (name -> sentence) and `LABEL_DEFECTS`, those that `all`
            leaves out because they change labels.
        corpus: the corpus, for the error.
        wanted: "all", "none", or names, each of this corpus or of another one of the study.
        known: name -> sentence of all the study's corpora.

    Raises:
        NameUnknownError: no corpus of the study has such a defect.
    """
    if wanted == ALL:
        return frozenset(writer.DEFECTS) - frozenset(writer.LABEL_DEFECTS)
    names = [] if wanted == NONE else [wanted] if isinstance(wanted, str) else list(wanted)
    for name in names:
        if name not in known:
            raise NameUnknownError(f"defect of {corpus}" if len(known) < 2 else "defect", str(name), known)
    return frozenset(names) & frozenset(writer.DEFECTS)
