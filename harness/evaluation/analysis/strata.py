"""Values by kind of test row, and ser-tests' fairness of sex and speaker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from harness.evaluation.analysis import strata_agreement, stratum
from harness.evaluation.analysis.recipe_on_target import RecipeOnTarget
from harness.evaluation.matrix.scoring import ScoredRows
from harness.statistics import fairness as strata_fairness
from harness.statistics.sums import confusion
from harness.study.labels import MAIN_VIEW
from harness.study.utterance import Modality

NUMBERS = ("value", "low", "high", "rows", "dialogues")
COLUMNS = ("kind", "stratum", "metric", *NUMBERS, "warnings", "reason")
FAIRNESS = ("kind", "check", "group", "value", "threshold", "passed", "warning", "reason")


def lines(on_target: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield the primary metric in every stratum of a cell's rows."""
    scored = on_target.scored(source)
    for kind, names in _kinds(on_target, scored).items():
        strata_values = stratum.stratified(
            scored, on_target.space, [on_target.metric], names, on_target.weights(source), on_target.level
        )
        for of in strata_values if len(strata_values) > 1 else []:
            yield [kind, of.name, of.metric, *attrgetter(*NUMBERS)(of), "; ".join(of.warnings), of.reason]


def _kinds(on_target: RecipeOnTarget, scored: ScoredRows) -> dict[str, list[str | None]]:
    """Return kind -> stratum of each row: agreement of modalities, sex, and what the release tells of an utterance."""
    ids = scored.ids
    rows = {row.id: row for row in on_target.target.prepared.utterances}
    kinds: dict[str, list[str | None]] = {"gender": [rows[name].gender for name in ids]}
    for kind in sorted({key for name in ids for key in rows[name].strata}):
        kinds[kind] = [rows[name].strata.get(kind) for name in ids]
    labels = {view: on_target.target.prepared.labels(on_target.space.name, view) for view in (MAIN_VIEW, *Modality)}
    main = [labels[MAIN_VIEW].get(name) for name in ids]
    views = {modality.value: [labels[modality].get(name) for name in ids] for modality in Modality}
    known = {name: view for name, view in views.items() if any(label is not None for label in view)}
    if len(known) > 1:
        levels = strata_agreement.agreement(known, main)
        kinds |= {"agreement": levels, "all agree": strata_agreement.full_or_not(levels)}
        kinds |= {f"label from {name}": strata_agreement.matches(view, main) for name, view in known.items()}
    return {kind: names for kind, names in kinds.items() if len({name for name in names if name is not None}) > 1}


def fairness(on_target: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield ser-tests' checks of sex and of speakers."""
    scored = on_target.scored(source)
    rows = {row.id: row for row in on_target.target.prepared.utterances}
    for check in _by_sex(on_target, scored, [rows[name].gender for name in scored.ids]):
        yield ["sex", *check_cells(check)]
    predicted = scored.scores.argmax(axis=-1)
    speakers = [rows[name].speaker for name in scored.ids]
    for check in strata_fairness.by_speaker(scored.truth, predicted, speakers, on_target.space.classes):
        yield ["speaker", *check_cells(check)]


def _by_sex(on_target: RecipeOnTarget, scored: ScoredRows, sexes: Sequence[str | None]) -> list[strata_fairness.Check]:
    names = sorted({sex for sex in sexes if sex is not None})
    if len(names) < 2:
        return []
    number = np.array([names.index(sex) if sex is not None else len(names) for sex in sexes], dtype=np.int64)
    counts = confusion(scored.truth, scored.scores.argmax(axis=-1), number, len(on_target.space.classes)).mean(axis=0)
    return strata_fairness.by_group(counts[: len(names)], names, on_target.space.classes)


def check_cells(check: strata_fairness.Check) -> list[Any]:
    """Return the columns of a check from its name to its reason."""
    passed = "" if check.passed is None else "yes" if check.passed else "no"
    return [check.name, check.group, check.value, check.threshold, passed, check.warning, check.reason]
