"""Few-shot: so many labelled utterances per class of the target's train split, with a source and without.

`k=0`, the source alone, is `single_source` and not repeated here. Else a model is trained on the source and the drawn
rows together; these are repeated, whole, to make up about `share` of what is learned from, or a few dozen would drown.
Selection is on source dev. The source `none` is the target-only line: the drawn rows alone, a fifth of which is held
out to select on, for these labels are all that is known; none is held out where the recipe leaves nothing to select.
Draws are nested: the rows of a small k are among those of a larger one. The seed is the number of the draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

from annotated_types import Ge, Len, Lt

from harness.protocols._case import DEV, Case, CaseContext, CorpusPart, TrainingRun
from harness.study.splits import ALL, NO_SOURCE

TABLE = "few_shot"
HELD = 0.2
TOO_FEW = "target_has_{least}_of_a_class"
REASONS = {
    "nothing_left_to_select_on": "one utterance per class leaves nothing to select on",
    TOO_FEW: "the rarest class of the target has too few labelled train utterances ({least})",
}


def cases(
    context: CaseContext,
    shots: Annotated[Sequence[Annotated[int, Ge(1)]], Len(1)] = (5, 20, 50, 100, 300),
    share: Annotated[float, Ge(0), Lt(1)] = 0.25,
) -> Iterator[Case]:
    """Yield one case for each k, source (or none) and target.

    Args:
        context: what to plan with.
        shots: labelled utterances per class.
        share: of what is learned from, that the drawn rows make up, as nearly as whole repetitions can; 0 repeats none.
    """
    for target in context.corpora:
        for k in shots:
            for source in (NO_SOURCE, *(name for name in context.corpora if name != target)):
                reason = _why_not(context, source, target, k)
                runs = () if reason else tuple(_training_runs(context, source, target, k, share))
                yield Case(context.recipe, context.space, source, target, f"k={k}", runs, reason)


def _why_not(context: CaseContext, source: str, target: str, k: int) -> str:
    if not context.classes:
        return "scale_has_no_classes"
    reason = context.why_no_target[target] if source == NO_SOURCE else context.why_no_pair(source, target)
    least = min(context.counts.get(target, {}).values(), default=0)
    if not reason and least >= k == 1 and source == NO_SOURCE and context.chooses:
        return "nothing_left_to_select_on"
    return reason or ("" if least >= k else TOO_FEW.format(least=least))


def _training_runs(context: CaseContext, source: str, target: str, k: int, share: float) -> Iterator[TrainingRun]:
    for draw in context.seeds:
        for fold in context.folds[target] if context.divided(target) else [""]:
            few = CorpusPart(target, fold=fold, per_class=k, draw=draw)
            train: tuple[CorpusPart, ...] = (few,)
            dev: tuple[CorpusPart, ...] = (few,)  # where nothing is chosen, its score decides nothing
            if context.chooses:
                train, dev = (replace(few, hold=HELD),), (replace(few, hold=-HELD),)
            if source != NO_SOURCE:
                train, dev = (CorpusPart(source, whole=True), replace(few, share=share)), (CorpusPart(source, DEV),)
            yield TrainingRun((draw,), train, dev, fold, fold or ALL)
