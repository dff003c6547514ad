"""The fields of a recipe: its encoders, normaliser, model and label views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.core.errors import NameUnknownError, SettingError
from harness.study.labels import MAIN_VIEW
from harness.study.params import SLOTS
from harness.study.utterance import Modality

SPEAKER = "speaker_std"
NORMALISERS = ("none", "source_std", "target_std", SPEAKER, "tfidf")
TRANSDUCTIVE_NORMALISERS = frozenset({"target_std", SPEAKER})  # they see the target's features
BY_CORPUS = frozenset({"target_std"})  # a target has statistics of its own

KEYS = (*SLOTS, "route", "normalise", "fusion", "balanced", "settings")
OPTIONAL = ("description", "view", "test_views")
VIEWS = (MAIN_VIEW, *(modality.value for modality in Modality))


def checked(name: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe whose keys are complete, or raise SettingError."""
    missing = [key for key in KEYS if key not in recipe]
    unknown = [key for key in recipe if key not in (*KEYS, *OPTIONAL)]
    if missing or unknown:
        problem = f"lacks {', '.join(missing)}" if missing else f"has the unknown key {', '.join(unknown)}"
        raise SettingError(
            f"recipe {name} {problem}; a recipe has the keys {', '.join(KEYS)}, and may have {', '.join(OPTIONAL)}"
        )
    for key, kind, words in (("balanced", bool, "true or false"), ("settings", dict, "a mapping")):
        if not isinstance(recipe[key], kind):
            raise SettingError(f"recipe {name}: {key} is {recipe[key]!r}; it is {words}")
    views = recipe.get("test_views", [MAIN_VIEW])
    if not isinstance(views, list) or not views or len(set(views)) < len(views):
        raise SettingError(f"recipe {name}: test_views is {views!r}; it is a list of different label views")
    for view in (recipe.get("view", MAIN_VIEW), *views):
        if view not in VIEWS:
            raise NameUnknownError("label view", str(view), VIEWS)
    return recipe


def view_of(recipe: Mapping[str, Any]) -> str:
    """Return the label view that a recipe is trained on."""
    return str(recipe.get("view", MAIN_VIEW))


def test_views_of(recipe: Mapping[str, Any]) -> list[str]:
    """Return the label views that a recipe is tested against."""
    return [str(view) for view in recipe.get("test_views", [MAIN_VIEW])]
