"""`only` in params.yaml: a part of a study, and what the other sections ask of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.study.params.rows import NO_MODALITY, SLOTS

LEFT_OUT = "left_out"  # key of the params as loaded: section -> rows that are not part of it
SECTION_OF_STAGE = {"features": "encoders", "transfer": "recipes", "protocols": "protocols", "external": "external"}
NOTES = "notes"  # key of the params as loaded: section -> what was left out of its lists


def is_part(params: Mapping[str, Any]) -> bool:
    """Tell whether `only` names anything: then what earlier runs made of the rest is kept, not cleared away."""
    return any((params.get("only") or {}).values())


def apply(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params of the part that `only` asks for, with `left_out` and `notes` beside the sections.

    Rows of other recipes, of protocols that have no recipe or label space left, and of encoders that no recipe uses
    are left out; names of theirs in the lists of other sections are dropped, each with a note.

    Args:
        params: params.yaml, checked.
    """
    only = params["only"]
    recipes = {name: row for name, row in params["recipes"].items() if _kept(name, only["recipes"])}
    external = {name: row for name, row in params["external"].items() if _kept(name, only["recipes"])}
    used = {row.get(slot, NO_MODALITY) for row in recipes.values() for slot in SLOTS}
    part = {
        **params,
        "recipes": recipes,
        "external": external,
        "encoders": {name: row for name, row in params["encoders"].items() if name in used},
        "corpora": {name: row for name, row in params["corpora"].items() if _kept(name, only["corpora"])},
        "spaces": [name for name in params["spaces"] if _kept(name, only["spaces"])],
        NOTES: {},
    }
    for section in ("analysis", "foresee"):
        part[section] = _shortened(part, section, params[section])
    protocols = {name: _shortened(part, f"protocols.{name}", row) for name, row in params["protocols"].items()}
    part["protocols"] = {name: row for name, row in protocols.items() if row["recipes"] and row["spaces"]}
    if empty := [name for name in protocols if name not in part["protocols"]]:
        part[NOTES] = {place: names for place, names in part[NOTES].items() if not {*place.split(".")} & {*empty}}
        part[NOTES]["protocols"] = empty
    baseline = params["statistics"]["baseline"]
    if baseline is not None and baseline not in (*recipes, *external):
        part["statistics"] = {**params["statistics"], "baseline": None}
        part[NOTES]["statistics.baseline"] = [baseline]
    sections = ("corpora", "encoders", "recipes", "external", "protocols")
    part[LEFT_OUT] = {name: [row for row in params[name] if row not in part[name]] for name in sections}
    return part


def _kept(name: str, chosen: Iterable[str]) -> bool:
    chosen = list(chosen)
    return not chosen or name in chosen


def _shortened(part: dict[str, Any], section: str, row: Mapping[str, Any]) -> dict[str, Any]:
    known = {"recipes": {**part["recipes"], **part["external"]}, "spaces": part["spaces"]}
    shorter = {key: [name for name in row[key] if name in known[key]] for key in known}
    for key, names in shorter.items():
        if gone := [name for name in row[key] if name not in names]:
            part[NOTES][f"{section}.{key}"] = gone
    return {**row, **shorter}
