"""Pooled: train on all corpora together, the target's train split among them, and test on each.

What a single model for all corpora gives: an upper companion of leave-one-corpus-out. A target that is divided by folds
is tested fold by fold, each by a model that has not learned from it; the models of the other targets are alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols._case import DEV, EVERY, Case, Field, Lesson, Part
from harness.study.splits import ALL

TABLE = "joint"


def cases(field: Field) -> Iterator[Case]:
    """Yield one case for each target."""
    sources = [name for name, reason in field.why_no_source.items() if not reason]
    for target in field.corpora:
        own = [name for name in sources if name == target or field.families[name] != field.families[target]]
        reason = field.why_no_target[target] or field.why_no_source[target]
        reason = reason or ("" if len(own) > 1 else "fewer_than_two_sources")
        tested = field.folds[target] if field.divided(target) else [""]
        lessons = [
            Lesson(
                tuple(field.seeds),
                tuple(Part(name, fold=fold if name == target else "", whole=name != target) for name in own),
                tuple(Part(name, DEV, fold=fold if name == target else "") for name in own),
                fold,
                fold or ALL,
            )
            for fold in tested
        ]
        yield Case(field.recipe, field.space, EVERY, target, lessons=() if reason else tuple(lessons), reason=reason)
