"""What MLflow is told about a study: one record per cell and one summary, made from cells and facts alone.

All cells have the same metric keys, and the corpora stand in the params: only so can MLflow's tables and charts set
cells against each other. The part of a key before the slash is the section it is drawn in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from harness.core.errors import ResultError
from harness.core.files import digest, file_digest
from harness.study.cells import Cell, cells_to_csv
from harness.tracking.training import Curve, of_cell, with_curves

FAMILY = ("space", "view", "train_view", "recipe", "protocol", "selection")
IDENTITY = (*FAMILY, "source", "target")
SECTIONS = {  # field of Cell -> metric key
    "value": "transfer/{}",
    "low": "interval/{}_low",
    "high": "interval/{}_high",
    "low_speaker": "interval/{}_speaker_low",
    "high_speaker": "interval/{}_speaker_high",
    "sd_seeds": "spread/{}",
    "sd_test": "spread/{}_test",
    "sd_train": "spread/{}_train",
    "tied_low": "interval/{}_tied_low",
    "tied_high": "interval/{}_tied_high",
    "floor": "floor/{}",
    "floor_random": "floor/{}_random",
    "ceiling": "ceiling/{}",
    "in_domain": "in_domain/{}",
    "gap": "gap/{}",
    "gap_low": "interval/gap_{}_low",
    "gap_high": "interval/gap_{}_high",
    "gap_detectable": "gap/{}_detectable",
    "ratio": "ratio/{}",
    "ratio_low": "interval/ratio_{}_low",
    "ratio_high": "interval/ratio_{}_high",
}
COUNTS = ("n", "n_classes", "clusters", "speakers", "coverage", "replicates")
RECALL = re.compile(r"recall[/_.:](?P<label>.+)")
SETTING = "uses"  # before a recipe's settings; see `_pair` for why its first letter comes late
IN_DOMAIN = "in-domain"  # a value of the param `pair`
SUMMARY = "matrix"
NOTE = "mlflow.note.content"  # MLflow shows it as the description
DIGEST = 16  # hex digits; enough for the runs of one study


@dataclass(frozen=True, slots=True)
class Record:
    """One run to be: its name, what identifies it within the study, and all it says.

    `datasets` is name -> digest, `files` path inside the run -> file, `texts` path inside the run -> text, `curves`
    metric -> its values by step.
    """

    name: str
    key: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    datasets: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)

    def content(self) -> str:
        """Return a digest of the record, of its files too."""
        files = {inside: file_digest(path) for inside, path in self.files.items()}
        content = [self.name, self.params, self.metrics, self.tags, self.datasets, files, self.texts, self.curves]
        return digest(content)[:DIGEST]


def records(cells: Sequence[Cell], facts: Mapping[str, Any]) -> list[Record]:
    """Return one record per (space, view, recipe, source, target, protocol, selection) that has a value.

    Raises:
        ResultError: a cell stands there twice, or a number is NaN or infinite.
    """
    groups = [rows for rows in _grouped(cells, IDENTITY) if any(row.value is not None for row in rows)]
    carrying = with_curves(rows[0] for rows in groups)
    return [_record(rows, facts, any(rows[0] is cell for cell in carrying)) for rows in groups]


def summary(cells: Sequence[Cell], facts: Mapping[str, Any], artifacts: Sequence[Path]) -> Record:
    """Return the record of the whole study: means of each primary metric, its files, and all cells with a reason.

    Raises:
        ResultError: an artifact does not exist.
    """
    means = _means(cells, facts)
    without = [cell for cell in cells if cell.value is None]
    counts = {"cells/with_value": len(cells) - len(without), "cells/with_reason": len(without)}
    flat = {f"mean/{kind} {family}": value for family, kinds in means.items() for kind, value in kinds.items()}
    corpora = facts.get("corpora", {})
    versions = facts.get("made", {}).get("versions", {})
    return Record(
        name=SUMMARY,
        key=SUMMARY,
        params={},
        metrics={**flat, **{name: float(count) for name, count in counts.items()}},
        tags={
            **_marks(facts),
            **{f"version.{name}": str(version) for name, version in versions.items()},
            NOTE: _table(means),
        },
        datasets=_datasets(facts, corpora),
        files=dict(_files(artifacts)),
        texts={"reasons.csv": cells_to_csv(without)} if without else {},
    )


def primary(rows: Sequence[Cell], facts: Mapping[str, Any]) -> str:
    """Return the primary metric of the space of `rows`, or their first one where the study names none."""
    return str(facts.get("primary", {}).get(rows[0].space, rows[0].metric))


def _record(rows: Sequence[Cell], facts: Mapping[str, Any], has_curves: bool) -> Record:
    training = of_cell(rows[0], facts)
    identity = {name: str(getattr(rows[0], name)) for name in IDENTITY}
    recipe = facts.get("recipes", {}).get(rows[0].recipe, {})
    settings = {f"{SETTING}.{name}": text for name, text in _flat(recipe.get("settings", {}))}
    leading = next((row for row in rows if row.metric == primary(rows, facts) and row.value is not None), None)
    pair, languages = _pair(rows[0], facts)
    metrics: dict[str, float] = {}
    for row in rows:
        for name, value in _scores(row):
            if name in metrics:
                raise ResultError(f"{_where(row)} stands in cells.csv twice; run `dvc repro score`")
            metrics[name] = value
    counted = leading or next(row for row in rows if row.value is not None)
    return Record(
        name=rows[0].name,
        key=digest(identity)[:DIGEST],
        params={**{name: value for name, value in identity.items() if value}, "pair": pair, **settings},
        metrics={**metrics, **dict(_numbers(counted, {name: name for name in COUNTS}))},
        tags={
            **_marks(facts),
            **languages,
            **_remarks(rows),
            **({"device": training.device} if training and training.device else {}),
            NOTE: _note(counted, recipe.get("description", "")),
        },
        datasets=_datasets(facts, dict.fromkeys((rows[0].source, rows[0].target))),
        curves=training.curves if training and has_curves else {},
    )


def _datasets(facts: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """Return name -> digest of the corpora among these names."""
    corpora = facts.get("corpora", {})
    return {name: str(corpora[name].get("digest", "")) for name in names if corpora.get(name, {}).get("present")}


def _scores(row: Cell) -> Iterator[tuple[str, float]]:
    """Return the metrics of one row; of a class' recall the value alone, or its context would bury the other charts."""
    recall = RECALL.fullmatch(row.metric)
    return _numbers(row, {"value": f"recall/{recall['label']}"} if recall else SECTIONS)


