"""What MLflow is told about a study: one record per cell and one summary, made from cells and facts alone.

All cells have the same metric keys, and the corpora stand in the params: only so can MLflow's tables and charts set
cells against each other. The part of a key before the slash is the section it is drawn in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from harness.errors import ResultError
from harness.files import digest, file_digest
from harness.transfer import Cell, cells_to_csv

FAMILY = ("space", "view", "recipe", "protocol", "selection")
IDENTITY = (*FAMILY, "source", "target")
SECTIONS = {  # field of Cell -> metric key
    "value": "transfer/{}",
    "low": "interval/{}_low",
    "high": "interval/{}_high",
    "sd_seeds": "spread/{}",
    "floor": "floor/{}",
    "floor_random": "floor/{}_random",
    "ceiling": "ceiling/{}",
    "in_domain": "in_domain/{}",
    "gap": "gap/{}",
    "gap_low": "interval/gap_{}_low",
    "gap_high": "interval/gap_{}_high",
    "ratio": "ratio/{}",
}
COUNTS = ("n", "n_classes", "clusters", "coverage", "replicates")
RECALL = re.compile(r"recall[/_.:](?P<label>.+)")
SUMMARY = "matrix"


@dataclass(frozen=True, slots=True)
class Record:
    """One run to be: its name, what identifies it within the study, and all it says.

    `datasets` is name -> digest, `files` path inside the run -> file, `texts` path inside the run -> text.
    """

    name: str
    key: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    datasets: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> str:
        """Return the digest of all it says, files included."""
        files = {inside: file_digest(path) for inside, path in self.files.items()}
        return digest([self.name, self.params, self.metrics, self.tags, self.datasets, files, self.texts])


def records(cells: Sequence[Cell], facts: Mapping[str, Any]) -> list[Record]:
    """Return one record per (space, view, recipe, source, target, protocol, selection) that has a value.

    Raises:
        ResultError: a cell stands there twice, or a number is NaN or infinite.
    """
    groups = _grouped(cells, IDENTITY)
    return [_record(rows, facts) for rows in groups if any(row.value is not None for row in rows)]


def summary(cells: Sequence[Cell], facts: Mapping[str, Any], artifacts: Sequence[Path]) -> Record:
    """Return the record of the whole study: means of each primary metric, its files, and all cells with a reason.

    Raises:
        ResultError: an artifact does not exist.
    """
    means: dict[str, float] = {}
    for rows in _grouped(cells, FAMILY):
        metric = primary(rows, facts)
        scored = [row for row in rows if row.metric == metric and row.value is not None]
        means |= {f"{kind}/{_family(rows[0])} {metric}": value for kind, value in _means(scored)}
    without = [cell for cell in cells if cell.value is None]
    counts = {"cells/with_value": len(cells) - len(without), "cells/with_reason": len(without)}
    corpora = facts.get("corpora", {})
    versions = facts.get("made", {}).get("versions", {})
    return Record(
        name=SUMMARY,
        key=digest(SUMMARY),
        params={},
        metrics={**means, **{name: float(count) for name, count in counts.items()}},
        tags={**_marks(facts), **{f"version.{name}": str(version) for name, version in versions.items()}},
        datasets={name: str(corpora[name].get("digest", "")) for name in corpora if corpora[name].get("present")},
        files=dict(_files(artifacts)),
        texts={"reasons.csv": cells_to_csv(without)} if without else {},
    )


def primary(rows: Sequence[Cell], facts: Mapping[str, Any]) -> str:
    """Return the primary metric of the space of `rows`, or their first one where the study names none."""
    return str(facts.get("primary", {}).get(rows[0].space, rows[0].metric))


def _record(rows: Sequence[Cell], facts: Mapping[str, Any]) -> Record:
    identity = {name: str(getattr(rows[0], name)) for name in IDENTITY}
    recipe = facts.get("recipes", {}).get(rows[0].recipe, {})
    settings = {f"recipe.{name}": text for name, text in _flat(recipe.get("settings", {}))}
    leading = next((row for row in rows if row.metric == primary(rows, facts) and row.value is not None), None)
    metrics: dict[str, float] = {}
    for row in rows:
        for name, value in _scores(row):
            if name in metrics:
                raise ResultError(f"{_where(row)} stands in cells.csv twice; run `dvc repro score`")
            metrics[name] = value
    counted = leading or next(row for row in rows if row.value is not None)
    return Record(
        name=rows[0].name,
        key=digest(identity),
        params={**{name: value for name, value in identity.items() if value}, **_pair(rows[0], facts), **settings},
        metrics={**metrics, **dict(_numbers(counted, {name: name for name in COUNTS}))},
        tags={**_marks(facts), **_remarks(rows), "mlflow.note.content": _note(counted, recipe.get("description", ""))},
    )


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


def _pair(cell: Cell, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the languages, where they are known, and what the pair crosses."""
    corpora = facts.get("corpora", {})
    languages = {
        side: corpora.get(corpus, {}).get("language")
        for side, corpus in (("source_language", cell.source), ("target_language", cell.target))
    }
    known = {side: str(language) for side, language in languages.items() if language}
    spoken = {language.split("-")[0] for language in known.values()}
    if cell.is_in_domain:
        return {**known, "pair": "in-domain"}
    if len(known) < 2:
        return {**known, "pair": "cross-corpus"}
    return {**known, "pair": "within-language" if len(spoken) == 1 else "across-language"}


def _means(rows: Sequence[Cell]) -> Iterator[tuple[str, float]]:
    kinds = {
        "mean_in_domain": [row.value for row in rows if row.is_in_domain],
        "mean_cross_corpus": [row.value for row in rows if not row.is_in_domain],
        "mean_ratio": [row.ratio for row in rows if not row.is_in_domain],
    }
    for kind, values in kinds.items():
        numbers = [value for value in values if value is not None]
        if numbers:
            yield kind, fmean(numbers)


def _remarks(rows: Sequence[Cell]) -> dict[str, str]:
    warnings = sorted({warning for row in rows for warning in row.warnings.split("; ") if warning})
    reasons = {f"reason.{row.metric}": row.reason for row in rows if row.reason}
    return {**reasons, **({"warnings": "; ".join(warnings)} if warnings else {})}


def _marks(facts: Mapping[str, Any]) -> dict[str, str]:
    return {"synthetic": "true"} if facts.get("synthetic") else {}


def _note(row: Cell, description: str) -> str:
    interval = "" if row.low is None or row.high is None else f" [{row.low:.3f}, {row.high:.3f}]"
    context = {"in-domain": row.in_domain, "majority floor": row.floor, "gap": row.gap, "ratio": row.ratio}
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
        yield prefix, str(value)


def _grouped(cells: Sequence[Cell], names: Sequence[str]) -> list[list[Cell]]:
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(tuple(getattr(cell, name) for name in names), []).append(cell)
    return list(groups.values())


def _family(cell: Cell) -> str:
    return " ".join(getattr(cell, name) for name in FAMILY if getattr(cell, name))


def _where(row: Cell) -> str:
    return f"cell {row.name} {row.metric} ({_family(row)})"
