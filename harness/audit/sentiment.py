"""Labels of one utterance that contradict each other: the emotion, a sentiment word, a number on a sentiment scale.

Nothing says where to look. A native field is a sentiment label if its words are those of polarity; it is a sentiment
scale if it ranks positive utterances above negative ones. docs/audit.md gives the reasons for every threshold.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.audit.corpus_data import Corpus
from harness.study.labels import POLARITY_OF_EMOTION

EMOTION = "emotion7"
WORDS = {
    "positive": "positive", "pos": "positive", "+": "positive",
    "negative": "negative", "neg": "negative", "-": "negative",
    "neutral": "neutral", "neu": "neutral",
}  # fmt: skip
FILLED = 0.5  # share of rows in which a field must be answered
LEAST_VALUES = 5  # fewer distinct numbers are codes, not a scale
RANKS = 0.7  # chance that a positive row stands above a negative one, from which a number counts as sentiment
WRONG_SIDE = 0.25  # share of rows beyond the middle, from which a scale contradicts the label
CONTRADICTS = 0.05  # share of rows whose sentiment word opposes the emotion, from which it is worth a sentence
BOTH_WAYS = 0.1  # a class with at least this share on either side has no polarity of its own
STEPS = (1.0, 0.5, 0.25, 0.2, 0.1, 0.05)
ON_GRID = 0.995  # share of values that must be multiples of a step
EXPECTED = 10  # rows a step should hold by its mirror, from which none at all cannot be chance (e^-10)
SIGN = {"positive": 1, "neutral": 0, "negative": -1}


def contradictions(corpus: Corpus) -> dict[str, Any]:
    """Return what the sentiment words and numbers of a corpus say about its emotion labels, field by field."""
    fields: dict[str, dict[str, Any]] = defaultdict(dict)
    for id_, row in corpus.labels.items():
        for name, value in row.get("native", {}).items():
            fields[name][id_] = value
    emotion = corpus.column(EMOTION)
    words = {name: polarity for name, values in fields.items() if (polarity := polarity_words(values))}
    category = {id_: POLARITY_OF_EMOTION[label] for id_, label in emotion.items() if label in POLARITY_OF_EMOTION}
    found: dict[str, Any] = {"words": {}, "scales": {}}
    if emotion:
        found["words"] = {name: against_words(emotion, polarity) for name, polarity in words.items()}
    references = {"the emotion label": category, **{f"the field {name}": polarity for name, polarity in words.items()}}
    for name, values in fields.items():
        numbers = _numbers(values, len(corpus.labels))
        for reference, polarity in references.items():
            if numbers and _ranks(numbers, polarity):
                by_class = emotion if emotion else polarity
                found["scales"].setdefault(name, {})[reference] = against_scale(numbers, polarity, by_class)
    return found


def polarity_words(values: Mapping[str, Any]) -> dict[str, str]:
    """Return id -> polarity if the field's words are those of polarity and both sides occur, else nothing."""
    texts = {id_: str(value).strip().casefold() for id_, value in values.items() if value is not None}
    texts = {id_: text for id_, text in texts.items() if text}
    known = {WORDS.get(text) for text in set(texts.values())}
    if None in known or not {"positive", "negative"} <= known:
        return {}
    return {id_: WORDS[text] for id_, text in texts.items()}


