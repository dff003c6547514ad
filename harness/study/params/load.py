"""Read params.yaml: its values with those of the command line, checked as a whole, and the part that `only` names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.core.errors import SettingError
from harness.study.params import check, only, plugin_options, yaml_file
from harness.study.params.rows import PARAMS
from harness.study.params.yaml_file import Fault


class ParamsError(SettingError):
    """Something in params.yaml cannot be used; the text is one line for each fault, with its line in the file."""

    def __init__(self, path: Path, faults: Sequence[str]) -> None:
        if len(faults) == 1:
            super().__init__(faults[0])
            return
        head = f"{path} has {len(faults)} faults; mend them and run the same command again"
        lines = [str(SettingError(fault.removeprefix(f"{path}, "))) for fault in faults]
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
        raise ParamsError(path, _sorted([file], faults))
    return resolved(values)


def load_study(over: Path, path: Path = PARAMS) -> dict[str, Any]:
    """Return what a file of studies/ makes of params.yaml, as only.apply returns it, references to `settings` kept.

    Args:
        over: the file: values and rows that differ. A list replaces a list.
        path: params.yaml.
    """
    from omegaconf import OmegaConf

    base, different = yaml_file.read(path), yaml_file.read(over)
    merged = OmegaConf.merge(_as_config(base.values, path), _as_config(different.values, over))
    values = {str(key): value for key, value in dict(OmegaConf.to_container(merged, resolve=False)).items()}
    values["study"] = different.values.get("study", over.stem)
    if faults := check.faults(values):
        raise ParamsError(over, _sorted([different, base], faults))
    return only.apply(with_rows(values))


def check_options(params: Mapping[str, Any], path: Path = PARAMS) -> None:
    """Raise a ParamsError that lists the options of encoders, protocols and models that their files do not take.

    Args:
        params: params.yaml as loaded.
        path: the file, for the lines.
    """
    if faults := plugin_options.faults(params):
        raise ParamsError(path, _sorted([yaml_file.read(path)], faults))


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
    merged = _as_config(values, PARAMS)
    for item in overrides:
        key, equals, text = item.partition("=")
        if not equals or not key:
            raise SettingError(f"--set {item}: expected key=value, as in training.seeds=[1]")
        value, _ = yaml_file.parse(text, f"--set {item}")
        try:
            OmegaConf.update(merged, key, value, merge=True, force_add=True)
        except (OmegaConfBaseException, AttributeError, TypeError, ValueError, AssertionError) as error:
            raise SettingError(f"--set {item}: {' '.join(str(error).split())}") from error
    return {str(key): value for key, value in dict(OmegaConf.to_container(merged, resolve=False)).items()}


def _as_config(values: Mapping[str, Any], path: Path) -> Any:
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        return OmegaConf.create(dict(values))
    except OmegaConfBaseException as error:
        raise SettingError(f"{path}: {' '.join(str(error).split())}") from error


def with_rows(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked values in which a corpus that says nothing is a mapping, too."""
    return {**values, "corpora": {name: row or {} for name, row in values["corpora"].items()}}


def resolved(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked values with the settings that recipes name in their place."""
    named = values["settings"]
    recipes = {
        name: {**row, "settings": named[row["settings"]] if isinstance(row["settings"], str) else row["settings"]}
        for name, row in values["recipes"].items()
    }
    return {**with_rows(values), "recipes": recipes}


def _sorted(files: Sequence[yaml_file.ParamsFile], faults: Sequence[Fault]) -> list[str]:
    """Return the faults in words, each with its line in the first file that has it, in the order of the lines."""
    told = set()
    for place, text in faults:
        file = next((file for file in files if file.has(place)), files[-1])
        line = file.line(place)
        where = f"{file.path}, line {line}" if line else str(file.path)
        told.add((str(file.path), line or 0, f"{where}: {yaml_file.in_words(place, text)}"))
    return [text for *_, text in sorted(told)]
