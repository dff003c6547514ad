"""CORAL: the source's features moved so that their mean and covariance are the target's, then trained on (Sun 2016).

The linear form: whitened by the covariance of the source and coloured by that of the target, both shrunk
(harness/training/alignment/coral.py). It sees the features of the target train split, never its labels: transductive,
one model for each pair.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.protocols._adapted import pairs
from harness.protocols._case import Case, CaseContext

QUESTION = "What does CORAL bring, which sees the target's train split without labels?"
SEES_TARGET_FEATURES = True


def cases(context: CaseContext) -> Iterator[Case]:
    """Yield one case for each pair of corpora."""
    return pairs(context, "coral")