def against_words(emotion: Mapping[str, str], polarity: Mapping[str, str]) -> dict[str, Any]:
    """Return class -> polarity -> rows, and the rows whose sentiment opposes or merely differs from the class'."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for id_, label in emotion.items():
        if id_ in polarity:
            table[label][polarity[id_]] += 1
    own = {label: SIGN[POLARITY_OF_EMOTION[label]] for label in table if label in POLARITY_OF_EMOTION}
    compared = sum(table[label].total() for label in own)
    opposed = sum(n for label in own for word, n in table[label].items() if own[label] * SIGN[word] < 0)
    differ = sum(n for label in own for word, n in table[label].items() if own[label] != SIGN[word])
    return {
        "table": {label: dict(counter) for label, counter in table.items()},
        "compared": compared,
        "opposed": opposed,
        "different": differ,
        "both_ways": [
            label
            for label, counter in table.items()
            if min(counter["positive"], counter["negative"]) >= BOTH_WAYS * counter.total()
        ],
        "contradicts": bool(compared) and opposed >= CONTRADICTS * compared,
    }


def _numbers(values: Mapping[str, Any], rows: int) -> dict[str, float]:
    found = {id_: number for id_, value in values.items() if (number := _number(value)) is not None}
    return found if len(found) >= FILLED * rows and len(set(found.values())) >= LEAST_VALUES else {}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _ranks(numbers: Mapping[str, float], polarity: Mapping[str, str]) -> bool:
    sides = {
        side: [value for id_, value in numbers.items() if polarity.get(id_) == side]
        for side in ("positive", "negative")
    }
    return bool(sides["positive"] and sides["negative"]) and chance_above(sides["positive"], sides["negative"]) >= RANKS


def chance_above(a: Any, b: Any) -> float:
    """Return the chance that a number of `a` is above one of `b`, ties counting half: Mann-Whitney U by scipy."""
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(a, b).statistic) / (len(a) * len(b))


def against_scale(
    numbers: Mapping[str, float], polarity: Mapping[str, str], by_class: Mapping[str, str]
) -> dict[str, Any]:
    """Return how a number and a polarity agree.

    Args:
        numbers: id -> number.
        polarity: id -> polarity, what the number is held against.
        by_class: id -> the class of which means are told.
    """
    middle = middle_of(numbers, polarity)
    sides = {
        side: np.array([value - middle for id_, value in numbers.items() if polarity.get(id_) == side])
        for side in ("positive", "negative")
    }
    classes: dict[str, list[float]] = defaultdict(list)
    for id_, value in numbers.items():
        if id_ in by_class:
            classes[by_class[id_]].append(value)
    found = {
        "rows": len(numbers),
        "middle": middle,
        "below": float(np.mean([value < middle for value in numbers.values()])),
        "above": float(np.mean([value > middle for value in numbers.values()])),
        "chance_above": chance_above(sides["positive"], sides["negative"]),
        "positive_below": int((sides["positive"] < 0).sum()),
        "positive": len(sides["positive"]),
        "positive_mean": float(sides["positive"].mean() + middle),
        "negative_above": int((sides["negative"] > 0).sum()),
        "negative": len(sides["negative"]),
        "negative_mean": float(sides["negative"].mean() + middle),
        "classes": {label: _side(values, middle) for label, values in sorted(classes.items())},
        "asymmetry": asymmetry([value - middle for value in numbers.values()]),
    }
    return {**found, "contradicts": _contradicts(found)}


def middle_of(numbers: Mapping[str, float], polarity: Mapping[str, str]) -> float:
    """Return 0 for a scale with both signs, else the median of the neutral rows, else the middle of the range."""
    values = numbers.values()
    if min(values) < 0 < max(values):
        return 0.0
    neutral = [value for id_, value in numbers.items() if polarity.get(id_) == "neutral"]
    return float(np.median(neutral)) if neutral else (min(values) + max(values)) / 2


def _side(values: Sequence[float], middle: float) -> dict[str, Any]:
    below, above = sum(value < middle for value in values), sum(value > middle for value in values)
    return {"rows": len(values), "mean": float(np.mean(values)), "below": below, "above": above}


def _contradicts(found: Mapping[str, Any]) -> bool:
    return (
        found["positive_below"] > WRONG_SIDE * found["positive"]
        or found["negative_above"] > WRONG_SIDE * found["negative"]
        or not found["negative_mean"] < found["middle"] < found["positive_mean"]
    )


def asymmetry(values: Sequence[float]) -> dict[str, Any] | None:
    """Return the steps of a grid that never occur on one side though the other side makes them expected.

    A step is expected as often as its mirror, times the ratio of the two sides. None if the values lie on no grid.
    """
    step = next((one for one in STEPS if _share_on_grid(values, one) >= ON_GRID), None)
    if step is None:
        return None
    counts = Counter(round(value / step) for value in values)
    side = {sign: sum(n for at, n in counts.items() if at * sign > 0) for sign in (1, -1)}
    missing = []
    for at, mirror in sorted(counts.items(), key=lambda item: -item[1]):
        expected = mirror * side[-1 if at > 0 else 1] / max(side[1 if at > 0 else -1], 1)
        if at and not counts[-at] and expected >= EXPECTED:
            missing.append({"value": round(-at * step, 6), "mirror": mirror, "expected": expected})
    return {"step": step, "missing": missing, "counts": {f"{k * step:g}": n for k, n in sorted(counts.items())}}


def _share_on_grid(values: Sequence[float], step: float) -> float:
    scaled = np.array(values) / step
    return float(np.mean(np.abs(scaled - np.round(scaled)) < 1e-6))
