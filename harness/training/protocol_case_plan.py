"""Plan the cases that a row of `protocols` asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from harness.core.errors import NameUnknownError, SettingError
from harness.core.plugins import find, names
from harness.protocols._case import CaseContext
from harness.study import splits
from harness.study.cells import TRANSDUCTIVE_SUFFIX
from harness.study.labels import ClassSpace, space
from harness.study.params import inputs, row
from harness.study.recipes import checked, view_of
from harness.training import replicates
from harness.training.corpus_features import (
    CorpusFeatures,
    corpus_features,
    why_no_source,
    why_no_target,
    with_modalities,
)
from harness.training.protocol_case import ProtocolCase
from harness.training.protocol_case_options import once, options


def file_of(params: Mapping[str, Any], protocol: str) -> str:
    """Return the file of harness/protocols that a row names, which must have cases of its own."""
    if protocol == splits.SINGLE_SOURCE or protocol.endswith(TRANSDUCTIVE_SUFFIX):
        raise SettingError(f"protocols.{protocol}: cells of that name are those of the matrix; rename the row")
    file = str(row(params, "protocols", protocol).get("protocol", protocol))
    if file == splits.SINGLE_SOURCE:
        raise SettingError(f"protocols.{protocol}: {file} is what the stage `transfer` does; name another protocol")
    if file not in (known := names("protocol")):
        raise NameUnknownError(f"protocol (protocols.{protocol})", file, known)
    return file


def planned(params: Mapping[str, Any], protocol: str) -> list[ProtocolCase]:
    """Return every case of a row, those with a reason too."""
    file, section = file_of(params, protocol), row(params, "protocols", protocol)
    spaces = _list(section, protocol, "spaces")
    for name in spaces:
        if name not in params["spaces"]:
            raise NameUnknownError(f"space of the study (protocols.{protocol}; see spaces)", name, params["spaces"])
    given = options(section, protocol, file)
    return [
        space_name
        for name in _list(section, protocol, "recipes")
        for space_name in _of_recipe(params, protocol, file, name, spaces, given)
    ]


def _of_recipe(
    params: Mapping[str, Any], protocol: str, file: str, name: str, spaces: Sequence[str], given: Mapping[str, Any]
) -> list[ProtocolCase]:
    recipe = with_modalities(checked(name, row(params, "recipes", name)), params["encoders"])
    loaded = {corpus: corpus_features(corpus, recipe) for corpus in params["corpora"]}
    module, fusion = find("protocol", file), find("fusion", str(recipe["fusion"]))
    if getattr(module, "NETWORKS", False) and replicates.selects(fusion):
        raise SettingError(f"protocols.{protocol}: {file} aligns networks, and recipe {name} is {recipe['fusion']}")
    contexts = [_field(params, name, recipe, space_name, loaded) for space_name in spaces]
    try:
        return [ProtocolCase(protocol, recipe, case) for context in contexts for case in module.cases(context, **given)]
    except SettingError as error:
        raise SettingError(f"protocols.{protocol}: {error}") from error


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


def _list(options: Mapping[str, Any], protocol: str, key: str) -> list[str]:
    names = options.get(key)
    if not isinstance(names, list) or not names:
        raise SettingError(f"protocols.{protocol}: {key} is {names!r}; it is a list of names")
    once(names, f"protocols.{protocol}: {key}")
    return [str(item) for item in names]