def _numbers(row: Cell, keys: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    for name, key in keys.items():
        value = getattr(row, name)
        if value is not None and not math.isfinite(value):
            raise ResultError(f"{_where(row)}: {name} is {value}, which is never a score; run `dvc repro score`")
        if value is not None:
            yield key.format(row.metric), float(value)


def _pair(cell: Cell, facts: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return what the pair crosses, and its languages where they are known.

    The languages become tags: MLflow's comparison page draws the first three params that differ, in alphabetical
    order, and these are to be pair and two of recipe, source and target.
    """
    corpora = facts.get("corpora", {})
    sides = {"source_language": cell.source, "target_language": cell.target}
    spoken = {side: str(corpora.get(corpus, {}).get("language") or "") for side, corpus in sides.items()}
    languages = {side: language for side, language in spoken.items() if language}
    if cell.is_in_domain:
        return IN_DOMAIN, languages
    if cell.source not in corpora and cell.target in corpora:
        return cell.source, languages  # several corpora together
    if len(languages) < len(sides):
        return "cross-corpus", languages
    shared = len({language.split("-")[0] for language in languages.values()}) == 1
    return "within-language" if shared else "across-language", languages


def _means(cells: Sequence[Cell], facts: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return "space recipe metric" -> kind -> mean of the primary metric; parts that all cells share are left out."""
    named = [name for name in FAMILY if name in ("space", "recipe") or len({getattr(c, name) for c in cells}) > 1]
    means = {}
    for rows in _grouped(cells, FAMILY):
        metric = primary(rows, facts)
        scored = [row for row in rows if row.metric == metric and row.value is not None]
        crossing = [row for row in scored if not row.is_in_domain]
        columns = {
            "in_domain": [row.value for row in scored if row.is_in_domain],
            "cross_corpus": [row.value for row in crossing],
            "ratio": [row.ratio for row in crossing],
        }
        numbers = {kind: [value for value in values if value is not None] for kind, values in columns.items()}
        family = " ".join([*(getattr(rows[0], name) for name in named), metric])
        means[family] = {kind: round(fmean(values), 6) for kind, values in numbers.items() if values}
    return {family: kinds for family, kinds in means.items() if kinds}


def _table(means: Mapping[str, Mapping[str, float]]) -> str:
    kinds = ("in_domain", "cross_corpus", "ratio")
    rows = [
        f"| {family} | {' | '.join(f'{values[kind]:.3f}' if kind in values else '' for kind in kinds)} |"
        for family, values in means.items()
    ]
    head = ["| mean of | in-domain | cross-corpus | ratio |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, "", "Report, tables and all cells: see Artifacts."])


def _remarks(rows: Sequence[Cell]) -> dict[str, str]:
    warnings = sorted({warning for row in rows for warning in row.warnings.split("; ") if warning})
    reasons = {f"reason.{row.metric}": row.reason for row in rows if row.reason}
    return {**reasons, **({"warnings": "; ".join(warnings)} if warnings else {})}


def _marks(facts: Mapping[str, Any]) -> dict[str, str]:
    return {"synthetic": "true"} if facts.get("synthetic") else {}


def _note(row: Cell, description: str) -> str:
    interval = "" if row.low is None or row.high is None else f" [{row.low:.3f}, {row.high:.3f}]"
    context = {"majority floor": row.floor}
    if not row.is_in_domain:
        context |= {"in-domain": row.in_domain, "gap": row.gap, "ratio": row.ratio}
    around = "".join(f", {name} {value:.3f}" for name, value in context.items() if value is not None)
    return (
        f"Trained on **{row.source}**, tested on **{row.target}** ({row.space}, {row.recipe}): "
        f"**{row.metric} {row.value:.3f}**{interval}{around}.\n\n{description}"
    )


def _files(artifacts: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for artifact in artifacts:
        if not artifact.exists():
            raise ResultError(f"{artifact}: does not exist; run `dvc repro report`")
        for path in sorted(artifact.rglob("*")) if artifact.is_dir() else [artifact]:
            if path.is_file():
                yield path.relative_to(artifact.parent).as_posix(), path


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested settings as dotted name and text; an absent one is left out."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{prefix}.{name}" if prefix else str(name))
    elif value is not None:
        yield prefix, ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _grouped(cells: Sequence[Cell], names: Sequence[str]) -> list[list[Cell]]:
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(tuple(getattr(cell, name) for name in names), []).append(cell)
    return list(groups.values())


def _family(cell: Cell) -> str:
    return " ".join(getattr(cell, name) for name in FAMILY if getattr(cell, name))


def _where(row: Cell) -> str:
    return f"cell {row.name} {row.metric} ({_family(row)})"
