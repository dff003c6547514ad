"""Read params.yaml: its values with those of the command line, checked as a whole, and the part that `only` names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.core.errors import SettingError
from harness.study.params import check, only, plugin_options, yaml_file
from harness.study.params.rows import PARAMS


class ParamsError(SettingError):
    """Something in params.yaml cannot be used; the text is one line for each fault, with its line in the file."""

    def __init__(self, path: Path, faults: Sequence[str]) -> None:
        first = f"{path}{faults[0]}"
        if len(faults) == 1:
            super().__init__(first)
            return
        head = f"{path} has {len(faults)} faults; mend them and run the same command again"
        lines = [str(SettingError(fault.removeprefix(", ").removeprefix(": "))) for fault in faults]
        Exception.__init__(self, "\n  ".join([head, *lines]))


def load(overrides: Sequence[str] = (), path: Path = PARAMS) -> dict[str, Any]:
    """Return params.yaml as plain values, checked, of the part that `only` names.

    Settings of recipes that name a row of `settings` are those of that row.

    Args:
        overrides: `key.sub=value` items that replace values of the file.
        path: the file.

    Raises:
        SettingError: the file cannot be read; a ParamsError lists every fault of what it says.
    """
    return only.apply(load_whole(overrides, path))


def load_whole(overrides: Sequence[str] = (), path: Path = PARAMS) -> dict[str, Any]:
    """Return params.yaml as `load` does, all of it whatever `only` says."""
    file = yaml_file.read(path)
    values = overridden(file.values, overrides)
    if faults := check.faults(values):
        raise ParamsError(path, _sorted(file, faults))
    return resolved(values)


def check_options(params: Mapping[str, Any], path: Path = PARAMS) -> None:
    """Raise a ParamsError that lists the options of encoders, protocols and models that their files do not take.

    Args:
        params: params.yaml as loaded.
        path: the file, for the lines.
    """
    if faults := plugin_options.faults(params):
        raise ParamsError(path, _sorted(yaml_file.read(path), faults))


def overridden(values: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Return the values of a file with those of the command line in their places.

    Args:
        values: what the file says.
        overrides: `key.sub=value` items; a value is written as in YAML.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    if not overrides:
        return values
    try:
        merged = OmegaConf.create(values)
        for item in overrides:
            key, equals, text = item.partition("=")
            if not equals or not key:
                raise SettingError(f"--set {item}: expected key=value, as in training.seeds=[1]")
            value, _ = yaml_file.parse(text, f"--set {item}")
            try:
                OmegaConf.update(merged, key, value, merge=True, force_add=True)
            except (OmegaConfBaseException, AttributeError, TypeError, ValueError, AssertionError) as error:
                raise SettingError(f"--set {item}: {' '.join(str(error).split())}") from error
        return {str(key): value for key, value in OmegaConf.to_container(merged, resolve=False).items()}
    except OmegaConfBaseException as error:
        raise SettingError(f"params.yaml: {' '.join(str(error).split())}") from error


def resolved(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked values with the optional sections filled in and every recipe's settings in their place."""
    settings = values.get("settings") or {}
    params = {**values, "settings": settings}
    for section in ("protocols", "external"):
        params[section] = values.get(section) or {}
    params["only"] = {"recipes": [], "spaces": [], "corpora": [], **(values.get("only") or {})}
    params["corpora"] = {name: row or {} for name, row in values["corpora"].items()}
    params["recipes"] = {
        name: {**row, "settings": settings[row["settings"]] if isinstance(row["settings"], str) else row["settings"]}
        for name, row in values["recipes"].items()
    }
    return params


def _sorted(file: yaml_file.ParamsFile, faults: Sequence[yaml_file.Fault]) -> list[str]:
    return sorted({_in_words(file, place, text) for place, text in faults}, key=_by_line)


def _in_words(file: yaml_file.ParamsFile, place: yaml_file.Place, text: str) -> str:
    line = file.line(place)
    where = ".".join(str(part) for part in place)
    return (f", line {line}" if line else "") + ": " + " ".join(part for part in (where, text) if part)


def _by_line(fault: str) -> tuple[int, str]:
    number = fault.removeprefix(", line ").partition(":")[0]
    return int(number) if number.isdigit() else 0, fault
