"""Oracle: the same training, selected on the target's dev split, which no honest protocol may do.

The difference to `single_source` says how much the selection of a setting or an epoch on source dev gives away
(Gulrajani and Lopez-Paz 2021, "test-domain validation"). A target that is divided by folds is tested fold by fold, each
with the dev fold that belongs to it, by the model of the source's first fold.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols._case import DEV, Case, Field, Lesson, Part

QUESTION = "What does selection on source dev give away?"
SELECTION = "target_dev"
REASONS = {"target_too_few_dev_labels": "the target's dev split has too few labels to select on"}


def cases(field: Field) -> Iterator[Case]:
    """Yield one case for each pair of corpora."""
    for source in field.corpora:
        for target in field.corpora:
            if source == target:
                continue
            reason = field.why_no_pair(source, target)
            if not reason and field.why_no_source[target]:
                reason = "target_too_few_dev_labels"
            lessons = () if reason else tuple(_lessons(field, source, target))
            yield Case(field.recipe, field.space, source, target, lessons=lessons, reason=reason)


def _lessons(field: Field, source: str, target: str) -> Iterator[Lesson]:
    if field.divided(target):
        for fold in field.folds[target]:
            yield Lesson(tuple(field.seeds), (Part(source),), (Part(target, DEV, fold=fold),), fold, fold)
    else:
        for fold in field.folds[source]:
            yield Lesson(tuple(field.seeds), (Part(source, fold=fold),), (Part(target, DEV),), fold=fold)
