"""Make the cells of the transfer matrix from predictions and labels: each has a value and its context, or a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from harness.core.plugins import find
from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.speaker_spread import SpeakerSpread, spread_over_speakers
from harness.evaluation.matrix.target_corpus import TargetCorpus
from harness.evaluation.matrix.variants import Variants, spread, variants_of
from harness.statistics.rare_classes import DEFINED, averages_classes
from harness.statistics.speakers import interval as over_speakers
from harness.statistics.total_spread import detectable, widened
from harness.study import predictions, splits
from harness.study.cells import TRANSDUCTIVE_SUFFIX, Cell, ratio, wider_than_interval
from harness.study.labels import MAIN_VIEW, ClassSpace, Space
from harness.study.metric_facts import higher_is_better, metric_module
from harness.study.params.rows import inputs
from harness.study.reasons import reason_text
from harness.study.recipes import TRANSDUCTIVE_NORMALISERS, view_of
from harness.study.selected_settings import BEST, name_of, selected_text, without_epoch

# on what a model was selected, before the rule; of external predictions nobody knows
SOURCE_DEV, ELSEWHERE = "source_dev", "elsewhere"
EXTERNAL = "external"  # fusion of these


@dataclass(slots=True)
class CellToScore:
    """One planned cell with what scoring it found; `settings` is its recipe."""

    recipe: str
    settings: dict[str, Any]
    source: str
    target: str
    view: str
    protocol: str = splits.SINGLE_SOURCE
    variant: str = ""
    selection: str = SOURCE_DEV
    file: Path | None = None
    chosen: Mapping[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict)  # by fold and seed, on source dev
    adapted: bool = False  # the model has seen the target's features, without labels
    by_fold: bool = False  # of the target: its parts were predicted by models of their own
    reason: str = ""
    warnings: list[str] = field(default_factory=list)  # of whoever made the predictions, and of their scores
    scored: scoring.ScoredRows | None = None
    values: dict[str, scoring.Value] = field(default_factory=dict)  # by metric
    variants: Variants = field(default_factory=Variants)
    speakers: SpeakerSpread = field(default_factory=lambda: SpeakerSpread(None))  # of the primary metric
    rare: dict[str, int] = field(default_factory=dict)  # classes left out of a mean over classes, and their rows


def planned_cell(plan: Mapping[str, Any], cell: Mapping[str, str], view: str) -> CellToScore:
    """Return a cell of `transfer` that is to be scored against a view of its target."""
    return CellToScore(
        recipe=plan["recipe"],
        settings=plan["settings"],
        source=cell["source"],
        target=cell["target"],
        view=view,
        selection=ELSEWHERE if plan["settings"]["fusion"] == EXTERNAL else selection(SOURCE_DEV, plan["selection"]),
        file=Path(cell["file"]) if "file" in cell else None,
        chosen=_chosen(plan, cell),
        by_fold=cell["source"] == cell["target"],
        reason=cell.get("reason", ""),
        warnings=[cell["warning"]] if "warning" in cell else [],
    )


def selection(on: str, rule: str) -> str:
    """Return the selection of a cell: the rows it was made on and its rule, where that is not the plain best.

    Args:
        on: `source_dev` or `target_dev`.
        rule: `training.selection` of params.yaml.
    """
    return on if rule == BEST else f"{on}_{rule}"


def _chosen(plan: Mapping[str, Any], cell: Mapping[str, str]) -> dict[tuple[str, int], Mapping[str, Any]]:
    """Return what selection on source dev chose for each replicate of a cell."""
    return {
        (replicate["fold"], replicate["seed"]): replicate["chosen"]
        for row in plan["rows"]
        if (row["source"], row["space"]) == (cell["source"], cell["space"])
        for replicate in row["replicates"]
    }


@dataclass(frozen=True, slots=True)
class CellScorer:
    """Scores the cells of one target in one label space.

    Args:
        settings: `statistics` of params.yaml.
        space: the label space.
        metrics: names, of which `recall` gives one cell per class.
        target: the corpus.
        primary: the metric whose intervals over speakers are made; none if empty.
    """

    settings: Mapping[str, Any]
    space: Space
    metrics: Sequence[str]
    target: TargetCorpus
    primary: str = ""

    def score(self, row: CellToScore, given: Sequence[predictions.Predictions] | None = None) -> CellToScore:
        """Fill in what a row's predictions (`given`, or those of its file) are worth, or why there is no value."""
        if row.file is None:
            return row
        rows = self.target.rows(self.space, row.view)
        if not rows.truth and row.view != MAIN_VIEW:
            row.reason = f"target_no_view:{row.view}"
            return row
        selected = predictions.read(row.file, self.space) if given is None else given
        scored = rows.align(selected, row.by_fold)
        if not len(scored.truth):
            row.reason = "no_labelled_test_rows"
            return row
        row.scored = scored
        row.warnings = [*row.warnings, *scoring.degeneracy(scored, self.space)]
        row.rare = scored.rare(self.space)
        values = scoring.values(scored, self.space, self.metrics, scored.draws(self.settings))
        row.values = {value.metric: value for value in values}
        if self.primary in row.values:
            by_dialogue, primary = row.values[self.primary].resamples, find("metric", self.primary)
            of = self.target.speakers
            row.speakers = spread_over_speakers(scored, of, self.space, primary, self.settings, by_dialogue)
        if given is None and (others := predictions.read(row.file, self.space, variants=True)):
            names = {of: name_of(without_epoch(chosen)) for of, chosen in row.chosen.items()}
            row.variants = variants_of(rows, selected, others, names, row.by_fold, self.space, self.metrics)
        return row

    def cells(self, rows: Sequence[CellToScore]) -> Iterator[Cell]:
        """Make the cells of scored rows, each against the in-domain row of the same recipe."""
        matrix = [row for row in rows if row.protocol == splits.SINGLE_SOURCE]
        at_home = {(row.recipe, row.view): row for row in matrix if row.source == row.target}
        classes = self.space.classes if isinstance(self.space, ClassSpace) else ()
        of_classes = [f"recall/{name}" for name in classes]
        names = [name for metric in self.metrics for name in (of_classes if metric == "recall" else [metric])]
        for row in rows:
            for name in names:
                yield self._cell(row, at_home.get((row.recipe, row.view)), name)

    def interval(
        self, resamples: scoring.Floats, dialogues: int, metric: ModuleType
    ) -> tuple[float | None, float | None]:
        """Return the interval of a metric's resamples at the level of params.yaml (`scoring.interval`)."""
        return scoring.interval(resamples, dialogues, float(self.settings["level"]), metric)

    def _cell(self, row: CellToScore, in_domain: CellToScore | None, name: str) -> Cell:
        transductive = row.settings["normalise"] in TRANSDUCTIVE_NORMALISERS or row.adapted
        cell = Cell(
            space=self.space.name,
            view=row.view,
            train_view=view_of(row.settings),
            recipe=row.recipe,
            source=row.source,
            target=row.target,
            protocol=row.protocol + TRANSDUCTIVE_SUFFIX if transductive else row.protocol,
            variant=row.variant,
            selection=row.selection,
            metric=name,
            reason=row.reason or "undefined",
        )
        if row.scored is None:
            return cell
        value = row.values[name]
        point = float(value.replicates.mean())
        low, high = self.interval(value.resamples, row.scored.dialogues, metric_module(name))
        if name.partition("/")[2] in row.rare:  # a bootstrap of so few rows draws the same ones again and again
            low, high = None, None
        if np.isnan(point):
            return cell
        cell.value, cell.low, cell.high, cell.reason = point, low, high, ""
        self._add_context(cell, row, row.scored)
        if in_domain is not None and in_domain.scored is not None:
            self._compare(cell, row, in_domain)
        return cell

    def _add_context(self, cell: Cell, row: CellToScore, scored: scoring.ScoredRows) -> None:
        """Add what stands beside the value: counts, floors, ceiling, warnings."""
        assert cell.value is not None
        cell.sd_seeds = scoring.seed_spread(row.values[cell.metric], scored.seeds)
        cell.sd_test = spread(row.values[cell.metric].resamples.tolist())
        cell.sd_train = row.variants.train_spread(cell.metric)
        cell.low_total, cell.high_total = widened((cell.value, cell.low, cell.high), cell.sd_test, cell.sd_train)
        cell.speakers = row.speakers.count
        if cell.metric == self.primary and row.speakers.crossed:
            crossed, level = row.speakers.crossed, float(self.settings["level"])
            cell.low_speaker, cell.high_speaker = over_speakers(cell.value, crossed, row.speakers.groups, level)
        cell.selected = selected_text(list(row.chosen.values()))
        if row.chosen or row.variants.tied:
            cell.tied = len(row.variants.tied) + 1
            cell.tied_low, cell.tied_high = row.variants.range(cell.metric, cell.value)
        cell.replicates = len(scored.scores)
        cell.n = len(scored.truth)
        metric = metric_module(cell.metric)
        few = row.rare if averages_classes(metric) else {}
        cell.n_classes = len(np.unique(scored.truth)) - len(few) if isinstance(self.space, ClassSpace) else None
        cell.clusters = scored.dialogues
        cell.coverage = len(scored.truth) / scored.asked
        cell.floor, cell.floor_random = self.target.floors(scored.truth, self.space, cell.metric)
        if hasattr(metric, "of_calibrated"):
            cell.floor = float(metric.of_calibrated(scored.scores).mean())
        used = row.settings["inputs"] if "inputs" in row.settings else list(inputs(row.settings))
        if row.view == MAIN_VIEW and len(used) == 1:  # what people make of the same modality
            cell.ceiling = self.target.ceiling(self.space, str(used[0]), cell.metric)
        cell.warnings = "; ".join(self._warnings(cell, row, metric, few))

    def _warnings(self, cell: Cell, row: CellToScore, metric: ModuleType, few: Mapping[str, int]) -> Iterator[str]:
        """Yield what a reader must know before believing a cell."""
        yield from row.warnings
        if few:
            yield f"classes left out: {', '.join(f'{name} ({n} rows)' for name, n in few.items())}"
        of_class = cell.metric.partition("/")[2]
        lost = float(np.mean(~np.isfinite(row.values[cell.metric].resamples)))
        if of_class in row.rare:
            yield f"interval missing: too few test rows of {of_class} ({row.rare[of_class]})"
        elif cell.clusters == 1:
            yield "interval missing: all in one dialogue"
        elif cell.low is None:
            if getattr(metric, "INTERVAL", True):
                yield f"interval missing: {reason_text('undefined_in_resamples')}"
        elif lost > 1 - DEFINED:
            yield f"interval from the {1 - lost:.0%} of resamples that have every class"
        elif (cell.clusters or 0) < int(self.settings["few_clusters"]):
            yield f"interval from {cell.clusters} dialogues only"
        yield from self._further_warnings(cell, row)

    def _further_warnings(self, cell: Cell, row: CellToScore) -> Iterator[str]:
        """Yield what a reader must know of the target and of the selection."""
        if cell.is_transductive and self.target.is_divided and not cell.is_in_domain:
            yield "test rows seen: the target has no official split, so the transductive step saw all its rows"
        if row.speakers.few is not None:
            yield f"speakers: {row.speakers.few}, so an interval holds for these alone"
        if wider_than_interval(cell):
            yield f"selection: {cell.tied} settings that dev leaves open differ by more than the interval"

    def _compare(self, cell: Cell, row: CellToScore, in_domain: CellToScore) -> None:
        """Add gap and ratio against the in-domain cell, where both stand on the same rows and so the same resamples."""
        scored, value, home = row.scored, row.values[cell.metric], in_domain.values[cell.metric]
        assert scored is not None
        assert in_domain.scored is not None
        assert cell.value is not None
        cell.in_domain = float(home.replicates.mean())
        if cell.is_in_domain or not in_domain.scored.stands_on(scored):
            return
        cell.gap = cell.value - cell.in_domain
        apart = value.resamples - home.resamples
        metric = metric_module(cell.metric)
        cell.gap_low, cell.gap_high = self.interval(apart, scored.dialogues, metric)
        ours, theirs = (of.variants.train_spread(cell.metric) for of in (row, in_domain))
        # two corpora, so two independent variances
        of_training = None if ours is None or theirs is None else float(np.hypot(ours, theirs))
        if cell.metric == self.primary and row.speakers.crossed and in_domain.speakers.crossed:
            both_ways = row.speakers.crossed.minus(in_domain.speakers.crossed)
            ends = over_speakers(cell.gap, both_ways, row.speakers.groups, float(self.settings["level"]))
            cell.gap_low_speaker, cell.gap_high_speaker = ends
        of_test = spread(apart.tolist())
        gap = cell.gap, cell.gap_low, cell.gap_high
        cell.gap_low_total, cell.gap_high_total = widened(gap, of_test, of_training)
        cell.gap_detectable = detectable(of_test, of_training, float(self.settings["level"]))
        home_low, _ = self.interval(home.resamples, scored.dialogues, metric)
        if home_low is not None and cell.floor is not None and higher_is_better(cell.metric):
            cell.ratio = ratio(cell.value, cell.in_domain, cell.floor, home_low)
            if cell.ratio is not None:
                gained = home.resamples - cell.floor
                shares = np.divide(
                    value.resamples - cell.floor, gained, out=np.full(len(gained), np.nan), where=gained > 0
                )
                cell.ratio_low, cell.ratio_high = self.interval(shares, scored.dialogues, metric)
