"""What of a text can be seen, and whether it can be a name: ids, paths and speakers of other people's files."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = "".join(  # spaces, control characters, and signs of no width such as U+200B and the byte order mark
    sign for sign in map(chr, [*range(0x3001), 0xFEFF]) if sign.isspace() or unicodedata.category(sign) in ("Cc", "Cf")
)
_NO_NAME = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def trimmed(text: str) -> str:
    """Return a text without the blanks at its edges, among them those of no width; empty where nothing is seen."""
    return text.strip(_BLANKS)


def can_be_name(text: str) -> bool:
    """Tell whether a text can be written down on one line: no control character and no line break."""
    return _NO_NAME.search(text) is None
