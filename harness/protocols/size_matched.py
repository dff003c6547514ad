"""Size-matched sources: every source cut to as many labelled train rows as the smallest has, drawn anew for each seed.

Is a source good because it is large? With `prior: matched` each class, too, has as many rows in every source, so that
neither size nor class shares tell the sources apart; classes that one of the sources lacks are left out of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.errors import SettingError
from harness.protocols._case import DEV, Case, Field, Lesson, Part

SIZE, MATCHED = "size", "matched"


def cases(field: Field, prior: str = SIZE) -> Iterator[Case]:
    """Yield one case for each source and target.

    Args:
        field: what to plan with.
        prior: `size` keeps each source's own shares of classes, `matched` gives all classes the same number of rows.
    """
    if prior not in (SIZE, MATCHED):
        raise SettingError(f"protocols: prior is {prior!r}; it is {SIZE} or {MATCHED}")
    sources = [name for name, reason in field.why_no_source.items() if not reason]
    rows = min((sum(field.counts[name].values()) for name in sources), default=0)
    each = min((min(field.counts[name].values()) for name in sources), default=0) if field.classes else 0
    by_class = prior == MATCHED and field.classes
    for source in field.corpora:
        for target in field.corpora:
            reason = _why_not(field, source, target, bool(by_class), len(sources))
            drawn = Part(source, per_class=each) if by_class else Part(source, rows=rows)
            lessons = tuple(
                Lesson(
                    (seed,),
                    (replace(drawn, fold=fold, draw=seed),),
                    (Part(source, DEV, fold=fold),),
                    tested,
                    fold,
                )
                for seed in field.seeds
                for fold, tested in _folds(field, source, target)
                for dev in [(Part(source, DEV, fold=fold),)]
            )
            variant = f"each={each}" if by_class else f"n={rows}"
            yield Case(field.recipe, field.space, source, target, variant, () if reason else lessons, reason)


def _why_not(field: Field, source: str, target: str, by_class: bool, sources: int) -> str:
    reason = field.why_no_source[source] or field.why_no_target[target]
    if not reason and source != target:
        reason = field.why_no_pair(source, target)
    return reason or ("fewer_than_two_sources" if sources < 2 else "")


def _folds(field: Field, source: str, target: str) -> list[tuple[str, str]]:
    """Return (fold of the source, fold that is tested) of every model."""
    return [(fold, fold if source == target and field.divided(source) else "") for fold in field.folds[source]]
