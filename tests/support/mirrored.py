"""A matrix small enough to look at in MLflow, and what is said of its study."""

from __future__ import annotations

from typing import Any

from harness.study.cells import Cell

LANGUAGES = {"m3ed": "zh", "emotiontalk": "zh-CN", "meld": "en"}
FACTS: dict[str, Any] = {
    "synthetic": True,
    "study": "emotransfer",
    "made": {"commit": "3f2a9c1d", "lock_digest": "9b1f03de", "time": "2026-11-23", "versions": {"torch": "2.13.0"}},
    "recipes": {"ngrams": {"description": "n-grams", "settings": {"fusion": "linear", "settings": {"c": [0.3, 1]}}}},
    "corpora": {name: {"language": spoken, "present": True, "digest": name * 20} for name, spoken in LANGUAGES.items()},
    "primary": {"emotion4": "uar"},
}


def cell(source: str, target: str, metric: str = "uar", recipe: str = "ngrams", **numbers: Any) -> Cell:
    names = ("emotion4", "multimodal", recipe, source, target, "single_source", "source_dev", metric)
    return Cell(*names, **numbers)


def matrix(recipe: str = "ngrams") -> list[Cell]:
    """Return nine pairs with two metrics each; in-domain 0.6, cross-corpus 0.4."""
    around = {"low": 0.3, "n": 100, "floor": 0.25, "ratio": 0.5}
    return [
        cell(source, target, metric, recipe, value=0.6 if source == target else 0.4, **around)
        for source in LANGUAGES
        for target in LANGUAGES
        for metric in ("uar", "macro_f1")
    ]
