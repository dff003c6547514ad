"""The content of results/study.json: what a reader must know besides the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.core.files import digest
from harness.study.cells import Cell
from harness.study.labels import ClassSpace, space
from harness.study.prepared import prepared
from harness.study.provenance import deciding


def study_facts(
    params: Mapping[str, Any],
    plans: Sequence[Mapping[str, Any]],
    cells: Sequence[Cell],
    shared: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the facts of a study.

    Args:
        params: params.yaml.
        plans: plan.json of every recipe.
        cells: what was scored.
        shared: what splits of the corpora share (`split_overlap.overlaps`).
    """
    cards = {name: prepared(name).card for name in params["corpora"]}
    return {
        "study": params["study"],
        "synthetic": any(card["synthetic"] for card in cards.values()),
        "spaces": {name: _space(name) for name in params["spaces"]},
        "recipes": {plan["recipe"]: _recipe(plan) for plan in plans},
        "corpora": cards,
        "overlap": shared,
        "primary": params["primary"],
        "protocols": {name: row.get("protocol", name) for name, row in (params.get("protocols") or {}).items()},
        "bootstrap": params["statistics"],
        "warnings": _warnings(cards, shared, cells),
        "digest": digest([deciding(params), [card["digest"] for card in cards.values()]]),
    }


def _space(name: str) -> dict[str, Any]:
    label_space = space(name)
    if isinstance(label_space, ClassSpace):
        return {"classes": list(label_space.classes)}
    return {"low": label_space.low, "high": label_space.high}


def _recipe(plan: Mapping[str, Any]) -> dict[str, Any]:
    settings = dict(plan["settings"])
    return {"description": settings.pop("description", ""), "settings": settings}


def _warnings(cards: Mapping[str, Any], shared: Sequence[Mapping[str, Any]], cells: Sequence[Cell]) -> list[str]:
    synthetic = [name for name in cards if cards[name]["synthetic"]]
    facts = [f"{name} is synthetic: its numbers say nothing about the real corpus" for name in synthetic]
    facts += [f"{name} is not linked: its row and column are empty" for name in cards if not cards[name]["present"]]
    for pair in shared:
        same_corpus = pair["a"].split()[0] == pair["b"].split()[0]
        what = [f"{pair[kind]} {kind}" for kind in ("speakers", "dialogues") if same_corpus and pair[kind]]
        if what:
            facts.append(f"{pair['a']} and {pair['b']} share {' and '.join(what)}")
    constant = sorted({f"{cell.recipe} {cell.name}" for cell in cells if "nearly constant" in cell.warnings})
    if constant:
        facts.append(f"{len(constant)} cells are nearly constant predictors: {', '.join(constant[:5])}")
    return facts
