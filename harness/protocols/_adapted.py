"""What the adaptation protocols share: one model per pair of corpora, which has seen the target without labels."""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols._case import DEV, Case, CaseContext, CorpusPart, TrainingRun


def pairs(context: CaseContext, align: str, weight: float = 1.0) -> Iterator[Case]:
    """Yield one case for each source and other target, aligned with the target's unlabelled train split."""
    for source in context.corpora:
        for target in context.corpora:
            if source == target:
                continue
            reason = context.why_no_pair(source, target)
            runs = tuple(
                TrainingRun(
                    tuple(context.seeds),
                    (CorpusPart(source, fold=fold),),
                    (CorpusPart(source, DEV, fold=fold),),
                    fold=fold,
                )
                for fold in context.folds[source]
            )
            yield Case(
                context.recipe,
                context.space,
                source,
                target,
                runs=() if reason else runs,
                reason=reason,
                align=align,
                weight=weight,
            )
