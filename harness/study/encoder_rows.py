"""A row of `encoders` in params.yaml: which file makes the features, with which options."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from harness.core.errors import NameUnknownError, SettingError
from harness.study.params.rows import row

PRESETS = "presets.yaml"  # beside the encoders: facts of published models, which no study changes


def encoder_row(params: Mapping[str, Any], name: str) -> tuple[str, dict[str, Any]]:
    """Return the file of harness/encoders that a row of `encoders` names, and the options beside it.

    A row with `preset: <name>` has the options of that preset where it does not say otherwise.

    Raises:
        SettingError: the row names no file, or its preset belongs to another file.
        NameUnknownError: there is no such row or preset.
    """
    options = row(params, "encoders", name)
    file = options.pop("encoder", None)
    if file is None:
        raise SettingError(f"encoders.{name}: says no `encoder`, the file of harness/encoders that makes it")
    if preset := options.pop("preset", None):
        preset_options = _preset(str(preset))
        if (made_by := preset_options.pop("encoder")) != file:
            raise SettingError(f"encoders.{name}: encoder is {file}, and the preset {preset} is made by {made_by}")
        options = {**preset_options, **options}
    return str(file), options


@cache
def presets() -> Mapping[str, Mapping[str, Any]]:
    """Return the options of every preset by its name, `encoder` among them."""
    from ruamel.yaml import YAML

    rows: dict[str, dict[str, Any]] = YAML(typ="safe").load((files("harness.encoders") / PRESETS).read_text("utf-8"))
    return rows


def _preset(name: str) -> dict[str, Any]:
    known = presets()
    if name not in known:
        raise NameUnknownError("preset of harness/encoders/presets.yaml", name, known)
    return dict(known[name])
