"""Oracle: the same training, selected on the target's dev split, which no honest protocol may do.

The difference to `single_source` says how much the selection of a setting or an epoch on source dev gives away
(Gulrajani and Lopez-Paz 2021, "test-domain validation"). A target that is divided by folds is tested fold by fold, each
with the dev fold that belongs to it, by the model of the source's first fold.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols._case import DEV, Case, CaseContext, CorpusPart, TrainingRun

QUESTION = "What does selection on source dev give away?"
SELECTION = "target_dev"
REASONS = {"target_too_few_dev_labels": "the target's dev split has too few labels to select on"}


def cases(context: CaseContext) -> Iterator[Case]:
    """Yield one case for each pair of corpora."""
    for source in context.corpora:
        for target in context.corpora:
            if source == target:
                continue
            reason = context.why_no_pair(source, target)
            if not reason and context.why_no_source[target]:
                reason = "target_too_few_dev_labels"
            runs = () if reason else tuple(_training_runs(context, source, target))
            yield Case(context.recipe, context.space, source, target, runs=runs, reason=reason)


def _training_runs(context: CaseContext, source: str, target: str) -> Iterator[TrainingRun]:
    if context.divided(target):
        for fold in context.folds[target]:
            yield TrainingRun(
                tuple(context.seeds), (CorpusPart(source),), (CorpusPart(target, DEV, fold=fold),), fold, fold
            )
    else:
        for fold in context.folds[source]:
            yield TrainingRun(
                tuple(context.seeds), (CorpusPart(source, fold=fold),), (CorpusPart(target, DEV),), fold=fold
            )
