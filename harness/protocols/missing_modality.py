"""Missing modality: the models of `single_source`, tested with some of their modalities taken away.

Six fixed conditions of three modalities (MMIN: Zhao, Li and Jin 2021), or all but the empty and the full one of what a
recipe has, and random rates (GCNet: Lian et al. 2023): each modality of each utterance is dropped with the rate, one
is always left; the masks of a seed are the same for all models of the same modalities. In place of the missing stands:

mask     nothing, and the model is told so: how our networks are trained to take it
zero     zeros in place of the features, as if they had been measured; the model is not told
mean     the mean of the source's train split, likewise
retrain  a model of the same recipe that was never given the modality (fixed conditions only)

Zeros and means alone make a model look better or worse than it is: read them together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Annotated, Literal

from annotated_types import Ge, Le

from harness.protocols._case import DEV, Case, CaseContext, CorpusPart, TrainingRun

TABLE = "missing_modality"
REASONS = {"recipe_has_one_modality": "the recipe has one modality, and nothing is left without it"}
Fill = Literal["mask", "zero", "mean", "retrain"]
LETTERS = {"text": "t", "audio": "a", "video": "v"}


def cases(
    context: CaseContext,
    rates: Sequence[Annotated[float, Ge(0), Le(1)]] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
    fills: Sequence[Fill] = ("mask", "zero", "mean", "retrain"),
    in_domain: bool = True,
) -> Iterator[Case]:
    """Yield one case for each source, target, condition or rate, and fill.

    Args:
        context: what to plan with.
        rates: shares of modalities that are dropped at random.
        fills: what stands in their place.
        in_domain: whether a corpus is tested on itself, too.
    """
    slots = [slot for slot in LETTERS if slot in context.slots]
    for source in context.corpora:
        for target in context.corpora if in_domain else [corpus for corpus in context.corpora if corpus != source]:
            reason = _why_not(context, source, target, slots)
            for fill in fills:
                for keep in _conditions(slots):
                    runs = tuple(_retrained(context, source, target)) if fill == "retrain" and not reason else ()
                    name = "".join(LETTERS[slot] for slot in keep)
                    yield Case(
                        context.recipe,
                        context.space,
                        source,
                        target,
                        f"{fill}:{name}",
                        runs,
                        reason,
                        keep=keep,
                        fill=fill,
                    )
                for rate in rates if fill != "retrain" else ():
                    yield Case(
                        context.recipe,
                        context.space,
                        source,
                        target,
                        f"{fill}:rate={rate}",
                        (),
                        reason,
                        rate=rate,
                        fill=fill,
                    )


def _why_not(context: CaseContext, source: str, target: str, slots: Sequence[str]) -> str:
    if len(slots) < 2:
        return "recipe_has_one_modality"
    reason = context.why_no_source[source] or context.why_no_target[target]
    return reason or ("" if source == target else context.why_no_pair(source, target))


def _conditions(slots: Sequence[str]) -> list[tuple[str, ...]]:
    return [keep for size in range(1, len(slots)) for keep in combinations(slots, size)]


def _retrained(context: CaseContext, source: str, target: str) -> Iterator[TrainingRun]:
    for fold in context.folds[source]:
        tested = fold if source == target and context.divided(source) else ""
        yield TrainingRun(
            tuple(context.seeds), (CorpusPart(source, fold=fold),), (CorpusPart(source, DEV, fold=fold),), tested, fold
        )
