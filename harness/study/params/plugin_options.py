"""Options that a row of params.yaml gives a plug-in, held against the arguments and settings that its file declares."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_type_hints

from harness.core.errors import did_you_mean
from harness.core.plugin_constants import constant
from harness.core.plugins import find, names
from harness.study.encoder_rows import encoder_row
from harness.study.params.schema_faults import told
from harness.study.params.yaml_file import Fault, Place

OF_ENCODERS = ("routes", "dtype", "num_gpus")  # keys of a row of `encoders` that are no argument of its file
OF_PROTOCOLS = ("protocol", "recipes", "spaces")
SETTINGS = "SETTINGS"  # constant of a model's file: name of a setting -> kind of its values
DRAWS = "draws"
# Settings of training a network, which every model that has no fit of its own takes.
OF_TRAINING = {
    "lr": "positive",
    "weight_decay": "number",
    "batch": "whole",
    "epochs": "whole",
    "patience": "whole",
    "drop_modality": "share",
    "clip": "number",
    "steps": "whole",
    "alignment_hidden": "whole",
}
NEEDED = ("lr", "weight_decay", "batch", "epochs", "patience")
KINDS: Mapping[str, tuple[Callable[[float], bool], str]] = {
    "whole": (lambda value: value >= 1 and value == int(value), "a whole number from 1"),
    "share": (lambda value: 0 <= value <= 1, "a share from 0 to 1"),
    "positive": (lambda value: value > 0, "a number above 0"),
    "number": (lambda value: value >= 0, "a number from 0"),
}


def faults(params: Mapping[str, Any]) -> list[Fault]:
    """Return every option of a plug-in that its file does not know or cannot take.

    The files of encoders and protocols are imported; those of models, which load torch, are only read.

    Args:
        params: params.yaml, checked by check.py and with the settings of recipes in place.
    """
    return [*_of_encoders(params), *_of_protocols(params), *_of_models(params)]


def _of_encoders(params: Mapping[str, Any]) -> Iterator[Fault]:
    for name in params["encoders"]:
        file, options = encoder_row(params, name)
        given = {key: value for key, value in options.items() if key not in OF_ENCODERS}
        yield from _held(("encoders", name), given, arguments(find("encoder", file).encoder))


def _of_protocols(params: Mapping[str, Any]) -> Iterator[Fault]:
    for name, row in params["protocols"].items():
        given = {key: value for key, value in row.items() if key not in OF_PROTOCOLS}
        cases = find("protocol", str(row.get("protocol") or name)).cases
        known = dict(list(arguments(cases).items())[1:])
        yield from _held(("protocols", name), given, known)
        for key, value in given.items():
            if isinstance(value, list) and (twice := [item for item in value if value.count(item) > 1]):
                yield ("protocols", name, key), f"has {twice[0]!r} twice; leave one of them out"


def arguments(made_by: Callable[..., Any]) -> dict[str, tuple[Any, Any]]:
    """Return name -> (type, default) of the arguments that a row may give; a type that is not known is Any.

    A function that passes its options on to the class that it returns has the arguments of that class.
    """
    hints = _hints(made_by)
    parameters = list(inspect.signature(made_by).parameters.values())
    known = {
        parameter.name: (
            hints.get(parameter.name, Any),
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for parameter in parameters
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        and not _is_callable(hints.get(parameter.name))
    }
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        for base in getattr(hints.get("return"), "__mro__", ()):
            if "__init__" in vars(base) and base is not object:
                of_class = arguments(base.__init__)
                known = {**of_class, **known}
    return {name: fact for name, fact in known.items() if name != "self"}


def _is_callable(hint: Any) -> bool:
    return "Callable" in str(hint)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError:  # of a file that imports for type checkers alone: nothing is known of its types
        return {}


def _held(place: Place, given: Mapping[str, Any], known: Mapping[str, tuple[Any, Any]]) -> Iterator[Fault]:
    from pydantic import ConfigDict, ValidationError, create_model

    fields: dict[str, Any] = dict(known)
    strict = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)
    model = create_model("Options", __config__=strict, **fields)
    try:
        model.model_validate(dict(given))
    except ValidationError as error:
        for where, text in told(error.errors(include_url=False), lambda _: model, given):
            yield (*place, *where), text


def _of_models(params: Mapping[str, Any]) -> Iterator[Fault]:
    for name, recipe in params["recipes"].items():
        fusion = str(recipe["fusion"])
        declared = constant("fusion", fusion, SETTINGS) if fusion in names("fusion") else None
        if isinstance(declared, Mapping):
            for key, text in _of_settings(recipe["settings"], declared, fusion):
                yield ("recipes", name, "settings"), f": {key} {text}" if key else text


def _of_settings(settings: Mapping[str, Any], declared: Mapping[str, str], fusion: str) -> Iterator[tuple[str, str]]:
    fit_of_its_own = "c" in declared
    known = dict(declared) if fit_of_its_own else {**OF_TRAINING, **declared}
    for key in () if fit_of_its_own else NEEDED:
        if key not in settings:
            yield "", f"lacks {key}, which training a network needs"
    if fit_of_its_own and "c" not in settings:
        yield "", "lacks c: the penalties that source dev chooses from, as in `c: [0.1, 1]`"
    for key, value in settings.items():
        if key == DRAWS and not fit_of_its_own:
            continue
        if key not in known:
            yield key, f"is no setting of {fusion}{did_you_mean(key, known)} (known: {', '.join(known)})"
            continue
        is_so, words = KINDS[known[key]]
        for number in _numbers(value):
            if type(number) not in (int, float) or not math.isfinite(number) or not is_so(number):
                yield key, f"is {number!r}; expected {words}"


def _numbers(value: Any) -> list[Any]:
    """Return the values that a setting may take: itself, those of a list, or the ends of a range that is drawn from."""
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping):
        return [value.get("low"), value.get("high")]
    return [value]
