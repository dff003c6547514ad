"""DANN: a network whose hidden layer cannot tell source from target (Ganin et al. 2016).

A discriminator learns to tell them apart, and its gradient is reversed for the network
(harness/training/alignment/dann.py). It sees the target's train split without labels: transductive, one model for each
pair, networks only. The epoch is chosen from the second half: before that the discriminator has hardly begun, and
source dev would choose a model without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge

from harness.protocols._adapted import pairs
from harness.protocols._case import Case, CaseContext

QUESTION = "What does DANN bring, which sees the target's train split without labels?"
SEES_TARGET_FEATURES, NETWORKS = True, True


def cases(context: CaseContext, weight: Annotated[float, Ge(0)] = 1.0) -> Iterator[Case]:
    """Yield one case for each pair of corpora.

    Args:
        context: what to plan with.
        weight: of the discriminator's loss beside that of the labels.
    """
    return pairs(context, "dann", weight)
