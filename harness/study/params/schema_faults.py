"""What pydantic finds wrong with params.yaml, or with the options of a plug-in, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args

from harness.core.errors import did_you_mean
from harness.study.params.yaml_file import Fault, Place

# What a value may be, by pydantic's name of the error.
EXPECTED = {
    "dict_type": "a mapping, as in `{{key: value}}`",
    "model_type": "a mapping, as in `{{key: value}}`",
    "list_type": "a list, as in `[a, b]`",
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "string_too_short": "a name",
    "too_short": "a list that is not empty",
}


def of_schema(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what params.yaml holds of another type, out of range, unknown or missing."""
    from pydantic import ValidationError

    from harness.study.params.schema import ROW_CLASSES, Params

    def class_of(place: Place) -> Any:
        if not place:
            return Params
        annotation = Params.model_fields[str(place[0])].annotation
        return ROW_CLASSES.get(str(place[0])) or next(iter(get_args(annotation)), annotation)  # of `Class | None`

    try:
        Params.model_validate(dict(values))
    except ValidationError as error:
        yield from told(error.errors(include_url=False), class_of, values)


def told(errors: Sequence[Any], class_of: Callable[[Place], Any], values: Any) -> Iterator[Fault]:
    """Yield what pydantic found as faults in plain words, one for each place.

    Args:
        errors: of a ValidationError.
        class_of: the class that the mapping at a place is held against.
        values: the values that were held against it.
    """
    expected: dict[Place, list[str]] = {}
    for error in errors:
        place, kind = _in_file(error["loc"], values, error["type"] == "missing"), error["type"]
        if kind == "extra_forbidden":
            known = list(class_of(place[:-1]).model_fields)
            yield place, f"is unknown{did_you_mean(str(place[-1]), known)} (known: {', '.join(known)})"
        elif kind == "missing":
            field = class_of(place[:-1]).model_fields[str(place[-1])]
            yield place[:-1], f"lacks {place[-1]}" + (f": {field.description}" if field.description else "")
        elif kind == "value_error":
            yield place, f": {error['ctx']['error']}"
        else:
            words = EXPECTED[kind].format(**_plain(error.get("ctx") or {})) if kind in EXPECTED else error["msg"]
            expected.setdefault(place, []).append(words)
    for place, alternatives in expected.items():
        yield place, f"is {_value(values, place)!r}; expected {' or '.join(dict.fromkeys(alternatives))}"


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits of pydantic, whole numbers written as such."""
    return {key: int(x) if isinstance(x, float) and x == int(x) else x for key, x in context.items()}


def _in_file(loc: Sequence[Any], values: Any, missing: bool) -> Place:
    """Return the part of a place that the file has: pydantic also names branches of a union, and keys.

    Args:
        loc: pydantic's place.
        values: what was held against the class.
        missing: whether the last part is a key that the file lacks.
    """
    place: list[str | int] = []
    for number, part in enumerate(loc):
        if (isinstance(values, Mapping) and part in values) or (isinstance(values, list) and isinstance(part, int)):
            values = values[part]
        elif not (missing and number == len(loc) - 1):
            break
        place.append(part)
    return tuple(place)


def _value(values: Any, place: Place) -> Any:
    for part in place:
        values = values[part]
    return values
