"""Why a cell, a label or a corpus has no value: from the code that is stored to the words that are printed.

Those that one protocol gives stand in `REASONS` of its file. Here are the others, which labels, the matrix and every
protocol may give; words are no part of the files that give the codes, so that a better word trains nothing again. A
code may hold what was counted or named, as `{least}` says in `target_has_{least}_of_a_class`, and may end with a
detail, as in `source_no_text:en`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from harness.core import plugins
from harness.study import labels

# After `source_` or `target_` these are said of that corpus.
WORDS: Mapping[str, str] = {
    labels.NOT_ANNOTATED: "not annotated in this label space",
    labels.NO_MAJORITY: "annotators did not agree",
    labels.BLANK: "left blank in the release",
    labels.OUTSIDE_SPACE: "outside the space",
    "not_linked": "not linked",
    "no_view": "has no labels of this view",
    "too_few_labels": "too few labels to train and select",
    "no_text": "no text in this route",
    "no_audio": "no readable sound",
    "no_video": "no readable picture",
    "no_also": "no features of the further encoder",
    "not_predicted": "no test utterance is in the file of predictions",
    "no_labelled_test_rows": "no test utterance of the target has a label",
    "same_family": "source and target are one corpus family",
    "fewer_than_two_sources": "fewer than two corpora can be learned from",
    "scale_has_no_classes": "a scale has no classes",
    "undefined": "the metric is undefined on these utterances",
    "undefined_in_resamples": "the metric is undefined in too many of the resamples",
}


def reason_text(code: str) -> str:
    """Return a reason in words: "target corpus: not linked" of `target_not_linked`; an unknown code as it is."""
    name, _, detail = code.partition(":")
    party, _, of_party = name.partition("_")
    words = _in_words(name)
    if words is None and party in ("source", "target"):
        words = _in_words(of_party)
        words = words and f"{party} corpus: {words}"
    if words is None:
        return code
    return f"{words} ({detail})" if detail else words


def counted(codes: Iterable[str]) -> str:
    """Return a line for each reason that cells have no value, with how many have it; an empty string without one."""
    return "".join(f"\n  without: {count:,} {reason_text(code)}" for code, count in Counter(codes).most_common())


def _in_words(name: str) -> str | None:
    if name in WORDS:
        return WORDS[name]
    for pattern, words in _of_protocols():
        expression = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(pattern))
        if match := re.fullmatch(expression, name):
            return words.format(**match.groupdict())
    return None


def _of_protocols() -> Iterator[tuple[str, str]]:
    """Yield each code that a protocol gives, and its words."""
    for name in plugins.names("protocol"):
        yield from getattr(plugins.find("protocol", name), "REASONS", {}).items()
