"""How the report prints numbers, metric names and reasons, so that every table says the same thing alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from harness.core import plugins
from harness.core.errors import ResultError

ABSENT = "–"


class Metric(NamedTuple):
    """What a reader must know of a metric."""

    title: str
    meaning: str
    higher_is_better: bool = True


METRICS = {
    "uar": Metric(
        "UAR",
        "unweighted average recall: mean recall over the classes that occur in the target's truth; "
        "a prediction of any other class is a miss",
    ),
    "macro_f1": Metric("macro-F1", "mean F1 over the same classes as UAR"),
    "wa": Metric("WA", "weighted accuracy: share of utterances predicted right"),
    "wf1": Metric("WF1", "F1 averaged over classes, each weighted by its share of the truth"),
    "recall": Metric("recall/class", "share of a class's utterances that are found; absent if the truth has none"),
    "ece": Metric(
        "ECE", "expected calibration error: mean distance of confidence and accuracy; lower is better", False
    ),
    "brier": Metric(
        "Brier", "mean squared distance of the class scores from the truth, summed over classes; lower is better", False
    ),
    "nll": Metric("NLL", "mean negative log of the true class' score; lower is better", False),
    "ccc": Metric(
        "CCC", "Lin's concordance correlation: agreement in order, scale and location; 0 for a constant prediction"
    ),
    "pearson": Metric("Pearson r", "linear correlation, blind to scale and location; undefined for a constant"),
    "mae": Metric("MAE", "mean absolute error on the scale; lower is better", False),
    "acc2": Metric("Acc-2", "accuracy after cutting the scale at 0"),
    "acc3": Metric("Acc-3", "accuracy after cutting the scale at ±.1"),
    "acc5": Metric("Acc-5", "accuracy after cutting the scale at ±.1 and ±.7"),
}

_REASONS = {
    "not_linked": "not linked",
    "not_annotated": "not annotated in this label space",
    "no_view": "has no labels of this view",
    "too_few_labels": "too few labels to train and select",
    "no_text": "no text in this route",
    "no_audio": "no readable sound",
    "no_video": "no readable picture",
    "not_predicted": "no test utterance is in the file of predictions",
    "no_features": "no utterance with all the features",
    "no_labelled_test_rows": "no test utterance of the target has a label",
    "same_family": "source and target are one corpus family",
    "undefined": "the metric is undefined on these utterances",
    "no_majority": "annotators did not agree",
    "outside_space": "outside the space",
    "blank": "left blank in the release",
}
_SELECTIONS = {
    "source_dev": "selected on source dev",
    "target_dev": "selected on target dev (oracle)",
    "elsewhere": "made elsewhere",
}


def number(value: float | None, places: int = 3) -> str:
    """Return ".527": no zero before the point, a real minus sign, a dash for an absent number.

    Raises:
        ResultError: the value is not finite; NaN is never a score.
    """
    if value is None:
        return ABSENT
    if not math.isfinite(value):
        raise ResultError(f"{value} is not a number a table may print; a cell without value needs a reason")
    text = f"{abs(value):.{places}f}"
    sign = "−" if value < 0 and text.strip("0.") else ""
    return sign + (text[1:] if text.startswith("0.") else text)


def signed(value: float | None) -> str:
    """Return a difference with its sign, "+.031" or "−.120"."""
    text = number(value)
    return f"+{text}" if value is not None and value > 0 and text.strip("0.") else text


def interval(low: float | None, high: float | None) -> str:
    """Return "[.480, .571]", or an empty string if there is none."""
    return "" if low is None or high is None else f"[{number(low)}, {number(high)}]"


def percent(share: float | None) -> str:
    """Return a share as whole percent, rounded towards the middle at both ends so that 99.7 % is not "100 %"."""
    if share is None:
        return ABSENT
    whole = min(max(round(share * 100), 1), 99) if 0 < share < 1 else round(share * 100)
    return f"{whole} %"


def count(value: int | None) -> str:
    """Return "12,345"."""
    return ABSENT if value is None else f"{value:,}"


FORMS: Mapping[str, Callable[[Any], str]] = {
    "number": number,
    "signed": signed,
    "percent": percent,
    "count": count,
}


def plural(how_many: int, one: str, many: str = "") -> str:
    """Return "1 cell" or "3 cells"."""
    return f"{count(how_many)} {one if how_many == 1 else many or one + 's'}"


def metric_title(name: str) -> str:
    """Return a metric's usual name; a metric this page does not know keeps its own."""
    first, _, part = name.partition("/")
    if part and first == "recall":
        return f"recall of {part}"
    return METRICS[first].title if first in METRICS else name


def higher_is_better(name: str) -> bool:
    """Tell in which direction a metric improves; one that is neither known here nor installed grows."""
    first = name.partition("/")[0]
    if first in METRICS:
        return METRICS[first].higher_is_better
    return bool(plugins.find("metric", first).HIGHER_IS_BETTER) if first in plugins.names("metric") else True


def selection_text(name: str) -> str:
    """Return how a cell's model was selected."""
    return _SELECTIONS.get(name, f"selection: {name}")


def reason_text(code: str) -> str:
    """Return a reason in words: "target_not_linked" -> "target corpus: not linked"; an unknown one as it is."""
    name, _, detail = code.partition(":")
    who, _, rest = name.partition("_")
    if who in ("source", "target") and rest in _REASONS:
        text = f"{who} corpus: {_REASONS[rest]}"
    elif name in _REASONS:
        text = _REASONS[name]
    else:
        return code
    return f"{text} ({detail})" if detail else text
