"""Fairness of language by ser-tests: whether a model gives a class more often in one language than in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from harness.evaluation.analysis.strata import check_cells
from harness.statistics.fairness import by_language
from harness.study.labels import ClassSpace, space

COLUMNS = ("space", "recipe", "source", "of", "check", "language", "value", "threshold", "passed", "warning", "reason")


def shares(confusions: Sequence[Mapping[str, str]], spoken: Mapping[str, str]) -> Iterator[list[Any]]:
    """Yield the checks of what each source's models predict, and of the truth: corpora differ in what is felt in them.

    Args:
        confusions: lines of plots/confusion.csv.
        spoken: corpus -> language.
    """
    for key in dict.fromkeys((line["space"], line["recipe"], line["source"]) for line in confusions):
        ours = [line for line in confusions if (line["space"], line["recipe"], line["source"]) == key]
        label_space = space(key[0])
        assert isinstance(label_space, ClassSpace)
        languages = sorted({spoken[line["target"]] for line in ours})
        for of in ("predicted", "truth"):
            counts = np.zeros((len(languages), len(label_space.classes)))
            for line in ours:
                at = languages.index(spoken[line["target"]]), label_space.classes.index(line[of])
                counts[at] += float(line["count"])
            for check in by_language(counts, languages, label_space.classes):
                yield [*key, of, *check_cells(check)]
