"""Plan the cases that a row of `protocols` asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from harness.core.errors import SettingError
from harness.core.plugins import find
from harness.protocols._case import CaseContext
from harness.study.labels import ClassSpace, space
from harness.study.params.rows import inputs, row
from harness.study.recipes import view_of
from harness.training import replicates
from harness.training.corpus_features import (
    CorpusFeatures,
    corpus_features,
    why_no_source,
    why_no_target,
    with_modalities,
)
from harness.training.matrix_row import TrainingChoices
from harness.training.protocol_case import ProtocolCase


def planned(params: Mapping[str, Any], protocol: str) -> list[ProtocolCase]:
    """Return every case of a row of `protocols`, those with a reason too."""
    section = row(params, "protocols", protocol)
    return [case for name in section["recipes"] for case in of_recipe(params, protocol, name)]


def of_recipe(params: Mapping[str, Any], protocol: str, name: str) -> list[ProtocolCase]:
    """Return every case of one recipe in a row of `protocols`, those with a reason too."""
    section = row(params, "protocols", protocol)
    file = str(section.get("protocol") or protocol)
    given = {key: value for key, value in section.items() if key not in ("protocol", "recipes", "spaces")}
    recipe = with_modalities(row(params, "recipes", name), params["encoders"])
    loaded = {corpus: corpus_features(corpus, recipe) for corpus in params["corpora"]}
    module, fusion = find("protocol", file), find("fusion", str(recipe["fusion"]))
    if getattr(module, "NETWORKS", False) and replicates.selects(fusion):
        raise SettingError(f"protocols.{protocol}: {file} aligns networks, and recipe {name} is {recipe['fusion']}")
    contexts = [_field(params, name, recipe, space_name, loaded) for space_name in section["spaces"]]
    rule = TrainingChoices.of(params).rule
    return [
        ProtocolCase(protocol, recipe, case, rule) for context in contexts for case in module.cases(context, **given)
    ]


def _field(
    params: Mapping[str, Any],
    name: str,
    recipe: Mapping[str, Any],
    space_name: str,
    loaded: Mapping[str, CorpusFeatures],
) -> CaseContext:
    target, view = space(space_name), view_of(recipe)
    counts, rows = {}, {}
    for corpus, own in loaded.items():
        truth = own.labels(target.name, view)
        by_fold = [
            Counter(truth[id_] if isinstance(target, ClassSpace) else "" for id_ in fold.train if id_ in truth)
            for fold in own.prepared.folds
        ]
        counts[corpus] = {
            name: min(counts_of_fold[name] for counts_of_fold in by_fold) for name in set().union(*by_fold)
        }
        rows[corpus] = min(counts_of_fold.total() for counts_of_fold in by_fold)
    return CaseContext(
        recipe=name,
        slots=list(inputs(recipe)),
        space=target.name,
        classes=len(target.classes) if isinstance(target, ClassSpace) else 0,
        why_no_source={corpus: why_no_source(own, target.name, recipe) or "" for corpus, own in loaded.items()},
        why_no_target={corpus: why_no_target(own, target.name, recipe) or "" for corpus, own in loaded.items()},
        families={corpus: own.prepared.card["family"] for corpus, own in loaded.items()},
        folds={corpus: [fold.name for fold in own.prepared.folds] for corpus, own in loaded.items()},
        counts=counts,
        rows=rows,
        seeds=tuple(params["training"]["seeds"]),
        chooses=_chooses(recipe),
    )


def _chooses(recipe: Mapping[str, Any]) -> bool:
    """Tell whether training chooses something on dev: a network its epoch, a model with several candidates one."""
    fusion = find("fusion", str(recipe["fusion"]))
    return not replicates.selects(fusion) or len(fusion.candidates(recipe["settings"])) > 1
