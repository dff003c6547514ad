"""Read `dialog/transcriptions/*.txt` of IEMOCAP: `<turn name> [start-end]: what was said`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from harness.api import read_text

_LINE = re.compile(r"(Ses0[1-5][FM]_\S+)\s*+(?:\[[\d.]+\s*-\s*[\d.]+\]\s*+)?:\s*(.*)")
_TAG = re.compile(r"\[(LAUGHTER|BREATHING|GARBAGE|LIPSMACK)\]", re.IGNORECASE)
FLAG_OF_TAG = {"laughter": "laughing", "breathing": "breathing", "garbage": "garbage", "lipsmack": "lipsmack"}


@dataclass(slots=True)
class Transcripts:
    """What was said, tags included, by turn name; the first of two lines with one name counts."""

    text: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    bare: int = 0  # lines that name no turn: stage remarks and the like


def read_transcripts(paths: Iterable[Path]) -> Transcripts:
    """Read all transcript files."""
    transcripts = Transcripts()
    for path in paths:
        for line in filter(None, (line.strip() for line in read_text(path).split("\n"))):
            match = _LINE.fullmatch(line)
            if match is None:
                transcripts.bare += 1
            elif match[1] in transcripts.text:
                transcripts.repeated += 1
            else:
                transcripts.text[match[1]] = match[2]
    return transcripts


def clean(transcript: str) -> tuple[str | None, list[str]]:
    """Return a transcript without its tags, None if nothing is left, and the flags that the tags stand for."""
    flags = dict.fromkeys(FLAG_OF_TAG[tag.lower()] for tag in _TAG.findall(transcript))
    text = " ".join(_TAG.sub(" ", transcript).split()) if flags else transcript.strip()
    return text or None, list(flags)
