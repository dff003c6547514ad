"""The JSON schema of params.yaml for editors, and the tables of docs/params.md: one line per option."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.study.params.schema import ROW_CLASSES, Params

TYPES = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "null": "null"}
LIMITS = {
    "minimum": "{} or more",
    "exclusiveMinimum": "more than {}",
    "maximum": "{} or less",
    "exclusiveMaximum": "less than {}",
}


def json_schema() -> str:
    """Return the JSON schema of params.yaml as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Params.model_json_schema()}
    schema["title"] = "params.yaml of emotransfer"
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """Return docs/params.md from the heading `Sections` on."""
    schema = Params.model_json_schema()
    definitions = schema["$defs"]
    for option in schema["properties"].values():
        if "description" not in option and (name := _named(option)):
            option["description"] = definitions[name]["description"].splitlines()[0]
    lines = ["## Sections", "", *_table(schema)]
    for section, field in Params.model_fields.items():
        name = ROW_CLASSES[section].__name__ if section in ROW_CLASSES else _named(schema["properties"][section])
        if name:
            about = str(definitions[name].get("description") or field.description)
            lines += ["", f"## {section}", "", about, "", *_table(definitions[name])]
    return "\n".join(lines) + "\n"


def _table(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "| option | value | default | meaning |"
    yield "|---|---|---|---|"
    needed = schema.get("required", ())
    for name, option in schema["properties"].items():
        default = "" if name in needed else f"`{json.dumps(option.get('default'))}`"
        yield f"| `{name}` | {_in_words(option)} | {default} | {option.get('description', '')} |"


def _named(option: Mapping[str, Any]) -> str:
    """Return the class of a section that is one mapping, or an empty string."""
    found = [part["$ref"] for part in (option, *option.get("anyOf", ())) if "$ref" in part]
    return found[0].rpartition("/")[2] if found else ""


def _in_words(option: Mapping[str, Any]) -> str:
    """Return what values an option takes."""
    if "anyOf" in option:
        return " or ".join(dict.fromkeys(_in_words(part) for part in option["anyOf"]))
    if "enum" in option or "const" in option:
        return ", ".join(f"`{value}`" for value in option.get("enum", [option.get("const")]))
    if option.get("type") == "array":
        return f"list of {_in_words(option['items'])}"
    if "$ref" in option or option.get("type") == "object":
        return "mapping"
    words = TYPES[option["type"]]
    limits = [
        text.format(f"{option[key]:g}" if option[key] < 1e6 else option[key])
        for key, text in LIMITS.items()
        if key in option
    ]
    return ", ".join([words, *limits])
