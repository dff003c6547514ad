"""Strata by how the labels of single modalities agree with the main label (EmotionTalk, CH-SIMS)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ALL, UNIMODAL, MAJORITY, NONE = "all_agree", "modalities_agree", "two_agree", "none_agree"
SAME, DIFFERENT = "same_as_main", "other_than_main"
SOME = "some_disagree"


def agreement(views: Mapping[str, Sequence[str | None]], main: Sequence[str | None]) -> list[str | None]:
    """Return how far the labels of an utterance agree.

    all_agree: every modality's label and the main one are equal. modalities_agree: the modalities' are, but the main
    label is another. none_agree: no two modalities have the same label. two_agree: what is left. A row that lacks a
    label is in no stratum (None).

    Args:
        views: modality -> label of each row (text, audio, video).
        main: the label from all modalities together, of each row.

    Raises:
        ValueError: there are fewer than two views, or they have different lengths.
    """
    if len(views) < 2 or {len(labels) for labels in views.values()} != {len(main)}:
        raise ValueError(f"agreement needs two views or more, each with a label for all {len(main)} rows")
    return [_agreement(labels, label) for *labels, label in zip(*views.values(), main, strict=True)]


def _agreement(labels: Sequence[str | None], main: str | None) -> str | None:
    if main is None or None in labels:
        return None
    different = len(set(labels))
    if different == 1:
        return ALL if labels[0] == main else UNIMODAL
    return NONE if different == len(labels) else MAJORITY


def full_or_not(levels: Sequence[str | None]) -> list[str | None]:
    """Return all_agree or some_disagree for each level of `agreement`."""
    return [level if level in (ALL, None) else SOME for level in levels]


def matches(view: Sequence[str | None], main: Sequence[str | None]) -> list[str | None]:
    """Return same_as_main or other_than_main for each row of one view, None where a label is missing.

    Raises:
        ValueError: the two have different lengths.
    """
    return [
        None if label is None or other is None else SAME if label == other else DIFFERENT
        for label, other in zip(view, main, strict=True)
    ]
