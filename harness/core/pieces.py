"""Pieces of work: what one needs of a machine, what follows from it, and the order in which they begin.

A piece promises that

1. its `work` is a module-level function of one small argument that can be pickled;
2. it reads only files that were there when it began, and writes each of its files whole, under the digest of all it is
   made from, so that it may be ended anywhere and run twice, even at the same time;
3. it decides nothing by looking at its machine, and uses no path outside of the checkout;
4. it raises a HarnessError for what the user can mend, and returns little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Needs:
    """What a piece needs of the machine that it runs on.

    Args:
        cpus: cores.
        gpus: GPUs, or a fraction of one; 0 sees none.
        memory: bytes that are set aside; 0 sets nothing aside.
        retries: how often it may be begun again after it was lost; None is `engine.max_retries`.
        apart: never run in the process that hands it out, since it may bring its process down.
    """

    cpus: float = 1
    gpus: float = 0
    memory: int = 0
    retries: int | None = None
    apart: bool = False


FEATURES, RESULTS = 1, 2  # urgencies


@dataclass(slots=True, eq=False)
class Piece:
    """A piece of work.

    Args:
        work: a module-level function.
        job: its argument.
        name: what an error calls it.
        needs: of the machine.
        size: how much it is of the progress that is shown.
        cost: a guess of its seconds; pieces are begun longest first.
        kind: pieces of one kind take a time that grows alike with their cost, so what the first take corrects the rest.
        urgency: those of a higher one begin before all others: `RESULTS` wait for such a piece alone, and of `FEATURES`
            many pieces are made that are not known yet.
        then: returns the pieces that follow, given the result; runs in the process that hands pieces out.
        expects: the sizes of all that `then`, and what it returns, will add.
        reads: files of earlier pieces; on a network file system it may take a minute until another machine sees them.
        is_made: tells of the job whether what it makes of `reads` is there: a piece that was begun again may have
            deleted them when it was lost.
        writes: files that whoever waits for the piece will read.
    """

    work: Callable[[Any], Any]
    job: Any
    name: str
    needs: Needs = Needs()
    size: int = 1
    cost: float = 1.0
    kind: str = ""
    urgency: int = 0
    then: Callable[[Any], Iterable[Piece]] | None = None
    expects: int = 0
    reads: Sequence[Path] = ()
    is_made: Callable[[Any], bool] | None = None
    writes: Sequence[Path] = ()


@dataclass(slots=True)
class Outcome:
    """How a piece ended: its result or its error, how long it took, on which machine, and warnings it gave."""

    result: Any = None
    error: BaseException | None = None
    trace: str = ""
    seconds: float = 0.0
    node: str = ""
    said: list[str] = field(default_factory=list)


_Group = tuple[int, str, Needs]  # urgency, kind, needs


class PieceQueue:
    """Pieces that wait, the most urgent first, and of these the longest.

    How long a piece takes is its cost times the rate of its kind: the seconds per cost of those that have ended, or of
    all kinds together before the first of its own has.
    """

    def __init__(self) -> None:
        self._waiting: dict[_Group, list[Piece]] = {}  # the longest first
        self._unsorted: set[_Group] = set()
        self._seconds: dict[str, float] = {}
        self._costs: dict[str, float] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, pieces: Iterable[Piece]) -> None:
        """Let pieces wait."""
        for piece in pieces:
            self._count += 1
            group = piece.urgency, piece.kind, piece.needs
            self._waiting.setdefault(group, []).append(piece)
            self._unsorted.add(group)

    def take(self, has_room: Callable[[Needs], bool]) -> Piece | None:
        """Return the piece to begin next, or None where there is none that the machines have room for."""
        room: dict[Needs, bool] = {}
        best, longest = None, (0, -1.0)
        for group, pieces in self._waiting.items():
            urgency, kind, needs = group
            if needs not in room:
                room[needs] = has_room(needs)
            if not room[needs]:
                continue
            if group in self._unsorted:  # stable: pieces of the same data go on following each other
                pieces.sort(key=lambda piece: -piece.cost)
                self._unsorted.discard(group)
            if (order := (urgency, pieces[0].cost * self._rate(kind))) > longest:
                best, longest = group, order
        if best is None:
            return None
        self._count -= 1
        pieces = self._waiting[best]
        piece = pieces.pop(0)
        if not pieces:
            del self._waiting[best]
        return piece

    def ended(self, piece: Piece, seconds: float) -> None:
        """Learn how long a piece took."""
        for name in (piece.kind, ""):
            self._seconds[name] = self._seconds.get(name, 0.0) + seconds
            self._costs[name] = self._costs.get(name, 0.0) + piece.cost

    def needs(self) -> set[Needs]:
        """Return what the pieces that wait need."""
        return {needs for _, _, needs in self._waiting}

    def _rate(self, kind: str) -> float:
        name = kind if self._costs.get(kind) else ""
        return self._seconds[name] / self._costs[name] if self._costs.get(name) else 1.0
