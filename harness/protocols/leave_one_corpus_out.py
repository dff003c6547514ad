"""Leave one corpus out: train on all other corpora together, select on their dev splits, test on the one left out.

Corpora of the target's family are left out with it. Every corpus counts by its rows; with `weight: corpora` each counts
about alike, smaller ones being taken several times: else M3ED's 17,000 train rows drown CH-SIMS' 1,400. A corpus that
is divided by folds gives one fold to dev and all others to train. The epoch or setting is selected over all dev rows
together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from harness.protocols._case import DEV, OTHERS, Case, CaseContext, CorpusPart, TrainingRun

TABLE = "joint"


def cases(context: CaseContext, weight: Literal["rows", "corpora"] = "rows") -> Iterator[Case]:
    """Yield one case for each target.

    Args:
        context: what to plan with.
        weight: whether every train row counts alike, or every corpus.
    """
    for target in context.corpora:
        sources = context.others(target)
        most = max((context.rows.get(name, 0) for name in sources), default=0)
        copies = {
            name: max(round(most / max(context.rows.get(name, 0), 1)), 1) if weight == "corpora" else 1
            for name in sources
        }
        reason = context.why_no_target[target] or ("" if len(sources) > 1 else "fewer_than_two_sources")
        run = TrainingRun(
            tuple(context.seeds),
            tuple(CorpusPart(name, whole=True, copies=copies[name]) for name in sources),
            tuple(CorpusPart(name, DEV) for name in sources),
        )
        yield Case(context.recipe, context.space, OTHERS, target, runs=() if reason else (run,), reason=reason)
