"""Size-matched sources: every source cut to as many labelled train rows as the smallest has, drawn anew for each seed.

Is a source good because it is large? With `prior: matched` each class, too, has as many rows in every source, so that
neither size nor class shares tell the sources apart; classes that one of the sources lacks are left out of all, of
train and of dev.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from harness.protocols._case import DEV, Case, CaseContext, CorpusPart, TrainingRun

TABLE = "size_matched"
SIZE, MATCHED = "size", "matched"
REASONS = {"sources_share_fewer_than_two_classes": "the sources have fewer than two classes in common"}


def cases(context: CaseContext, prior: Literal["size", "matched"] = "size") -> Iterator[Case]:
    """Yield one case for each source and target.

    Args:
        context: what to plan with.
        prior: `size` keeps each source's own shares of classes, `matched` gives all classes the same number of rows.
    """
    sources = [name for name, reason in context.why_no_source.items() if not reason]
    shared = _shared(context, sources)
    rows = min((context.rows[name] for name in sources), default=0)
    each = min((context.counts[name][class_name] for name in sources for class_name in shared), default=0)
    for source in context.corpora:
        for target in context.corpora:
            reason = context.why_no_source[source] or context.why_no_target[target]
            if not reason and source != target:
                reason = context.why_no_pair(source, target)
            reason = reason or _why_none(context, sources, prior, shared)
            part = CorpusPart(source, rows=rows)
            if prior == MATCHED:
                part = CorpusPart(source, per_class=each, classes=shared)
            runs = () if reason else tuple(_training_runs(context, part, target))
            variant = f"each={each}" if prior == MATCHED else f"n={rows}"
            yield Case(context.recipe, context.space, source, target, variant, runs, reason)


def _shared(context: CaseContext, sources: list[str]) -> tuple[str, ...]:
    """Return the classes that every fold of every source has."""
    known = [{class_name for class_name, count in context.counts[name].items() if count} for name in sources]
    return tuple(sorted(set.intersection(*known))) if known else ()


def _why_none(context: CaseContext, sources: list[str], prior: str, shared: tuple[str, ...]) -> str:
    if len(sources) < 2:
        return "fewer_than_two_sources"
    if prior == SIZE:
        return ""
    if not context.classes:
        return "scale_has_no_classes"
    return "" if len(shared) > 1 else "sources_share_fewer_than_two_classes"


def _training_runs(context: CaseContext, part: CorpusPart, target: str) -> Iterator[TrainingRun]:
    """Yield a run for each draw and fold of the source; in-domain a fold's model is tested on that fold alone."""
    for seed in context.seeds:
        for fold in context.folds[part.corpus]:
            tested = fold if part.corpus == target and context.divided(target) else ""
            dev = CorpusPart(part.corpus, DEV, fold=fold, classes=part.classes)
            yield TrainingRun((seed,), (replace(part, fold=fold, draw=seed),), (dev,), tested, fold)
