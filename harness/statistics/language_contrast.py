"""Test whether more carries over within a language than across languages, as far as a few corpora can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import factorial, prod

import numpy as np

SLACK = 1e-12
MOST = 100_000  # assignments that are tried

Cells = Mapping[tuple[str, str], float | None]
Ends = tuple[float | None, float | None]  # of an interval
NO_ENDS: Ends = (None, None)


@dataclass(frozen=True, slots=True)
class LanguageContrast:
    """Means over the cells within a language and across languages, and how unusual their difference is.

    `p` is the share of the assignments of languages to corpora whose difference is at least as large (one-sided: within
    is better), `p_two_sided` the same of its size. No assignment can give less than `smallest_p`.
    """

    within: float | None
    across: float | None
    difference: float | None
    within_cells: int
    across_cells: int
    p: float | None
    p_two_sided: float | None
    smallest_p: float | None
    assignments: int  # different ways to group the corpora, with a difference
    undefined: int  # ways that leave no cell within or across
    corpora: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """S(first -> second) - S(second -> first) with its interval, or the reason why there is none."""

    first: str
    second: str
    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


def contrast(cells: Cells, languages: Mapping[str, str], higher_is_better: bool = True) -> LanguageContrast:
    """Compare cells within a language with cells across languages by an exact permutation test.

    The corpora are what is permuted: their cells share sources and targets, so that a test over cells would promise too
    much. Corpora without any cell are left out. Three corpora of one language and two of another can be grouped in ten
    ways, so that p is never below .1.

    Args:
        cells: (source, target) -> normalised transfer ratio or value; None where undefined. The diagonal is not used.
        languages: corpus -> language.
        higher_is_better: False for an error, of which less carries over better: `p` then asks whether within is lower.

    Raises:
        ValueError: a corpus has no language, or there are more than 100,000 ways to group the corpora.
    """
    crossed = {pair: value for pair, value in cells.items() if value is not None and pair[0] != pair[1]}
    corpora = tuple(dict.fromkeys(corpus for pair in crossed for corpus in pair))
    unknown = [corpus for corpus in corpora if corpus not in languages]
    if unknown:
        raise ValueError(f"no language is given for {', '.join(unknown)}")
    groups = [languages[corpus] for corpus in corpora]
    same, other = _means(crossed, corpora, groups)
    counts = _counts(crossed, languages)
    if same is None or other is None:
        missing = "within a language" if same is None else "across languages"
        return LanguageContrast(
            same, other, None, *counts, None, None, None, 0, 0, corpora, f"no cell {missing} has a value"
        )
    differences = [_difference(crossed, corpora, grouping) for grouping in groupings(groups)]
    known = np.array([difference for difference in differences if difference is not None])
    observed, sign = same - other, 1 if higher_is_better else -1
    return LanguageContrast(
        same,
        other,
        observed,
        *counts,
        float(np.mean(sign * known >= sign * observed - SLACK)),
        float(np.mean(np.abs(known) >= abs(observed) - SLACK)),
        1 / len(known),
        len(known),
        len(differences) - len(known),
        corpora,
    )


def _counts(crossed: Mapping[tuple[str, str], float], languages: Mapping[str, str]) -> tuple[int, int]:
    within = sum(languages[source] == languages[target] for source, target in crossed)
    return within, len(crossed) - within


def _means(
    crossed: Mapping[tuple[str, str], float], corpora: Sequence[str], groups: Sequence[object]
) -> tuple[float | None, float | None]:
    """Return the mean of the cells within a group and of those across groups."""
    group = dict(zip(corpora, groups, strict=True))
    within = [value for (source, target), value in crossed.items() if group[source] == group[target]]
    across = [value for (source, target), value in crossed.items() if group[source] != group[target]]
    return (float(np.mean(within)) if within else None), (float(np.mean(across)) if across else None)


def _difference(
    crossed: Mapping[tuple[str, str], float], corpora: Sequence[str], groups: Sequence[object]
) -> float | None:
    within, across = _means(crossed, corpora, groups)
    return None if within is None or across is None else within - across


def groupings(groups: Sequence[str]) -> list[tuple[int, ...]]:
    """Return every different way to divide as many things into groups of the same sizes.

    Two assignments that only swap the names of two equally large groups are one grouping.

    Raises:
        ValueError: there are more than 100,000 assignments.
    """
    sizes = [groups.count(name) for name in dict.fromkeys(groups)]
    ways = factorial(len(groups)) // prod(factorial(size) for size in sizes)
    if ways > MOST:
        raise ValueError(f"there are {ways} ways to give {len(groups)} corpora their languages, more than {MOST}")
    assignments: dict[tuple[int, ...], None] = {}
    for assignment in _fill(len(groups), sizes):
        names: dict[int, int] = {}
        assignments[tuple(names.setdefault(group, len(names)) for group in assignment)] = None
    return list(assignments)


def _fill(left: int, sizes: list[int]) -> Iterator[tuple[int, ...]]:
    if not left:
        yield ()
        return
    for at, size in enumerate(sizes):
        if size:
            rest = [size - (other == at) for other, size in enumerate(sizes)]
            yield from ((at, *more) for more in _fill(left - 1, rest))


def asymmetry(cells: Cells, ends: Mapping[tuple[str, str], Ends] | None = None) -> list[Asymmetry]:
    """Return, for every two corpora, what carries over one way minus the other way; use the ratio, not the value.

    Values of two targets differ in floor and difficulty; the normalised transfer ratio takes both out. The test rows of
    the two ways are of two corpora, so their ratios vary independently, and the interval of the difference follows from
    those of the two (square-and-add, Zou & Donner 2008).

    Args:
        cells: (source, target) -> normalised transfer ratio, None where undefined. The diagonal is not used.
        ends: (source, target) -> ends of the ratio's interval.
    """
    corpora = list(dict.fromkeys(corpus for pair in cells for corpus in pair))
    filled = []
    for at, first in enumerate(corpora):
        for second in corpora[at + 1 :]:
            there, back = cells.get((first, second)), cells.get((second, first))
            if there is None or back is None:
                missing = [f"{s} -> {t}" for s, t, v in ((first, second, there), (second, first, back)) if v is None]
                filled.append(Asymmetry(first, second, None, reason=f"undefined: {', '.join(missing)}"))
            else:
                spans = ((ends or {}).get((first, second), NO_ENDS), (ends or {}).get((second, first), NO_ENDS))
                filled.append(Asymmetry(first, second, there - back, *_of_difference((there, back), spans)))
    return filled


def _of_difference(values: tuple[float, float], spans: tuple[Ends, Ends]) -> Ends:
    """Return the interval of the difference of two independent values, from the intervals of both."""
    (low, high), (other_low, other_high) = spans
    if low is None or high is None or other_low is None or other_high is None:
        return NO_ENDS
    first, second = values
    below = ((first - low) ** 2 + (other_high - second) ** 2) ** 0.5
    above = ((high - first) ** 2 + (second - other_low) ** 2) ** 0.5
    return first - second - below, first - second + above
