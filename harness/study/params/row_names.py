"""Names of rows of params.yaml: those that DVC, a shell, a file system or a word of the harness cannot bear."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from harness.study.cells import TRANSDUCTIVE_SUFFIX
from harness.study.params.rows import NO_MODALITY
from harness.study.params.yaml_file import Fault
from harness.study.splits import NO_SOURCE, SINGLE_SOURCE

SECTIONS = ("corpora", "encoders", "recipes", "settings", "protocols", "external")
# Of folders, stages of DVC, parts of a command and of `a.b.c` in DVC's own references.
NAME = re.compile(r"\w[\w-]*")
LONGEST_NAME = 60  # characters; a file is named by several, and a file system takes 255 bytes
OTHERS, EVERY = "others", "all"
RESERVED: Mapping[str, Mapping[str, str]] = {
    "corpora": dict.fromkeys((NO_SOURCE, OTHERS, EVERY), "stands for a source that is not one corpus"),
    "encoders": {NO_MODALITY: "means no encoder", **dict.fromkeys(("ls", "info", "verify"), "is a word of `features`")},
    "recipes": {EVERY: "means every recipe"},
    "protocols": {SINGLE_SOURCE: "names the matrix"},
}


def faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield every name of a row that cannot be one.

    Args:
        values: what params.yaml says.
    """
    for section in SECTIONS:
        yield from _of_section(section, values.get(section))


def why_not(name: Any, section: str = "") -> str:
    """Return why something cannot name a row of a section, or a study; an empty string if it can."""
    text = str(name)
    if not isinstance(name, str):
        return f"reads as {name!r}, which is no text; write it in quotes, or take another name"
    if text != unicodedata.normalize("NFC", text) or not NAME.fullmatch(text):
        return "cannot be a name; take letters, digits, _ and -, and begin with no -"
    if len(text) > LONGEST_NAME:
        return f"has {len(text)} characters; a name has {LONGEST_NAME} at most, for files are named by several"
    if text in RESERVED.get(section, {}):
        return f"{RESERVED[section][text]}; take another name"
    if section == "protocols" and text.endswith(TRANSDUCTIVE_SUFFIX):
        return f"ends in {TRANSDUCTIVE_SUFFIX}, which marks cells whose training saw the target; rename the row"
    return ""


def _of_section(section: str, rows: Any) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for name in rows if isinstance(rows, Mapping) else ():
        same = seen.setdefault(str(name).lower(), str(name))
        why = why_not(name, section)
        if not why and same != name:
            why = f"differs from {same!r} in case alone, which some file systems do not tell apart"
        if why:
            yield (section, str(name)), why
