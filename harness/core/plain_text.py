"""What of a text can be seen, and whether it can be a name: ids, paths and speakers of other people's files."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = "".join(  # spaces, control characters, and signs of no width such as U+200B and the byte order mark
    sign for sign in map(chr, [*range(0x3001), 0xFEFF]) if sign.isspace() or unicodedata.category(sign) in ("Cc", "Cf")
)
_NO_NAME = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def trimmed(text: str) -> str:
    """Return a text without the blanks at its edges, among them those of no width; empty where nothing is seen."""
    return text.strip(_BLANKS)


def can_be_name(text: str) -> bool:
    """Tell whether a text can be written down on one line: no control character, line break or turn."""
    return _NO_NAME.search(text) is None


def on_one_line(text: str, longest: int) -> str:
    """Return a text on one line, what cannot be printed written out and the middle of a long one left out."""
    while len(text) > longest or not text.isprintable():
        short = text if len(text) <= longest else f"{text[: longest // 2 - 4]} ... {text[-longest // 2 + 4 :]}"
        text = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in short)
    return text
