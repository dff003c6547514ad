"""The fields of a recipe: its encoders, normaliser, model and label views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.study.labels import MAIN_VIEW
from harness.study.utterance import Modality

SPEAKER = "speaker_std"
NORMALISERS = ("none", "source_std", "target_std", SPEAKER, "tfidf")
TRANSDUCTIVE_NORMALISERS = frozenset({"target_std", SPEAKER})  # they see the target's features
BY_CORPUS = frozenset({"target_std"})  # a target has statistics of its own

VIEWS = (MAIN_VIEW, *(modality.value for modality in Modality))


def view_of(recipe: Mapping[str, Any]) -> str:
    """Return the label view that a recipe is trained on."""
    return str(recipe.get("view", MAIN_VIEW))


def test_views_of(recipe: Mapping[str, Any]) -> list[str]:
    """Return the label views that a recipe is tested against."""
    return [str(view) for view in recipe.get("test_views", [MAIN_VIEW])]
