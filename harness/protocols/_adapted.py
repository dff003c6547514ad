"""What the adaptation protocols share: one model for each pair of corpora, which has seen the target without labels."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.errors import SettingError
from harness.protocols._case import DEV, Case, Field, Lesson, Part


def pairs(field: Field, align: str, weight: float = 1.0) -> Iterator[Case]:
    """Yield one case for each source and other target, aligned with the target's unlabelled train split.

    Raises:
        SettingError: the weight is negative.
    """
    if weight < 0:
        raise SettingError(f"the weight of {align} is {weight}; it is a number from 0")
    for source in field.corpora:
        for target in field.corpora:
            if source == target:
                continue
            reason = field.why_no_pair(source, target)
            lessons = tuple(
                Lesson(tuple(field.seeds), (Part(source, fold=fold),), (Part(source, DEV, fold=fold),), fold=fold)
                for fold in field.folds[source]
            )
            yield Case(
                field.recipe,
                field.space,
                source,
                target,
                lessons=() if reason else lessons,
                reason=reason,
                align=align,
                weight=weight,
            )
