"""MMD: a network whose hidden layer is pulled together between source and target (Gretton 2012; Long et al. 2015).

The loss adds `weight` times the multi-kernel discrepancy of a batch of the source and one of the target's unlabelled
train split (harness/training/alignment/mmd.py): transductive, one model for each pair, networks only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge

from harness.protocols._adapted import pairs
from harness.protocols._case import Case, CaseContext

QUESTION = "What does MMD bring, which sees the target's train split without labels?"
SEES_TARGET_FEATURES, NETWORKS = True, True


def cases(context: CaseContext, weight: Annotated[float, Ge(0)] = 1.0) -> Iterator[Case]:
    """Yield one case for each pair of corpora.

    Args:
        context: what to plan with.
        weight: of the discrepancy beside the loss of the labels.
    """
    return pairs(context, "mmd", weight)
