"""Pooled: train on all corpora together, the target's train split among them, and test on each.

What a single model for all corpora gives: an upper companion of leave-one-corpus-out. A target that is divided by folds
is tested fold by fold, each by a model that has not learned from it; the models of the other targets are alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols._case import DEV, EVERY, Case, CaseContext, CorpusPart, TrainingRun
from harness.study.splits import ALL

TABLE = "joint"


def cases(context: CaseContext) -> Iterator[Case]:
    """Yield one case for each target."""
    sources = [name for name, reason in context.why_no_source.items() if not reason]
    for target in context.corpora:
        own = [name for name in sources if name == target or context.families[name] != context.families[target]]
        reason = context.why_no_target[target] or context.why_no_source[target]
        reason = reason or ("" if len(own) > 1 else "fewer_than_two_sources")
        tested = context.folds[target] if context.divided(target) else [""]
        runs = [
            TrainingRun(
                tuple(context.seeds),
                tuple(CorpusPart(name, fold=fold if name == target else "", whole=name != target) for name in own),
                tuple(CorpusPart(name, DEV, fold=fold if name == target else "") for name in own),
                fold,
                fold or ALL,
            )
            for fold in tested
        ]
        yield Case(context.recipe, context.space, EVERY, target, runs=() if reason else tuple(runs), reason=reason)
