"""Every fault of params.yaml, found before any stage does anything: types, ranges, names, and what names refer to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from harness.core import plugins
from harness.core.errors import did_you_mean
from harness.core.plugin_constants import constant
from harness.study.encoder_rows import presets
from harness.study.labels import SPACES, ClassSpace
from harness.study.params import row_names, schema_faults
from harness.study.params.rows import NATIVE, NO_MODALITY, SLOTS
from harness.study.params.yaml_file import Fault, Place
from harness.study.splits import SINGLE_SOURCE
from harness.study.utterance import Modality

ROUTE = re.compile(rf"{NATIVE}|[a-z]{{2,3}}")


def faults(values: Mapping[str, Any]) -> list[Fault]:
    """Return every fault of params.yaml as its place and what is wrong there; an empty list if a study can begin.

    Args:
        values: what the file says, as plain values.
    """
    _names.cache_clear()  # a file may have been added since
    if interpolated := list(_interpolations(values)):
        return interpolated
    malformed = list(schema_faults.of_schema(values))
    sound = _without(values, {place for place, _ in malformed})
    return [*malformed, *row_names.faults(values), *_references(sound)]


@cache
def _names(kind: str) -> list[str]:
    return plugins.names(kind)


def _without(values: Any, places: Collection[Place], place: Place = ()) -> Any:
    """Return values without those at some places, whose types are wrong: the others can be looked at."""
    if isinstance(values, Mapping):
        kept = {key: _without(value, places, (*place, key)) for key, value in values.items()}
        return {key: value for key, value in kept.items() if (*place, key) not in places}
    if isinstance(values, list):
        items = [_without(value, places, (*place, number)) for number, value in enumerate(values)]
        return [None if (*place, number) in places else item for number, item in enumerate(items)]
    return values


def _interpolations(value: Any, place: Place = ()) -> Iterator[Fault]:
    if isinstance(value, str) and ("${" in value or value == "???"):
        yield (
            place,
            f": {value!r} is a reference; `dvc exp run -S` would replace it by its value, and the next -S would change "
            "nothing. Write the value, or name a row of `settings`",
        )
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from _interpolations(item, (*place, key))


def _references(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what names something that does not exist; a part that is malformed itself is passed over."""
    yield from _spaces_and_metrics(values)
    for name, row in _rows(values, "corpora"):
        yield from _known(("corpora", name, "adapter"), row.get("adapter", name), _names("corpus"), "adapter")
    for name, row in _rows(values, "encoders"):
        yield from _encoder(name, row)
    for name, row in _rows(values, "recipes"):
        yield from _recipe(name, row, values)
    for name, row in _rows(values, "protocols"):
        yield from _protocol(name, row, values)
    recipes = {**_mapping(values, "recipes"), **_mapping(values, "external")}
    for name, row in _rows(values, "external"):
        if name in _mapping(values, "recipes"):
            yield ("external", name), "is a row of `recipes`, too; give one of them another name"
        if row.get("space") is not None:
            yield from _known(("external", name, "space"), row["space"], SPACES, "label space")
    for section, known in (("analysis", recipes), ("foresee", _mapping(values, "recipes"))):
        yield from _selected((section,), _mapping(values, section), known, values)
    yield from _selected(("only",), _mapping(values, "only"), recipes, values)
    yield from _each(
        ("only", "corpora"), _mapping(values, "only").get("corpora"), _mapping(values, "corpora"), "corpus"
    )
    baseline = _mapping(values, "statistics").get("baseline")
    if baseline is not None:
        yield from _known(("statistics", "baseline"), baseline, recipes, "recipe")


