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
import pandas as pd

from harness.audit.audited_corpus import AuditedCorpus
from harness.audit.counts import tally
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
SIDES = ("positive", "negative")


def contradictions(corpus: AuditedCorpus) -> dict[str, Any]:
    """Return what the sentiment words and numbers of a corpus say about its emotion labels, field by field."""
    fields: dict[str, dict[str, Any]] = defaultdict(dict)
    for id_, row in corpus.annotations.items():
        for name, value in row.get("native", {}).items():
            fields[name][id_] = value
    emotion = corpus.column(EMOTION)
    words = {name: pd.Series(by_id) for name, values in fields.items() if (by_id := polarity_words(values))}
    references = {"the emotion label": emotion.map(POLARITY_OF_EMOTION).dropna()}
    references |= {f"the field {name}": polarity for name, polarity in words.items()}
    scales: dict[str, Any] = {}
    for name, values in fields.items():
        numbers = _numbers(values, len(corpus.annotations))
        for reference, polarity in references.items():
            if len(numbers) and _ranks(numbers, polarity):
                by_class = emotion if len(emotion) else polarity
                scales.setdefault(name, {})[reference] = against_scale(numbers, polarity, by_class)
    against = {name: against_words(emotion, polarity) for name, polarity in words.items()} if len(emotion) else {}
    return {"words": against, "scales": scales}


def polarity_words(values: Mapping[str, Any]) -> dict[str, str]:
    """Return id -> polarity if the field's words are those of polarity and both sides occur, else nothing."""
    texts = {id_: str(value).strip().casefold() for id_, value in values.items() if value is not None}
    texts = {id_: text for id_, text in texts.items() if text}
    known = {WORDS.get(text) for text in set(texts.values())}
    if None in known or not {"positive", "negative"} <= known:
        return {}
    return {id_: WORDS[text] for id_, text in texts.items()}


def against_words(emotion: pd.Series[Any], polarity: pd.Series[Any]) -> dict[str, Any]:
    """Return class -> polarity -> rows, and the rows whose sentiment opposes or merely differs from the class'."""
    pairs = pd.DataFrame({"label": emotion, "word": polarity}).dropna()
    table = {label: tally(words) for label, words in pairs.groupby("label", sort=False)["word"]}
    signs = [
        (SIGN[POLARITY_OF_EMOTION[label]], SIGN[word])
        for label, word in zip(pairs["label"], pairs["word"], strict=True)
        if label in POLARITY_OF_EMOTION
    ]
    opposed = sum(a * b < 0 for a, b in signs)
    return {
        "table": table,
        "compared": len(signs),
        "opposed": opposed,
        "different": sum(a != b for a, b in signs),
        "both_ways": [
            label
            for label, words in table.items()
            if min(words.get(side, 0) for side in SIDES) >= BOTH_WAYS * sum(words.values())
        ],
        "contradicts": bool(signs) and opposed >= CONTRADICTS * len(signs),
    }


def _numbers(values: Mapping[str, Any], rows: int) -> pd.Series[Any]:
    numbers = pd.Series({id_: number for id_, value in values.items() if (number := _number(value)) is not None})
    return numbers if len(numbers) >= FILLED * rows and numbers.nunique() >= LEAST_VALUES else numbers.iloc[:0]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _ranks(numbers: pd.Series[Any], polarity: pd.Series[Any]) -> bool:
    positive, negative = (_side(numbers, polarity, side) for side in SIDES)
    return bool(len(positive) and len(negative)) and chance_above(positive, negative) >= RANKS


def _side(numbers: pd.Series[Any], polarity: pd.Series[Any], side: str) -> pd.Series[Any]:
    return numbers[polarity.reindex(numbers.index) == side]


def chance_above(a: Any, b: Any) -> float:
    """Return the chance that a number of `a` is above one of `b`, ties counting half: Mann-Whitney U by scipy."""
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(a, b).statistic) / (len(a) * len(b))


def against_scale(numbers: pd.Series[Any], polarity: pd.Series[Any], by_class: pd.Series[Any]) -> dict[str, Any]:
    """Return how numbers and polarities by id agree, and the means of the numbers `by_class` (id -> class)."""
    middle = middle_of(numbers, polarity)
    positive, negative = (_side(numbers, polarity, side) for side in SIDES)
    facts = {
        "rows": len(numbers),
        "middle": middle,
        "below": float((numbers < middle).mean()),
        "above": float((numbers > middle).mean()),
        "chance_above": chance_above(positive, negative),
        "positive_below": int((positive < middle).sum()),
        "positive": len(positive),
        "positive_mean": float(positive.mean()),
        "negative_above": int((negative > middle).sum()),
        "negative": len(negative),
        "negative_mean": float(negative.mean()),
        "classes": {
            label: {
                "rows": len(values),
                "mean": float(values.mean()),
                "below": int((values < middle).sum()),
                "above": int((values > middle).sum()),
            }
            for label, values in numbers.groupby(by_class.reindex(numbers.index))
        },
        "asymmetry": asymmetry(list(numbers - middle)),
    }
    return {**facts, "contradicts": _contradicts(facts)}


def middle_of(numbers: pd.Series[Any], polarity: pd.Series[Any]) -> float:
    """Return 0 for a scale with both signs, else the median of the neutral rows, else the middle of the range."""
    if numbers.min() < 0 < numbers.max():
        return 0.0
    neutral = _side(numbers, polarity, "neutral")
    return float(neutral.median() if len(neutral) else (numbers.min() + numbers.max()) / 2)


def _contradicts(facts: Mapping[str, Any]) -> bool:
    return (
        facts["positive_below"] > WRONG_SIDE * facts["positive"]
        or facts["negative_above"] > WRONG_SIDE * facts["negative"]
        or not facts["negative_mean"] < facts["middle"] < facts["positive_mean"]
    )


def asymmetry(values: Sequence[float]) -> dict[str, Any] | None:
    """Return the steps of a grid that never occur on one side though the other side makes them expected.

    A step is expected as often as its mirror, times the ratio of the two sides. None if the values lie on no grid.
    """
    step = next((step for step in STEPS if _share_on_grid(values, step) >= ON_GRID), None)
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
