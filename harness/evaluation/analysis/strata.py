"""Values by kind of test row, and ser-tests' fairness of sex and speaker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from harness.evaluation.analysis import stratum
from harness.evaluation.analysis.recipe_on_target import RecipeOnTarget
from harness.evaluation.matrix.scoring import ScoredRows
from harness.statistics import fairness as strata_fairness
from harness.statistics.sums import confusion
from harness.study.labels import MAIN_VIEW
from harness.study.utterance import Modality

NUMBERS = ("value", "low", "high", "rows", "dialogues")
COLUMNS = ("kind", "stratum", "metric", *NUMBERS, "warnings", "reason")
# how the labels of single modalities agree with the main label (EmotionTalk, CH-SIMS)
ALL, UNIMODAL, MAJORITY, NONE = "all_agree", "modalities_agree", "two_agree", "none_agree"
SAME, DIFFERENT = "same_as_main", "other_than_main"
SOME = "some_disagree"
FAIRNESS = ("kind", "check", "group", "value", "threshold", "passed", "warning", "reason")


def lines(on_target: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield the primary metric in every stratum of a cell's rows."""
    scored, space, metrics = on_target.scored(source), on_target.space, [on_target.metric]
    weights = scored.draws(on_target.statistics)
    for kind, names in _kinds(on_target, scored).items():
        values = stratum.stratified(scored, space, metrics, names, weights, on_target.level)
        for of in values if len(values) > 1 else []:
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
        levels = agreement(known, main)
        kinds |= {"agreement": levels, "all agree": full_or_not(levels)}
        kinds |= {f"label from {name}": matches(view, main) for name, view in known.items()}
    return {kind: names for kind, names in kinds.items() if len({name for name in names if name is not None}) > 1}


def agreement(views: Mapping[str, Sequence[str | None]], main: Sequence[str | None]) -> list[str | None]:
    """Return how far the labels of an utterance agree.

    all_agree: every modality's label and the main one are equal. modalities_agree: the modalities' are, but the main
    label is another. none_agree: no two modalities have the same label. two_agree: what is left. A row that lacks a
    label is in no stratum (None).

    Args:
        views: modality -> label of each row (text, audio, video).
        main: the label from all modalities together, of each row.

    Raises:
        ValueError: there are fewer than two views, or they have different lengths.
    """
    if len(views) < 2 or {len(labels) for labels in views.values()} != {len(main)}:
        raise ValueError(f"agreement needs two views or more, each with a label for all {len(main)} rows")
    return [_agreement(labels, label) for *labels, label in zip(*views.values(), main, strict=True)]


def _agreement(labels: Sequence[str | None], main: str | None) -> str | None:
    if main is None or None in labels:
        return None
    different = len(set(labels))
    if different == 1:
        return ALL if labels[0] == main else UNIMODAL
    return NONE if different == len(labels) else MAJORITY


def full_or_not(levels: Sequence[str | None]) -> list[str | None]:
    """Return all_agree or some_disagree for each level of `agreement`."""
    return [level if level in (ALL, None) else SOME for level in levels]


def matches(view: Sequence[str | None], main: Sequence[str | None]) -> list[str | None]:
    """Return same_as_main or other_than_main for each row of one view, None where a label is missing.

    Raises:
        ValueError: the two have different lengths.
    """
    return [
        None if label is None or other is None else SAME if label == other else DIFFERENT
        for label, other in zip(view, main, strict=True)
    ]


def fairness(on_target: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield ser-tests' checks of sex and of speakers."""
    scored, classes = on_target.scored(source), on_target.space.classes
    rows = {row.id: row for row in on_target.target.prepared.utterances}
    sexes = [rows[name].gender for name in scored.ids]
    names = sorted({sex for sex in sexes if sex is not None})
    if len(names) > 1:
        number = np.array([len(names) if sex is None else names.index(sex) for sex in sexes], dtype=np.int64)
        counts = confusion(scored.truth, scored.predicted, number, len(classes)).mean(axis=0)
        for check in strata_fairness.by_group(counts[: len(names)], names, classes):
            yield ["sex", *check_cells(check)]
    speakers = [rows[name].speaker for name in scored.ids]
    for check in strata_fairness.by_speaker(scored.truth, scored.predicted, speakers, classes):
        yield ["speaker", *check_cells(check)]


def check_cells(check: strata_fairness.Check) -> list[Any]:
    """Return the columns of a check from its name to its reason."""
    passed = "" if check.passed is None else "yes" if check.passed else "no"
    return [check.name, check.group, check.value, check.threshold, passed, check.warning, check.reason]