def _spaces_and_metrics(values: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _each(("spaces",), values.get("spaces"), SPACES, "label space")
    metrics, primary = _mapping(values, "metrics"), _mapping(values, "primary")
    for kind in ("classes", "scale"):
        yield from _each(("metrics", kind), metrics.get(kind), _names("metric"), "metric")
        for number, name in _items(metrics.get(kind)):
            if name in _names("metric") and (is_of := constant("metric", name, "KIND")) not in (kind, None):
                yield ("metrics", kind, number), f": {name} is a metric of {is_of}; name it there"
    for name in primary:
        yield from _known(("primary", str(name)), name, SPACES, "label space")
    for _, name in _items(values.get("spaces")):
        kind = "classes" if isinstance(SPACES.get(name), ClassSpace) else "scale"
        scored = [metric for _, metric in _items(metrics.get(kind))]
        if name in SPACES and name not in primary:
            yield ("primary",), f"lacks {name}: the metric that leads its tables"
        elif name in SPACES:
            yield from _known(("primary", name), primary[name], scored, f"metric under metrics.{kind}")


def _encoder(name: str, row: Mapping[str, Any]) -> Iterator[Fault]:
    place = ("encoders", name)
    yield from _known((*place, "encoder"), row.get("encoder"), _names("encoder"), "encoder")
    if (preset := row.get("preset")) is not None:
        yield from _known((*place, "preset"), preset, presets(), "preset of harness/encoders/presets.yaml")
        made_by = presets().get(preset, {}).get("encoder")
        if made_by not in (None, row.get("encoder")):
            yield (*place, "preset"), f": {preset} is made by {made_by}; write `encoder: {made_by}`"
    if row.get("encoder") in _names("encoder") and "routes" in row:
        modality = constant("encoder", row["encoder"], "MODALITY")
        for number, route in _items(row["routes"]):
            if not ROUTE.fullmatch(str(route)):
                yield (*place, "routes", number), f"is {route!r}; expected native, or a language such as zh or en"
            elif modality not in (Modality.TEXT, None) and route != NATIVE:
                yield (*place, "routes", number), f"is {route!r}; an encoder of {modality} has the route native alone"


def _recipe(name: str, row: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Fault]:
    place, encoders = ("recipes", name), _mapping(values, "encoders")
    used = {slot: row[slot] for slot in SLOTS if row.get(slot, NO_MODALITY) != NO_MODALITY}
    if not used:
        yield place, f"names no encoder; expected one under {', '.join(SLOTS)}"
    for slot, encoder in used.items():
        yield from _known((*place, slot), encoder, encoders, "row of encoders")
        if not isinstance(encoders.get(encoder), Mapping):
            continue
        file = encoders[encoder].get("encoder")
        modality = constant("encoder", file, "MODALITY") if file in _names("encoder") else None
        if slot != "also" and modality not in (slot, None):
            yield (*place, slot), f": {encoder} is an encoder of {modality}; name it under `{modality}` or `also`"
        routes = [route for _, route in _items(_routes(encoders[encoder]))]
        if modality == Modality.TEXT and row.get("route") not in routes:
            yield (*place, "route"), f"is {row.get('route')!r}; {encoder} has the routes {', '.join(map(str, routes))}"
    yield from _known((*place, "fusion"), row.get("fusion"), _names("fusion"), "model")
    settings = row.get("settings")
    if isinstance(settings, str):
        yield from _known((*place, "settings"), settings, _mapping(values, "settings"), "row of settings")


def _routes(encoder: Mapping[str, Any]) -> Any:
    return encoder.get("routes", presets().get(str(encoder.get("preset")), {}).get("routes", [NATIVE]))


def _protocol(name: str, row: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Fault]:
    place, file = ("protocols", name), row.get("protocol") or name
    known = [other for other in _names("protocol") if other != SINGLE_SOURCE]
    yield from _known((*place, "protocol") if row.get("protocol") else place, file, known, "protocol")
    yield from _selected(place, row, _mapping(values, "recipes"), values)


def _selected(
    place: Place, row: Mapping[str, Any], recipes: Iterable[str], values: Mapping[str, Any]
) -> Iterator[Fault]:
    yield from _each((*place, "recipes"), row.get("recipes"), recipes, "recipe")
    spaces = [name for _, name in _items(values.get("spaces"))]
    yield from _each((*place, "spaces"), row.get("spaces"), spaces, "label space of this study (see `spaces`)")


def _each(place: Place, names: Any, known: Iterable[str], kind: str) -> Iterator[Fault]:
    for number, name in _items(names):
        yield from _known((*place, number), name, known, kind)


def _known(place: Place, name: Any, known: Iterable[str], kind: str) -> Iterator[Fault]:
    known = list(known)
    if isinstance(name, str) and name not in known:
        yield place, f": no {kind} is called {name!r}{did_you_mean(name, known)} (known: {', '.join(known) or 'none'})"


def _mapping(values: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    section_values = values.get(section)
    return section_values if isinstance(section_values, Mapping) else {}


def _rows(values: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, row in _mapping(values, section).items():
        if isinstance(name, str) and isinstance(row or {}, Mapping):
            yield name, row or {}


def _items(names: Any) -> list[tuple[int, str]]:
    """Return position and text of the items of a list that are text."""
    return [(number, name) for number, name in enumerate(names or ()) if isinstance(name, str)]
