"""Read `dialog/EmoEvaluation/*.txt` of IEMOCAP: one block of lines for each utterance.

[6.2901 - 8.2357]  <turn name>  neu  [2.5000, 2.5000, 2.5000]     times, label, mean valence, activation, dominance
C-E2:  Neutral;  ()                                               category by evaluator 2; C-F1, C-M1 by the actors
A-E3:  val 3; act 2; dom  2;  ()                                  attributes by evaluator 3; A-F1, A-M1 by the actors
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import ReleaseError, UnknownLabelError

from ._layout import Seen, number
from ._tables import find_below, read_text, visible

_TURN = re.compile(r"\[(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\]\s+(\S+)\s+(\S+)\s+\[([^\]]*)\]")
_JUDGED = re.compile(r"([AC])-([EFM]\d+):\s*([^(]*?)\s*(?:\(.*)?")  # what follows the bracket is a free comment
_NAME = re.compile(r"((Ses0[1-5])[FM]_(impro|script)\w+)_([FM])\w*?\d+")
_PERFORMANCE = {"impro": "improvised", "script": "scripted"}


@dataclass(slots=True)
class Turn:
    """One utterance as EmoEvaluation has it; `categories` and `attributes` map evaluators to what they chose."""

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
    categories: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)


def find_sessions(root: Path) -> dict[str, Path]:
    """Map `Ses01`... to the session folders that lie nearest below `root`; two homes equally near are an error."""
    folders = [folder for folder in find_below(root, "Session[1-5]") if (folder / "dialog" / "EmoEvaluation").is_dir()]
    near = [folder for folder in folders if len(folder.parts) == len(folders[0].parts)]
    homes = sorted({folder.parent for folder in near})
    if len(homes) > 1:
        raise ReleaseError(root, f"holds two releases, {homes[0]} and {homes[1]}", todo="link the folder of one")
    return {f"Ses0{folder.name[-1]}": folder for folder in near}


def files_of(sessions: Mapping[str, Path], kind: str) -> dict[str, list[Path]]:
    """List the text files of one kind by session; what lies in folders below them is something else."""
    return {session: visible((folder / "dialog" / kind).glob("*.txt")) for session, folder in sessions.items()}


def read_sessions(root: Path, files: Mapping[str, Sequence[Path]], labels: Iterable[str]) -> list[Turn]:
    """Read the label files of all sessions, in order of session, dialogue and start.

    Args:
        root: the release, for the error when there is no utterance.
        files: the label files by session.
        labels: the known labels.
    """
    turns: list[Turn] = []
    seen = Seen()
    for session, paths in files.items():
        for path in paths:
            for turn in _read_turns(path, labels):
                seen.note(turn.id, path, turn.line)
                if turn.session != session:
                    raise ReleaseError(path, f"{turn.id!r} is not of this session", row=turn.line, expected=session)
                turns.append(turn)
    if not turns:
        raise ReleaseError(
            root, "its EmoEvaluation folders hold no utterance", expected="Session1/dialog/EmoEvaluation/*.txt"
        )
    return sorted(turns, key=lambda turn: (turn.session, turn.dialogue, turn.start, turn.id))


def _read_turns(path: Path, labels: Iterable[str]) -> list[Turn]:
    """Read one file; a line that is none of the three kinds is a ReleaseError."""
    turns: list[Turn] = []
    for line, text in enumerate(map(str.strip, read_text(path).split("\n")), 1):
        if not text or text.startswith("%"):
            continue
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
    key = f"{kind}-{evaluator}"
    judged[key] = ";".join([*filter(None, [judged.get(key)]), *names])


def _unreadable(text: str, path: Path, line: int) -> ReleaseError:
    return ReleaseError(
        path,
        f"cannot be understood: {text[:60]!r}",
        row=line,
        expected="a turn line [start - end] name label [V, A, D], or its evaluators' lines C-E1: and A-E1:",
        todo="copy it again from the release",
    )
