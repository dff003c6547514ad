"""Values by kind of test row, and ser-tests' fairness of sex and speaker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from harness.evaluation.analysis import strata_agreement, stratum
from harness.evaluation.analysis.recipe_on_target import RecipeOnTarget
from harness.evaluation.matrix.scoring import ScoredRows
from harness.statistics import fairness as strata_fairness
from harness.statistics.sums import confusion
from harness.study.labels import MAIN_VIEW
from harness.study.utterance import Modality

COLUMNS = ("kind", "stratum", "metric", "value", "low", "high", "rows", "dialogues", "warnings", "reason")
FAIRNESS = ("kind", "check", "group", "value", "threshold", "passed", "warning", "reason")


def lines(field: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield the primary metric in every stratum of a cell's rows."""
    scored = field.scored(source)
    for kind, names in _kinds(field, scored).items():
        found = stratum.stratified(scored, field.space, [field.metric], names, field.weights(source), field.level)
        for one in found if len(found) > 1 else []:
            yield [
                *(kind, one.name, one.metric, one.value, one.low, one.high, one.rows, one.dialogues),
                *("; ".join(one.warnings), one.reason or ""),
            ]


def _kinds(field: RecipeOnTarget, scored: ScoredRows) -> dict[str, list[str | None]]:
    """Return kind -> stratum of each row: agreement of modalities, sex, and what the release tells of an utterance."""
    ids = scored.ids
    rows = {row.id: row for row in field.target.prepared.utterances}
    found: dict[str, list[str | None]] = {"gender": [rows[name].gender for name in ids]}
    for kind in sorted({key for name in ids for key in rows[name].strata}):
        found[kind] = [rows[name].strata.get(kind) for name in ids]
    labels = {view: field.target.prepared.labels(field.space.name, view) for view in (MAIN_VIEW, *Modality)}
    main = [labels[MAIN_VIEW].get(name) for name in ids]
    views = {one.value: [labels[one].get(name) for name in ids] for one in Modality}
    known = {name: view for name, view in views.items() if any(label is not None for label in view)}
    if len(known) > 1:
        levels = strata_agreement.agreement(known, main)
        found |= {"agreement": levels, "all agree": strata_agreement.full_or_not(levels)}
        found |= {f"label from {name}": strata_agreement.matches(view, main) for name, view in known.items()}
    return {kind: names for kind, names in found.items() if len({one for one in names if one is not None}) > 1}


def fairness(field: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield ser-tests' checks of sex and of speakers."""
    scored = field.scored(source)
    rows = {row.id: row for row in field.target.prepared.utterances}
    for one in _by_sex(field, scored, [rows[name].gender for name in scored.ids]):
        yield ["sex", *_line(one)]
    predicted = scored.scores.argmax(axis=-1)
    speakers = [rows[name].speaker for name in scored.ids]
    for one in strata_fairness.by_speaker(scored.truth, predicted, speakers, field.space.classes):
        yield ["speaker", *_line(one)]


def _by_sex(field: RecipeOnTarget, scored: ScoredRows, sexes: Sequence[str | None]) -> list[strata_fairness.Check]:
    names = sorted({one for one in sexes if one is not None})
    if len(names) < 2:
        return []
    number = np.array([names.index(one) if one is not None else len(names) for one in sexes], dtype=np.int64)
    counts = confusion(scored.truth, scored.scores.argmax(axis=-1), number, len(field.space.classes)).mean(axis=0)
    return strata_fairness.by_group(counts[: len(names)], names, field.space.classes)


def _line(one: strata_fairness.Check) -> list[Any]:
    passed = "" if one.passed is None else "yes" if one.passed else "no"
    return [one.name, one.group, one.value, one.threshold, passed, one.warning or "", one.reason or ""]
