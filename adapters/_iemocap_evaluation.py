"""Read `dialog/EmoEvaluation/*.txt` of IEMOCAP: one block of lines for each utterance.

[6.2901 - 8.2357]  <turn name>  neu  [2.5000, 2.5000, 2.5000]     times, label, mean valence, activation, dominance
C-E2:  Neutral;  ()                                               category by evaluator 2; C-F1, C-M1 by the actors
A-E3:  val 3; act 2; dom  2;  ()                                  attributes by evaluator 3; A-F1, A-M1 by the actors
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.api import NEAR, ReleaseError, Tree, UnknownLabelError, read_text, refuse_other_bytes

from ._layout import Seen, number

_SECONDS = r"([0-9]{1,9}(?:\.[0-9]+)?)"
_TURN = re.compile(rf"\[{_SECONDS}\s*-\s*{_SECONDS}\]\s+(\S+)\s+(\S+)\s+\[([^\]]*)\]")
_JUDGED = re.compile(r"([AC])-([EFM][0-9]{1,3}):([^(]*)(?:\(.*)?")  # what follows the bracket is a free comment
_NAME = re.compile(r"((Ses0[1-5])[FM]_(impro|script)\w{1,40})_([FM])\w{0,40}?[0-9]{1,9}", re.ASCII)
_RATED = re.compile(r"(val|act|dom) ([1-4](?:\.[0-9]{1,9})?|5(?:\.0{1,9})?)")
_SESSION = re.compile(r"(?:(.*)/)?[Ss]ession([1-5])/dialog/EmoEvaluation")
SCALES = {"val": "valence", "act": "activation", "dom": "dominance"}
_PERFORMANCE = {"impro": "improvised", "script": "scripted"}


@dataclass(slots=True)
class Turn:
    """One utterance as EmoEvaluation has it; `categories` and `attributes` map evaluators to all they chose."""

    id: str
    dialogue: str
    session: str
    performance: str
    letter: str
    start: float
    end: float
    emotion: str
    means: tuple[str, str, str]
    valence: float | None
    path: Path
    line: int
    categories: dict[str, list[str]] = field(default_factory=dict)
    attributes: dict[str, list[str]] = field(default_factory=dict)


def ratings(turn: Turn) -> tuple[dict[str, list[tuple[str, str]]], int]:
    """Return (evaluator, number) by scale, and how many ratings are not one number from 1 to 5; no self reports."""
    ratings: dict[str, list[tuple[str, str]]] = {scale: [] for scale in SCALES.values()}
    odd = 0
    for evaluator, names in turn.attributes.items():
        if not evaluator.startswith("A-E"):
            continue
        given = [name for name in names if name not in SCALES]  # "val" alone was left blank
        once = _said_once([match for match in map(_RATED.fullmatch, given) if match])
        odd += len(given) - len(once)
        for match in once:
            ratings[SCALES[match[1]]].append((evaluator, match[2]))
    return ratings, odd


def _said_once(rated: list[re.Match[str]]) -> list[re.Match[str]]:
    if len({match[1] for match in rated}) == len(rated):
        return rated
    times = Counter(match[1] for match in rated)
    return [match for match in rated if times[match[1]] == 1]


def is_name(text: str) -> bool:
    """Tell whether a text has the shape of a turn name."""
    return _NAME.fullmatch(text) is not None


def find_sessions(tree: Tree) -> dict[str, str]:
    """Map `Ses01`... to the session folders that lie nearest below the root; two homes equally near are an error."""
    sessions = _session_folders(tree)
    near = [match for match in sessions if match[0].count("/") == sessions[0][0].count("/")]
    homes = sorted({match[1] or "." for match in near})
    if len(homes) > 1:
        raise ReleaseError(tree.root, f"holds two releases, {homes[0]} and {homes[1]}", todo="link the folder of one")
    return {f"Ses0{match[2]}": match[0].removesuffix("/dialog/EmoEvaluation") for match in near}


def further_sessions(tree: Tree, sessions: Mapping[str, str]) -> list[str]:
    """Return a note of the session folders that are those of another copy and were not read."""
    folders = [match[0].removesuffix("/dialog/EmoEvaluation") for match in _session_folders(tree)]
    others = [folder for folder in folders if folder not in sessions.values()]
    return [f"{len(others):,} further session folders were not read, such as {others[0]}"] if others else []


def _session_folders(tree: Tree) -> list[re.Match[str]]:
    folders = tree.find_folders("EmoEvaluation", depth=NEAR + 2)
    return [match for folder in folders if (match := _SESSION.fullmatch(folder))]


def files_of(tree: Tree, sessions: Mapping[str, str], kind: str) -> dict[str, list[str]]:
    """List the text files of one kind by session; what lies in folders below them is something else."""
    return {session: list(_texts(tree, f"{folder}/dialog/{kind}")) for session, folder in sessions.items()}


def _texts(tree: Tree, folder: str) -> Iterator[str]:
    for path in tree.below(folder):
        if path.endswith(".txt") and "/" not in path[len(folder) + 1 :]:
            yield path


def read_sessions(tree: Tree, files: Mapping[str, Sequence[str]], labels: Iterable[str]) -> list[Turn]:
    """Read the label files of all sessions, in order of session, dialogue and start.

    Args:
        tree: the release.
        files: the label files by session.
        labels: the known labels.
    """
    turns: list[Turn] = []
    seen = Seen()
    for session, paths in files.items():
        for path in map(tree.path, paths):
            for turn in _read_turns(path, labels):
                seen.note(turn.id, path, turn.line)
                if turn.session != session:
                    raise ReleaseError(path, f"{turn.id!r} is not of this session", row=turn.line, expected=session)
                turns.append(turn)
    if not turns:
        raise ReleaseError(
            tree.root, "its EmoEvaluation folders hold no utterance", expected="Session1/dialog/EmoEvaluation/*.txt"
        )
    return sorted(turns, key=lambda turn: (turn.session, turn.dialogue, turn.start, turn.id))


def _read_turns(path: Path, labels: Iterable[str]) -> list[Turn]:
    """Read one file; a line that is none of the three kinds is a ReleaseError."""
    turns: list[Turn] = []
    for line, text in enumerate(map(str.strip, read_text(path, tolerant=True).split("\n")), 1):
        if not text or text.startswith("%"):
            continue
        refuse_other_bytes(text if text.startswith("[") else text.partition("(")[0], path, line)
        if text.startswith("["):
            turns.append(_turn(text, path, line))
            if turns[-1].emotion not in labels:
                raise UnknownLabelError(path, turns[-1].emotion, labels, row=line)
        elif turns:
            _add_judgement(turns[-1], text, path, line)
        else:
            raise _unreadable(text, path, line)
    return turns


def _turn(text: str, path: Path, line: int) -> Turn:
    match = _TURN.fullmatch(text)
    if match is None:
        raise _unreadable(text, path, line)
    start, end, name, emotion, means = match.groups()
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise ReleaseError(path, f"turn name is {name!r}", row=line, expected="a name like Ses01F_impro01_F000")
    dialogue, session, performance, letter = parts.groups()
    valence, activation, dominance = _means(means, path, line)
    return Turn(
        id=name,
        dialogue=dialogue,
        session=session,
        performance=_PERFORMANCE[performance],
        letter=letter,
        start=float(start),
        end=float(end),
        emotion=emotion,
        means=(valence, activation, dominance),
        valence=number(valence, "valence", path, line),
        path=path,
        line=line,
    )


def _means(text: str, path: Path, line: int) -> tuple[str, str, str]:
    """Split "2.5000, 3.0000, 2.5000"; each of the three may be blank, and so may all of it."""
    cells = [cell.strip() for cell in text.split(",")] if text.strip() else ["", "", ""]
    if len(cells) != 3:
        raise ReleaseError(path, f"{len(cells)} attributes", row=line, expected="[valence, activation, dominance]")
    for name, cell in zip(("valence", "activation", "dominance"), cells, strict=True):
        number(cell, name, path, line)
    return cells[0], cells[1], cells[2]


def _add_judgement(turn: Turn, text: str, path: Path, line: int) -> None:
    match = _JUDGED.fullmatch(text)
    if match is None:
        raise _unreadable(text, path, line)
    kind, evaluator, judgement = match.groups()
    names = [name for name in (" ".join(part.split()) for part in judgement.split(";")) if name]
    judged = turn.categories if kind == "C" else turn.attributes
    judged.setdefault(f"{kind}-{evaluator}", []).extend(names)


def _unreadable(text: str, path: Path, line: int) -> ReleaseError:
    return ReleaseError(
        path,
        f"cannot be understood: {text[:60]!r}",
        row=line,
        expected="a turn line [start - end] name label [V, A, D], or its evaluators' lines C-E1: and A-E1:",
        todo="copy it again from the release",
    )
