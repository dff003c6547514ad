"""Leave one corpus out: train on all other corpora together, select on their dev splits, test on the one left out.

Corpora of the target's family are left out with it. Every corpus counts by its rows; one that is divided by folds gives
one fold to dev and all others to train. The epoch or setting is that of the best score over all dev rows together.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols._case import DEV, OTHERS, Case, CaseContext, CorpusPart, TrainingRun

TABLE = "joint"


def cases(context: CaseContext) -> Iterator[Case]:
    """Yield one case for each target."""
    for target in context.corpora:
        sources = context.others(target)
        reason = context.why_no_target[target] or ("" if len(sources) > 1 else "fewer_than_two_sources")
        run = TrainingRun(
            tuple(context.seeds),
            tuple(CorpusPart(name, whole=True) for name in sources),
            tuple(CorpusPart(name, DEV) for name in sources),
        )
        yield Case(context.recipe, context.space, OTHERS, target, runs=() if reason else (run,), reason=reason)
