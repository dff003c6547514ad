"""The JSON schema of params.yaml for editors, and docs/params.md: one line per option, both from the same classes."""

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
HEAD = """# params.yaml, option by option

This page is written from the classes that check `params.yaml` (`emotransfer schema --page`); so is
[params.schema.json](params.schema.json), with which an editor completes and checks the file while you type: the first
line of `params.yaml` names it for editors that use the YAML language server (VS Code, Neovim, JetBrains).

`dvc repro` begins with the stage `params`, which checks the whole file and tells every fault with its line before
anything is read or trained; `emotransfer doctor` and `emotransfer plan` do so, too. `--set media.slack=1` replaces a
value for one command, `dvc exp run -S media.slack=1` for one run of the pipeline. References such as `${...}` are
refused: `dvc exp run -S` would replace them by their values.

A name of a row is made of letters, digits, `_` and `-`, and has 60 characters at most. The options of encoders, models
and protocols are told on [their](encoders.md) [own](fusion.md) [pages](protocol.md).

## A smaller study

`only` names the recipes, label spaces and corpora to run; an empty list takes all. Encoders that no recipe uses
extract nothing; what `protocols`, `analysis`, `foresee` and `statistics.baseline` ask of the rest is left out,
and the stage says so. Models and predictions of the rest stay on disk: take the names out again, and they are used.

```
dvc exp run -S 'only.recipes=[text_ngrams, text_e5]' -S 'only.spaces=[emotion4]'
emotransfer plan        # what would run, what is kept, and how long it took before
```

## Studies as files

`studies/<name>.yaml` holds what differs from `params.yaml`: values, further rows, `only`. A mapping is merged, a list
replaces a list.

```
make study STUDY=small                                   # or, the same by hand:
emotransfer study small && cd studies/small && dvc repro
```

The study has a folder of its own, `studies/small`, with its own `params.yaml`, `dvc.lock`, models and `results/`, so
that no study overwrites another one. Releases are those of the checkout; features and models that the default study
has made, and that are the same here, are linked and not made again. All studies share `mlflow.db`, one experiment
each. Run `emotransfer study small` again after a change of `params.yaml` or of the file.
"""


def json_schema() -> str:
    """Return the JSON schema of params.yaml as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Params.model_json_schema()}
    schema["title"] = "params.yaml of emotransfer"
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """Return docs/params.md."""
    schema = Params.model_json_schema()
    definitions = schema["$defs"]
    for option in schema["properties"].values():
        if "description" not in option and (name := _named(option)):
            option["description"] = definitions[name]["description"].splitlines()[0]
    lines = [HEAD, "## Sections", "", *_table(schema)]
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
