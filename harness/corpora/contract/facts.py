"""Contract checks of the module: what an adapter states about its corpus before anything is read."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping

from harness.corpora.contract.case import Check, ContractCase, Finding
from harness.study.labels import MAIN_VIEW, SPACES

FACTS = ("TITLE", "FAMILY", "LICENCE", "ACCESS", "CITATION")
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?(-[a-z0-9]{5,8})*")
TAG = "a BCP 47 tag such as 'en', 'zh' or 'zh-TW'"


def has_a_name(case: ContractCase) -> Iterator[Finding]:
    """The corpus has a lower-case name: it stands in file names and tables."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", case.name):
        yield Finding(f"the name is {case.name!r}", "letters a-z, digits and _", "rename the file")


def is_described(case: ContractCase) -> Iterator[Finding]:
    """The docstring of the module says what the corpus is."""
    if not (case.adapter.__doc__ or "").strip():
        yield Finding("the module has no docstring", "a first line that says what the corpus is", "write it")


def has_facts(case: ContractCase) -> Iterator[Finding]:
    """TITLE, FAMILY, LICENCE, ACCESS and CITATION are text, one line each."""
    for name in FACTS:
        value = getattr(case.adapter, name, None)
        if not isinstance(value, str) or not value.strip() or "\n" in value:
            yield Finding(f"{name} is {value!r}", "one line of text", f"write {name} = '...' into the module")


def has_a_language(case: ContractCase) -> Iterator[Finding]:
    """LANGUAGE is a BCP 47 tag: it decides which pairs of corpora are cross-lingual."""
    value = getattr(case.adapter, "LANGUAGE", None)
    if not isinstance(value, str) or not LANGUAGE_TAG.fullmatch(value):
        yield Finding(f"LANGUAGE is {value!r}", TAG, "write the tag of the language that is spoken")


def has_views(case: ContractCase) -> Iterator[Finding]:
    """VIEWS names the label views, the main one first."""
    value = getattr(case.adapter, "VIEWS", None)
    if not isinstance(value, tuple) or not value or value[0] != MAIN_VIEW or len(set(value)) < len(value):
        yield Finding(f"VIEWS is {value!r}", f"a tuple that begins with {MAIN_VIEW!r}", f"write ({MAIN_VIEW!r},)")


def answers_spaces(case: ContractCase) -> Iterator[Finding]:
    """SPACES says of every label space how the corpus answers it, or None."""
    value = getattr(case.adapter, "SPACES", None)
    if not isinstance(value, Mapping):
        yield Finding(f"SPACES is {value!r}", "a mapping from space to sentence", "write one entry per space")
        return
    for name in sorted(set(SPACES) - set(value)):
        yield Finding(f"SPACES does not name {name}", "a sentence or None", f"add {name!r}: None if not annotated")
    for name in sorted(set(value) - set(SPACES)):
        yield Finding(f"SPACES names {name!r}", "one of " + ", ".join(SPACES), "remove it, or mend its name")
    for name, sentence in value.items():
        if sentence is not None and not (isinstance(sentence, str) and sentence.strip()):
            yield Finding(f"SPACES[{name!r}] is {sentence!r}", "a sentence or None", "say how labels enter the space")


def can_be_read(case: ContractCase) -> Iterator[Finding]:
    """The module has a function read(root)."""
    read = getattr(case.adapter, "read", None)
    if not callable(read):
        yield Finding("there is no function read", "read(root: Path) -> Release", "write it")
        return
    needed = [
        parameter for parameter in inspect.signature(read).parameters.values() if parameter.default is parameter.empty
    ]
    if len(needed) != 1:
        yield Finding(f"read needs {len(needed)} arguments", "one, the folder of the release", "change its signature")


CHECKS: tuple[Check, ...] = (
    has_a_name,
    is_described,
    has_facts,
    has_a_language,
    has_views,
    answers_spaces,
    can_be_read,
)
